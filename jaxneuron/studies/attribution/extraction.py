"""The second task, where a span starts and ends: conductance through all layers, as in the tutorial's case of SQuAD.

The tutorial explains BERT's answers to questions; here, in its place, a head over an encoder finds the first named
entity of a sentence. What is explained is the score of the predicted start, and of the predicted end, at its token.
(The tutorial takes the highest score of all positions, whose place may jump on the way from the baseline.)
"""

from typing import NamedTuple

import numpy as np

from jaxneuron.studies.attribution import distribution, explaining
from jaxneuron.studies.attribution.distribution import Distribution, Measures
from jaxneuron.studies.attribution.explaining import Completeness, Explained, of_tokens
from jaxneuron.studies.attribution.labelling import predictions
from jaxneuron.studies.attribution.material import Net, Texts, take
from jaxneuron.studies.attribution.nets import spans
from jaxneuron.studies.attribution.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.types import Site

ROLES = ("start", "end")

LONGEST = 12
"""Sub-words of a predicted span at most."""


class Accuracy(NamedTuple):
    """How well a head finds spans, as SQuAD is scored."""

    texts: int
    exact: float
    f1: float  # of the sub-words
    first_word: float  # exact matches of the first word's span


class Deviation(NamedTuple):
    """Standard deviations over texts."""

    entropy: float
    spread: float
    sum: float


class Layer(NamedTuple):
    """The predicted token's attributions at a layer: means over texts of `distribution.Measures`."""

    site: Site
    texts: int
    deviation: Deviation
    share: float  # of the token's score in the scores of all tokens, of length one
    sum: float
    low: float
    first: float
    median: float
    third: float
    high: float
    entropy: float
    own_bins: float
    spread: float
    participation: float


class Told(NamedTuple):
    """What the predicted start, or end, of one text rests on."""

    probability: float
    change: float  # of the score, from a text that says nothing
    error: float  # how far the tokens' sum misses it
    tokens: list[float]  # [token]
    heat: dict[Site, list[float]]  # the same at each layer, of length one
    distribution: Distribution


class Example(NamedTuple):
    """A text whose span is explained."""

    pieces: list[str]  # [token]
    start: int  # token
    end: int
    start_told: Told
    end_told: Told

    def roles(self) -> dict[str, tuple[int, Told]]:
        """Return the token of each role, and what its prediction rests on."""
        return {"start": (self.start, self.start_told), "end": (self.end, self.end_told)}


class Predictions(NamedTuple):
    """Explained predictions of a head for spans."""

    layers: dict[str, list[Layer]]  # role -> layers
    examples: list[Example]
    completeness: dict[str, Completeness] = {}  # role ->
    found: int = 0  # test texts whose span is found


