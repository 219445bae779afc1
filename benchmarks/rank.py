"""How fast are units ranked? Against NeuroX, scikit-learn, scipy, and loops that restate published code.

    python -m benchmarks.rank --model DIR --data TREEBANK [--quick] [--json PATH]

The words of the dev split with their parts of speech; the activations of all layers, extracted first. Results are
compared before times. A peer that would take hours runs in part: the note says which part, and the time is scaled to
the whole, linearly. Needs, beside the extra `bench`, `pip install --no-deps neurox==1.0.9 h5py tqdm` and
`imbalanced-learn seaborn svgwrite`. The peers are in
`rank_peers.py`.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import rank_peers as peers
from benchmarks.measure import Row, Times, compare, report, seconds
from jaxneuron.corpora import labelled, selection, texts
from jaxneuron.extract.to_store import extract
from jaxneuron.rank import (
    average_precision,
    compositional,
    correlation,
    gaussian,
    iou,
    linear,
    mutual_information,
    probeless,
    single_neuron,
)
from jaxneuron_models import pretrained

KEY = jax.random.key(0)
EPOCHS, BATCH = 10, 128


class Data(NamedTuple):
    """What is ranked."""

    x: np.ndarray  # [token, unit]
    y: np.ndarray  # [token], classes
    concepts: np.ndarray  # [token, class], true or false
    sentences: list[list[str]]
    layer: slice  # the units of one layer
    test: tuple[np.ndarray, np.ndarray]
    repeats: int
    epochs: int  # of a probe

    @property
    def size(self) -> str:
        """Return the sizes in words."""
        return f"{len(self.x):,} words x {self.x.shape[1]:,} units x {self.concepts.shape[1]} classes"


def load(options: argparse.Namespace) -> Data:
    """Extract the activations."""
    loaded = pretrained.load(options.model)
    corpus = texts.read(options.data, "dev")
    sentences = corpus.sentences[: 150 if options.quick else None]
    with tempfile.TemporaryDirectory() as folder:
        store = extract(loaded, sentences, Path(folder) / "store")
        sites = list(store.sites)[-2 if options.quick else 0 :]
        x = np.concatenate([store[site][:] for site in sites], axis=1)
        width = store.sites[sites[0]]
    y = labelled.classes(corpus, "upos").ids[: len(x)]
    cut = int(0.8 * len(x))
    number = int(np.searchsorted(np.cumsum([len(words) for words in sentences]), cut))
    cut = sum(len(words) for words in sentences[:number])
    seen, train = np.unique(y[:cut], return_inverse=True)  # NeuroX takes the number of labels for the largest
    known = np.isin(y[cut:], seen)
    test = x[cut:][known], np.searchsorted(seen, y[cut:][known])
    layer = slice(width * (len(sites) // 2), width * (len(sites) // 2 + 1))
    concepts = train[:, None] == np.arange(len(seen))
    return Data(x[:cut], train, concepts, sentences[:number], layer, test, *((2, 3) if options.quick else (3, EPOCHS)))


def versus(
    job: str,
    size: str,
    ours: Callable[[], Any],
    peer: tuple[str, Callable[[], Any]],
    repeats: int,
    agree: Callable[[Any, Any], str],
    scale: float = 1.0,
    part: str = "all of it",
) -> Row:
    """Return the row of one job: results compared, then both in turn, the peer's part scaled to the whole."""
    run = {"ours": lambda: jax.block_until_ready(ours()), "peer": peer[1]}
    said = agree(run["ours"](), run["peer"]())  # which compiles what there is to compile
    rounds = [{name: seconds(side) for name, side in run.items()} for _ in range(repeats)]
    took = {name: Times(0.0, [one[name] for one in rounds]) for name in run}
    whole = took["peer"].median * scale
    note = f"{said}; measured of the peer: {part}; ours {took['ours'].spread}, the peer {took['peer'].spread}"
    return compare(job, size, took["ours"].median, peer[0], whole, note)


