"""The first task, the label of a text: how well each model does, and what its predictions rest on."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.studies.attribution import explaining
from jaxneuron.studies.attribution.explaining import Completeness, of_tokens, of_units
from jaxneuron.studies.attribution.material import Net, Read, Texts, some, take
from jaxneuron.studies.attribution.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.targets import Logit, Minus
from jaxneuron.types import Site

UNITS = 8
"""Units of a layer that are listed."""


class Accuracy(NamedTuple):
    """How often a classifier is right."""

    accuracy: float
    majority: float  # share of the most frequent label
    texts: int
    cut: int  # longer texts, of which the beginning was read


class Share(NamedTuple):
    """A unit's part of the attribution of its layer."""

    unit: int
    share: float
    signed: float  # mean over texts


class Layer(NamedTuple):
    """How the attributions of a layer are spread over tokens and over units, means over texts."""

    site: Site
    cut: bool  # all must flow through it
    sum: float
    units: int
    half: int  # units that hold half of the attribution
    first: list[Share]  # the largest
    on_words: float | None = None  # share; of layers that have a time
    participation: float | None = None  # tokens that take part
    agreement: float | None = None  # correlation with the attributions of the words


class Example(NamedTuple):
    """A text whose prediction is explained."""

    pieces: list[str]  # [token]
    label: str
    predicted: str
    score: float
    change: float  # of the score, from a text that says nothing
    error: float  # how far the tokens' sum misses it
    tokens: list[float]  # [token]
    layers: dict[Site, list[float]]  # the same, at every layer that has a time


class Predictions(NamedTuple):
    """Explained predictions of a classifier."""

    completeness: Completeness
    layers: list[Layer]
    examples: list[Example]
    padding: float = 0.0  # the largest attribution of what is no token


def target() -> Minus:
    """Return what is explained: the score of the second label minus that of the first."""
    return Minus(Logit(1), Logit(0))


def accuracy(net: Net, test: Texts, names: tuple[str, ...], batch: int = 64) -> Accuracy:
    """Return the share of right labels, against the most frequent one.

    Args:
        net: a head with what it reads.
        test: texts that it was not trained on.
        names: of the outputs.
        batch: texts at a time.
    """
    given = net.read(test.sentences)
    guess = predictions(net, given, batch).argmax(-1)
    right = np.array([names.index(label) for label in test.labels])
    share = np.mean(right == 1)
    return Accuracy(
        accuracy=float(np.mean(guess == right)),
        majority=float(max(share, 1 - share)),
        texts=len(right),
        cut=int(np.sum(~given.whole)),
    )


def predictions(net: Net, given: Read, batch: int = 64) -> np.ndarray:
    """Return the scores, `[text, label]`, or `[text, time, label]` of a head that reads words.

    Args:
        net: a head with what it reads.
        given: texts as the head reads them.
        batch: texts at a time.
    """
    total, found = len(given.word), []
    for start in range(0, total, batch):
        tokens = take(given, np.minimum(np.arange(start, start + batch), total - 1)).tokens
        scores = _scores(net.forward, net.params, jax.tree.map(jnp.asarray, tokens))
        found.append(np.asarray(scores)[: total - start])
    return np.concatenate(found).squeeze(1) if found[0].shape[1] == 1 else np.concatenate(found)


_scores = jax.jit(lambda forward, params, tokens: forward(params, tokens, {})[0], static_argnums=0)


def explained(
    net: Net, test: Texts, names: tuple[str, ...], preset: Preset, *, seed: int, report: Report
) -> Predictions:
    """Return the attributions of test texts, by token, by layer and by unit.

    Args:
        net: a head with what it reads.
        test: texts that it was not trained on.
        names: of the outputs.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    chosen = some(test, preset.explained, seed)
    given = net.read(chosen.sentences)
    progress = report(f"{net.name}: explain labels")
    found = explaining.explain(net, given, target(), steps=preset.steps, batch=preset.batch, progress=progress)
    scores, tokens = predictions(net, given), of_tokens(found)
    examples = []
    for row in range(min(preset.shown, len(chosen.sentences))):
        size = len(given.pieces[row])
        examples.append(
            Example(
                pieces=given.pieces[row],
                label=str(chosen.labels[row]),
                predicted=names[int(scores[row].argmax())],
                score=float(found.score[row]),
                change=float(found.change[row]),
                error=float(found.ig_error[row]),
                tokens=found.ig[row, :size].tolist(),
                layers={site: value[row, :size].tolist() for site, value in tokens.items()},
            )
        )
    return Predictions(
        completeness=explaining.completeness(found, net.cuts),
        layers=_layers(net, found, given),
        examples=examples,
        padding=float(np.max(np.abs(found.ig[given.word < 0][~_there(given)[given.word < 0]]), initial=0.0)),
    )


def _there(given: Read) -> np.ndarray:
    return np.asarray(given.tokens.mask)


def _layers(net: Net, found: explaining.Explained, given: Read) -> list[Layer]:
    """Return, of each layer, how the attributions are spread over tokens and over units."""
    words, tokens, rows = given.word >= 0, of_tokens(found), []
    for site, value in of_units(found).items():
        size = np.abs(value).mean(0)
        order = np.argsort(-size, kind="stable")
        held = np.cumsum(size[order]) / max(size.sum(), 1e-30)
        first = [
            Share(int(unit), float(size[unit] / max(size.sum(), 1e-30)), float(value[:, unit].mean()))
            for unit in order[:UNITS]
        ]
        half = int(np.searchsorted(held, 0.5) + 1)
        row = Layer(site, site in net.cuts, float(value.sum(1).mean()), len(size), half, first)
        if site in tokens:
            share = np.abs(tokens[site]) / np.maximum(np.abs(tokens[site]).sum(1, keepdims=True), 1e-30)
            row = row._replace(
                on_words=float(np.where(words, share, 0).sum(1).mean()),
                participation=float(np.mean(1 / np.maximum(np.sum(share**2, axis=1), 1e-30))),
                agreement=float(_agreement(tokens[site], found.ig, words)),
            )
        rows.append(row)
    return rows


def _agreement(one: np.ndarray, other: np.ndarray, words: np.ndarray) -> float:
    """Return the mean correlation of two attributions over the words of each text."""
    found = [np.corrcoef(a[w], b[w])[0, 1] for a, b, w in zip(one, other, words, strict=True) if w.sum() > 2]
    return float(np.nanmean(found)) if found else float("nan")