def decode(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the best start and end of each text, `[text, 2]`: the highest sum with `start <= end < start + LONGEST`.

    Args:
        scores: `[text, time, 2]`.
        mask: `[text, time]`, the tokens that may be in a span.
    """
    start, end = (np.where(mask, scores[..., role], -np.inf) for role in (0, 1))
    time = np.arange(scores.shape[1])
    apart = time[None] - time[:, None]
    both = np.where((apart >= 0) & (apart < LONGEST), start[:, :, None] + end[:, None, :], -np.inf)
    best = both.reshape(len(both), -1).argmax(1)
    return np.stack(np.divmod(best, len(time)), axis=1)


def accuracy(net: Net, test: Texts) -> Accuracy:
    """Return the exact matches and the F1 of the sub-words, as SQuAD is scored; and those of the first word's span."""
    given = spans(net.read, test)
    found = decode(predictions(net, given.read), given.read.word >= 0)
    first = np.argmax(given.read.word >= 0, axis=1)
    return Accuracy(
        texts=len(found),
        exact=float(np.mean(np.all(found == given.place, axis=1))),
        f1=float(np.mean(_f1(found, given.place))),
        first_word=float(np.mean(np.all(given.place == first[:, None], axis=1))),
    )


def _f1(found: np.ndarray, right: np.ndarray) -> np.ndarray:
    shared = np.minimum(found[:, 1], right[:, 1]) - np.maximum(found[:, 0], right[:, 0]) + 1
    sizes = found[:, 1] - found[:, 0] + right[:, 1] - right[:, 0] + 2
    return 2 * np.maximum(shared, 0) / sizes


def explained(net: Net, test: Texts, preset: Preset, *, seed: int, report: Report) -> Predictions:
    """Return the conductance of every layer for start and end, of test texts whose span is found.

    Args:
        net: a head with what it reads.
        test: texts that it was not trained on.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    given = spans(net.read, test)
    scores = predictions(net, given.read)
    found = decode(scores, given.read.word >= 0)
    exact = np.flatnonzero(np.all(found == given.place, axis=1))
    pool = exact if len(exact) else np.arange(len(found))
    rows = np.sort(np.random.default_rng(seed).permutation(pool)[: preset.explained])
    read, place = take(given.read, rows), found[rows]
    roles = {}
    for number, role in enumerate(ROLES):
        progress = report(f"{net.name}: explain the {role}")
        roles[role] = explaining.explain(
            net, read, number, row=place[:, number], steps=preset.steps, batch=preset.batch, progress=progress
        )
    layers = net.sites[1:]  # what the blocks do; the words' rows are the input
    examples = []
    for row in _telling(read.pieces, place, preset.shown):
        chances = _chances(scores[rows[row]], read.word[row] >= 0)
        size, told = len(read.pieces[row]), []
        for number, one in enumerate(roles.values()):
            at = int(place[row, number])
            told.append(_told(one, row, at, size, float(chances[at, number]), layers, preset.bins))
        examples.append(Example(read.pieces[row], int(place[row, 0]), int(place[row, 1]), *told))
    return Predictions(
        layers={role: _layers(one, place[:, i], layers, preset.bins) for i, (role, one) in enumerate(roles.items())},
        examples=examples,
        completeness={role: explaining.completeness(one, net.cuts) for role, one in roles.items()},
        found=len(exact),
    )


def _telling(pieces: list[list[str]], place: np.ndarray, count: int) -> list[int]:
    """Return the texts to show: those with spans of several tokens first."""
    several = place[:, 1] - place[:, 0]
    return sorted(np.lexsort((np.array([len(row) for row in pieces]), -several))[:count].tolist())


def _layers(found: Explained, place: np.ndarray, layers: tuple[str, ...], bins: int) -> list[Layer]:
    """Return the mean over texts of every measure of the predicted token's attributions."""
    rows = np.arange(len(place))
    told = [
        distribution.of_token({site: found.layers[site][row, place[row]] for site in layers}, bins).layers
        for row in rows
    ]
    tokens = of_tokens(found)
    result = []
    for number, site in enumerate(layers):
        own = [one[number] for one in told]
        norm = np.maximum(np.linalg.norm(tokens[site], axis=1), 1e-30)
        mean = {name: float(np.mean([getattr(row, name) for row in own])) for name in Measures._fields}
        deviation = Deviation(*(float(np.std([getattr(row, name) for row in own])) for name in Deviation._fields))
        share = float(np.mean(tokens[site][rows, place] / norm))
        result.append(Layer(site=site, texts=len(rows), deviation=deviation, share=share, **mean))
    return result


def _chances(scores: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return the probability of each token `[time, 2]` among those that may be in a span."""
    chances = np.where(words[:, None], scores, -np.inf)
    return np.exp(chances - chances.max(0)) / np.exp(chances - chances.max(0)).sum(0)


def _told(
    found: Explained, row: int, at: int, size: int, probability: float, layers: tuple[Site, ...], bins: int
) -> Told:
    """Return token scores by layer, of length one as in the tutorial, and distributions over units, of one text."""
    tokens = {site: value[row] for site, value in of_tokens(found).items()}
    heat = {site: value[:size] / max(np.linalg.norm(value), 1e-30) for site, value in tokens.items()}
    return Told(
        probability=probability,
        change=float(found.change[row]),
        error=float(found.ig_error[row]),
        tokens=found.ig[row, :size].tolist(),
        heat={site: value.tolist() for site, value in heat.items()},
        distribution=distribution.of_token({site: found.layers[site][row, at] for site in layers}, bins),
    )