def close(limit: float) -> Callable[[Any, Any], str]:
    """Return a comparison of arrays that fails where they differ by more than the limit."""

    def agree(ours: Any, theirs: Any) -> str:
        ours = np.asarray(ours)[tuple(slice(size) for size in np.shape(theirs))]
        gap = float(np.max(np.abs(ours - theirs)))
        if not gap <= limit:
            raise SystemExit(f"the results differ by {gap}, more than {limit}")
        return f"results differ by {gap:.1g} at most"

    return agree


def statistics(data: Data) -> list[Row]:
    """Return the rows of methods that look at units one by one."""
    x, y, concepts = data.x, data.y, data.concepts
    few = min(16, x.shape[1])
    some, scale = np.ascontiguousarray(x[:, :few]), x.shape[1] / few
    part = f"{few} units"
    levels = np.quantile(some, [0.99, 0.95, 0.9, 0.8], axis=0, method="lower").astype(np.float32)
    bins = np.stack([np.searchsorted(np.sort(unit)[_ends(len(unit), 10)], unit) for unit in some.T], axis=1)

    def row(job: str, ours: Callable[[], Any], name: str, peer: Callable[[], Any], limit: float) -> Row:
        return versus(job, data.size, ours, (name, peer), data.repeats, close(limit), scale, part)

    layer = np.ascontiguousarray(x[:, data.layer])
    machine = layer[:, :2], concepts[:, :2]
    share = (layer.shape[1] / 2) * (concepts.shape[1] / 2)
    return [
        row(
            "average precision",
            lambda: average_precision.rank(None, x, concepts, signed=True).score,
            "scikit-learn, a loop",
            lambda: peers.average_precision(some, concepts),
            1e-4,
        ),
        row(
            "point-biserial correlation",
            lambda: correlation.rank(None, x, concepts, signed=True).score,
            "scipy, a loop",
            lambda: peers.point_biserial(some, concepts),
            1e-4,
        ),
        row(
            "Spearman correlation",
            lambda: correlation.rank(None, x, concepts, by="spearman", signed=True).score,
            "scipy, a loop",
            lambda: peers.spearman(some, concepts),
            1e-4,
        ),
        row(
            "IoU at four levels",
            lambda: iou.rank(None, x, concepts, shares=(0.01, 0.05, 0.1, 0.2), signed=True).score,
            "NumPy, a loop",
            lambda: peers.iou(some, concepts, levels),
            5e-3,
        ),
        row(
            "mutual information, ten bins",
            lambda: mutual_information.rank(None, x, y, bins=10).score[0],
            "scikit-learn, a loop",
            lambda: peers.mutual_information(bins, y),
            1e-4,
        ),
        versus(
            "probeless",
            data.size,
            lambda: probeless.rank(None, x, y).score.mean(axis=0),
            ("NeuroX", lambda: peers.neurox_probeless(x, y)),
            data.repeats,
            _same_order,
        ),
        versus(
            "support vector machine of each unit, 20 folds",
            f"{len(x):,} words x {layer.shape[1]} units x {concepts.shape[1]} classes",
            lambda: single_neuron.rank(KEY, layer, concepts, settings=single_neuron.Settings(standardise=False)).score,
            ("scikit-learn, a loop", lambda: peers.machines(*machine, folds=20)),
            1,
            close(0.01),
            share,
            "2 units, 2 concepts",
        ),
    ]


def _ends(tokens: int, bins: int) -> np.ndarray:
    return np.ceil(np.arange(1, bins) * tokens / bins).astype(np.int64) - 1


def _same_order(score: Any, order: list[int]) -> str:
    score = np.asarray(score)[order]
    if np.max(np.diff(score)) > 1e-4 * score[0]:
        raise SystemExit("the orders differ")
    return "the same order of units"


