"""How fast are neurons compared with hypotheses, and taken away? Against scikit-learn, NumPy and PyTorch.

    python -m benchmarks.inspect [--quick] [--json PATH]

An LSTM of 128 units, trained for a moment on arithmetic, so that its states are those of a model; every hypothesis of
the study about arithmetic. Results are compared before times. The support vector machines of scikit-learn would take
hours: the note says which part ran, and the time is scaled to the whole, linearly. The peers are in `inspect_peers.py`.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import torch

from benchmarks import inspect_peers as peers
from benchmarks.measure import Row, compare, cores, in_turn, report
from jaxneuron.corpora import grammars, hypotheses, shift_reduce, text_features, tree_features, vocabulary
from jaxneuron.corpora.parses import Parsed
from jaxneuron.evaluate.effects import Predictions
from jaxneuron.intervene import ablate
from jaxneuron.rank import one_pass, single_neuron
from jaxneuron.types import Tokens
from jaxneuron_models import lstm_training
from jaxneuron_models.model import Model

SITE, FOLDS = "lstm0/hidden", 20


class Data(NamedTuple):
    """What is compared."""

    model: Model
    x: np.ndarray  # [symbol, unit]
    concepts: np.ndarray  # [symbol, hypothesis], true or false
    tokens: Tokens  # [text, time], for interventions
    quick: bool

    @property
    def repeats(self) -> int:
        """Return how often each side runs."""
        return 1 if self.quick else 3

    @property
    def size(self) -> str:
        """Return the sizes in words."""
        return f"{len(self.x):,} symbols x {self.x.shape[1]} units x {self.concepts.shape[1]} hypotheses"


def load(quick: bool) -> Data:
    """Train the model, and let it and the hypotheses read."""
    texts = grammars.sample(0, grammars.arithmetic(), 120 if quick else 1500, depth=9, longest=100)
    strings = [parsed.text for parsed in texts]
    with tempfile.TemporaryDirectory() as folder:
        cut = len(strings) // 10
        key = jax.random.key(0)
        schedule = lstm_training.SCHEDULE._replace(epochs=1 if quick else 6)
        lstm_training.fit(key, strings[cut:], strings[:cut], Path(folder), schedule=schedule)
        model = lstm_training.load(folder)
    running = vocabulary.encode(model.vocabulary, ["".join(strings)]).ids
    texts, time = (16, 50) if quick else (64, 200)
    tokens = Tokens(np.resize(running, (texts, time)), np.ones((texts, time), bool))
    return Data(model, *_symbols(model, _enough(quick)), tokens, quick)


def _enough(quick: bool) -> list[Parsed]:
    """Return other texts, with as many symbols as the issue of speed is about."""
    found = grammars.sample(1, grammars.arithmetic(), 4000, depth=9, longest=100)
    ends = np.cumsum([len(parsed.text) for parsed in found])
    return found[: int(np.searchsorted(ends, 1000 if quick else 12_000)) + 1]


def _symbols(model: Model, texts: list[Parsed]) -> tuple[np.ndarray, np.ndarray]:
    """Return the states after each symbol, and what each hypothesis says of it."""
    tokens = vocabulary.encode(model.vocabulary, [parsed.text for parsed in texts])
    states = jax.jit(lambda tokens: model.forward(model.params, tokens, {})[1][SITE])(tokens)
    rules = [rule.name for rules in grammars.arithmetic().rules.values() for rule in rules]
    labels = hypotheses.label(
        [
            *(text_features.symbols(symbol) for symbol in "0123456789+-*/()"),
            *(make(name) for name in rules for make in (tree_features.in_range, tree_features.impulse)),
            *(shift_reduce.reduced(name) for name in rules),
        ],
        texts,
    )
    values = labels.values > 0
    varies = values.any(axis=0) & ~values.all(axis=0)
    return np.asarray(states)[tokens.mask], values[:, varies]


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
    said = agree(ours(), peer[1]())
    took = in_turn({"ours": ours, "peer": peer[1]}, repeats)
    note = f"{said}; measured of the peer: {part}; ours {took['ours'].spread}, the peer {took['peer'].spread}"
    return compare(job, size, took["ours"].median, peer[0], took["peer"].median * scale, note)


def _close(gap: float, limit: float) -> str:
    if not gap <= limit:
        raise SystemExit(f"the results differ by {gap}, more than {limit}")
    return f"results differ by {gap:.1g} at most"


def scores(data: Data) -> list[Row]:
    """Return the rows of all units and hypotheses."""
    x, concepts = data.x, data.concepts
    fold = np.random.default_rng(0).permutation(len(x)) % FOLDS
    units, labels = (2, np.arange(0, concepts.shape[1], 12)) if data.quick else (4, np.arange(0, concepts.shape[1], 6))
    some = np.ascontiguousarray(x[:, :units]), concepts[:, labels]
    scale = (x.shape[1] / units) * (concepts.shape[1] / len(labels))
    return [
        versus(
            "support vector machines of each unit, 20 folds",
            data.size,
            lambda: (
                single_neuron.scores(
                    None, x, concepts, folds=fold, settings=single_neuron.Settings(standardise=False)
                ).accuracy
            ),
            ("scikit-learn, a loop", lambda: peers.machines(*some, fold)),
            1,
            lambda ours, theirs: _close(float(np.max(np.abs(ours[labels, :units] - theirs))), 0.005),
            scale,
            f"{units} units, {len(labels)} hypotheses",
        ),
        versus(
            "correlation, difference of means, mutual information and Jaccard's index",
            data.size,
            lambda: np.stack(one_pass.scores(x, concepts, sample=len(x))),
            ("NumPy, a loop over units", lambda: peers.one_pass(x, concepts)),
            data.repeats,
            lambda ours, theirs: _close(float(np.max(np.abs(ours - theirs))), 1e-3),
        ),
    ]


def ablations(data: Data) -> list[Row]:
    """Return the rows of each unit alone, set to 0 at every step."""
    model, ids, units = data.model, np.asarray(data.tokens.ids), list(range(data.x.shape[1]))
    theirs = peers.Ablations(model.params)
    size = f"{len(units)} units x {ids.shape[0]} texts x {ids.shape[1]} symbols"

    def ours() -> peers.Effects:
        found = ablate.intervene(model.forward, model.params, data.tokens, Predictions(), site=SITE).edited
        return peers.Effects(*(np.asarray(getattr(found, name))[..., 0] for name in peers.Effects._fields))

    def agree(mine: peers.Effects, other: peers.Effects) -> str:
        count = ids.size - len(ids)
        gap = max(np.max(np.abs(a[: len(b)] - b)) for a, b in zip(mine, other, strict=True)) / (count / len(ids))
        return _close(float(gap), 1e-2).replace("results", "effects per symbol")

    def best(ways: dict[Any, Callable[[], Any]]) -> Any:
        """Return the setting that is fastest on a part."""
        times = in_turn(ways, 1)
        return min(times, key=lambda way: times[way].median)

    few = units[:4]

    def threaded(number: int, run: Callable[[], Any]) -> Callable[[], Any]:
        def call() -> Any:
            torch.set_num_threads(number)
            return run()

        return call

    counts = sorted({1, cores()})
    threads = best({number: threaded(number, lambda: theirs.loop(ids, few)) for number in counts})
    ways = {"eager": theirs.step} if data.quick else {"eager": theirs.step, "compiled by Inductor": theirs.compiled}
    sizes = {
        (number, together, name): threaded(
            number, lambda together=together, step=step: theirs.together(ids, units[:32], size=together, step=step)
        )
        for number in counts
        for together in (4, 16)
        for name, step in ways.items()
    }
    number, together, name = best(sizes)
    return [
        versus(
            "each unit taken away",
            size,
            ours,
            ("PyTorch, a loop over units", threaded(threads, lambda: theirs.loop(ids, few))),
            data.repeats,
            agree,
            len(units) / len(few),
            f"{len(few)} units, {threads} of {counts} threads, the faster",
        ),
        versus(
            "each unit taken away",
            size,
            ours,
            (
                f"PyTorch, {together} units at a time, {name}",
                threaded(number, lambda: theirs.together(ids, units, size=together, step=ways[name])),
            ),
            data.repeats,
            agree,
            1.0,
            f"all of it; {number} of {counts} threads, the fastest of 4 and 16 units, {' and '.join(ways)}",
        ),
    ]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="little data, under a minute; ratios mean little")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    data = load(options.quick)
    report([*scores(data), *ablations(data)], options.json)


if __name__ == "__main__":
    main()