def probes(data: Data) -> list[Row]:
    """Return the rows of linear probes: one, one for each of many subsets, a grid of strengths and seeds."""
    x, y = data.x, data.y
    layer = np.ascontiguousarray(x[:, data.layer])
    order = np.argsort(-np.asarray(probeless.rank(None, x, y).score).mean(axis=0))
    counts = np.arange(1, 151)
    top = np.ascontiguousarray(x[:, order[:150]])
    mask = np.arange(150) < counts[:, None]
    test = data.test[0][:, order[:150]]
    measured = (1, 50, 100, 150)
    strengths, seeds = np.logspace(-6, -2, 16), 5
    keys, l1 = jax.random.split(KEY, seeds), jnp.asarray(np.tile(strengths, seeds), jnp.float32)
    keys = jnp.repeat(keys, len(strengths))
    common = {"epochs": data.epochs, "batch": BATCH}
    neurox = linear.NEUROX._replace(**common)

    def right(probe: Any, inputs: np.ndarray) -> np.ndarray:
        found = np.asarray(linear.logits(probe, inputs)).argmax(-1)
        return np.mean(found == data.test[1], axis=-1)

    def curve(ours: Any, theirs: Any) -> str:
        mine = right(ours, test)[np.array(measured) - 1]
        other = [peers.accuracy(*probe, test[:, :k], data.test[1]) for k, probe in zip(measured, theirs, strict=True)]
        shown = ", ".join(f"{a:.3f}/{b:.3f}" for a, b in zip(mine, other, strict=True))
        return f"test accuracy with {', '.join(map(str, measured))} units, ours/theirs: {shown}"

    def single(ours: Any, theirs: Any) -> str:
        there = peers.accuracy(*theirs, data.test[0], data.test[1])
        return f"test accuracy, ours/theirs: {float(right(ours, data.test[0])):.3f}/{there:.3f}"

    def grid(ours: Any, theirs: Any) -> str:
        inputs = data.test[0][:, data.layer]
        there = peers.accuracy(*theirs[0], inputs, data.test[1])
        return f"test accuracy at the least strength, ours/theirs: {float(right(ours, inputs)[0]):.3f}/{there:.3f}"

    cost, centre, spread = 1 / linear.WEAK, layer.mean(axis=0), layer.std(axis=0)
    plain = (layer - centre) / spread

    def converged(ours: Any, theirs: Any) -> str:
        inputs = data.test[0][:, data.layer]
        there = peers.accuracy(*theirs, (inputs - centre) / spread, data.test[1])
        lost = [peers.penalised(*probe, plain, y, cost) for probe in ((ours.weights, ours.bias), theirs)]
        if lost[0] > 1.01 * lost[1]:
            raise SystemExit(f"the probe has an objective of {lost[0]:.5f}, scikit-learn's {lost[1]:.5f}")
        return (
            f"objective, ours/theirs: {lost[0]:.5f}/{lost[1]:.5f}; "
            f"test accuracy: {float(right(ours, inputs)):.3f}/{there:.3f}"
        )

    return [
        versus(
            f"one linear probe to convergence, C = {cost:g}, the default",
            f"{len(x):,} words x {layer.shape[1]} units",
            lambda: linear.fit(None, layer, y),
            ("scikit-learn", lambda: peers.logistic(plain, y, cost)),
            1,
            converged,
        ),
        versus(
            "one linear probe",
            data.size,
            lambda: linear.fit(KEY, x, y, settings=neurox),
            ("NeuroX", lambda: peers.neurox_probe(x, y, **common)),
            1,
            single,
        ),
        versus(
            "150 probes of the top 1 to 150 units",
            f"{len(x):,} words",
            lambda: linear.fit(KEY, top, y, mask=mask, settings=neurox),
            (
                "NeuroX, a loop",
                lambda: [peers.neurox_probe(np.ascontiguousarray(top[:, :k]), y, **common) for k in measured],
            ),
            1,
            curve,
            150 / len(measured),
            f"the probes of {', '.join(map(str, measured))} units",
        ),
        versus(
            "16 strengths x 5 seeds",
            f"{len(x):,} words x {layer.shape[1]} units",
            lambda: linear.fit(keys, layer, y, settings=neurox._replace(l1=l1)),
            ("NeuroX, a loop", lambda: [peers.neurox_probe(layer, y, l1=float(s), **common) for s in strengths[:2]]),
            1,
            grid,
            80 / 2,
            "two probes",
        ),
    ]


def greedy(data: Data, select: int) -> Row:
    """Return the row of greedy selection with Gaussians, in one layer."""
    layer, y = np.ascontiguousarray(data.x[:, data.layer]), data.y
    units = layer.shape[1]
    peer = peers.Gaussian(layer, y)
    order = np.asarray(gaussian.rank(None, layer, y, select=select, by="mutual_information")[0].order[0])
    picks = sorted({0, select // 4, select // 2, 3 * select // 4, select - 1})

    def part() -> dict[int, float]:
        return {k: peer.candidate(order[: k + 1]) for k in picks}

    def agree(ours: Any, theirs: Any) -> str:
        return f"mutual information of the first pick {theirs[0]:.3f} nats; from the second on, estimates differ"

    size = f"{len(layer):,} words x {units} units, {select} picks"
    ours = lambda: gaussian.rank(None, layer, y, select=select, by="mutual_information")[0].score  # noqa: E731
    candidates = sum(units - k for k in range(select)) / len(picks)
    name = "NeuroX, restated"
    shown = f"a candidate each after {', '.join(map(str, picks))} picks"
    return versus("greedy Gaussian selection", size, ours, (name, part), 1, agree, candidates, shown)


def search(quick: bool) -> Row:
    """Return the row of compositional search, on made-up masks of the size of the original's."""
    tokens, leaves, units, length, beam = (1000, 100, 16, 2, 5) if quick else (10_000, 4_100, 1_024, 5, 10)
    generator = np.random.default_rng(0)
    concepts = generator.random((tokens, leaves)) < generator.uniform(0.001, 0.2, leaves)
    pairs = generator.integers(0, leaves, (units, 2))
    active = (concepts[:, pairs[:, 0]] | concepts[:, pairs[:, 1]]) ^ (generator.random((tokens, units)) < 0.02)
    x = active.astype(np.float32)
    part = np.ascontiguousarray(concepts[:, :: 1 if quick else 40])
    tried = peers.formulas(active[:, 0], part, length=2, beam=beam)[1]
    whole = units * (leaves + (length - 1) * beam * leaves * 3) / tried

    def agree(_: Any, theirs: tuple[float, int]) -> str:
        mine = compositional.explain(None, x[:, :1], part, length=2, beam=beam).iou[0, -1]
        return close(1e-6)(np.array([mine]), np.array([theirs[0]])) + " where both search what the loop does"

    return versus(
        "compositional search",
        f"{units:,} units x {tokens:,} tokens x {leaves:,} concepts, {length} terms, beam {beam}",
        lambda: compositional.explain(None, x, concepts, length=length, beam=beam),
        ("the original's loop, restated", lambda: peers.formulas(active[:, 0], part, length=2, beam=beam)),
        1,
        agree,
        whole,
        f"one unit, {tried:,} formulas",
    )


def words(data: Data) -> Row:
    """Return the row of top words."""
    some = list(range(8))

    def agree(ours: Any, theirs: Any) -> str:
        for unit, found in enumerate(theirs):
            mine = {
                ours.words[item]: score
                for item, score in zip(ours.absolute.item[unit], ours.absolute.score[unit], strict=True)
            }
            best = max(mine.values())
            gap = max(abs(mine.get(word, 0) / best - score) for word, score in found[:5])
            if gap > 1e-3:
                raise SystemExit(f"top words of unit {unit} differ by {gap}")
        return "the same first five words, with the same scores"

    return versus(
        "top words",
        data.size,
        lambda: selection.top_words(data.x, data.sentences, count=10, least=1),
        ("NeuroX, a loop", lambda: peers.neurox_top_words(data.x, data.sentences, some)),
        data.repeats,
        agree,
        data.x.shape[1] / len(some),
        f"{len(some)} units",
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a folder with a pretrained model")
    parser.add_argument("--data", type=Path, required=True, help="a treebank with the split dev")
    parser.add_argument("--quick", action="store_true", help="little data, under a minute; ratios mean little")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    data = load(options)
    rows = [
        *statistics(data),
        *probes(data),
        greedy(data, 10 if options.quick else 50),
        search(options.quick),
        words(data),
    ]
    report(rows, options.json)


if __name__ == "__main__":
    main()
