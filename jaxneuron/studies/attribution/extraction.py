"""The second task, where a span starts and ends: conductance through all layers, as in the tutorial's case of SQuAD.

The tutorial explains BERT's answers to questions; here, in its place, a head over an encoder finds the first named
entity of a sentence. What is explained is the score of the predicted start, and of the predicted end, at its token.
(The tutorial takes the highest score of all positions, whose place may jump on the way from the baseline.)
"""

from typing import Any

import numpy as np

from jaxneuron.studies.attribution import distribution, explaining
from jaxneuron.studies.attribution.explaining import Explained, of_tokens
from jaxneuron.studies.attribution.labelling import predictions
from jaxneuron.studies.attribution.material import Net, Report, Texts, take
from jaxneuron.studies.attribution.nets import spans
from jaxneuron.studies.attribution.presets import Preset

Rows = dict[str, Any]

ROLES = ("start", "end")

LONGEST = 12
"""Sub-words of a predicted span at most."""


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


def accuracy(net: Net, test: Texts) -> Rows:
    """Return the exact matches and the F1 of the sub-words, as SQuAD is scored; and those of the first word's span."""
    given = spans(net.read, test)
    found = decode(predictions(net, given.read), given.read.word >= 0)
    first = np.argmax(given.read.word >= 0, axis=1)
    return {
        "texts": len(found),
        "exact": np.mean(np.all(found == given.place, axis=1)),
        "f1": np.mean(_f1(found, given.place)),
        "first_word": np.mean(np.all(given.place == first[:, None], axis=1)),
    }


def _f1(found: np.ndarray, right: np.ndarray) -> np.ndarray:
    shared = np.minimum(found[:, 1], right[:, 1]) - np.maximum(found[:, 0], right[:, 0]) + 1
    sizes = found[:, 1] - found[:, 0] + right[:, 1] - right[:, 0] + 2
    return 2 * np.maximum(shared, 0) / sizes


def explained(net: Net, test: Texts, preset: Preset, *, seed: int, report: Report) -> Rows:
    """Return the conductance of every layer for start and end, of test texts whose span is found."""
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
        options = {"steps": preset.steps, "batch": preset.batch, "progress": progress}
        roles[role] = explaining.explain(net, read, number, row=place[:, number], **options)
    layers = net.sites[1:]  # what the blocks do; the words' rows are the input
    return {
        "found": len(exact),
        "completeness": {role: explaining.completeness(one, net.cuts) for role, one in roles.items()},
        "layers": {role: _layers(one, place[:, i], layers, preset.bins) for i, (role, one) in enumerate(roles.items())},
        "examples": [
            _example(row, read.pieces[row], place[row], scores[rows[row]], read.word[row] >= 0, roles, layers, preset)
            for row in _telling(read.pieces, place, preset.shown)
        ],
    }


def _telling(pieces: list[list[str]], place: np.ndarray, count: int) -> list[int]:
    """Return the texts to show: those with spans of several tokens first."""
    several = place[:, 1] - place[:, 0]
    return sorted(np.lexsort((np.array([len(row) for row in pieces]), -several))[:count].tolist())


def _layers(found: Explained, place: np.ndarray, layers: tuple[str, ...], bins: int) -> list[Rows]:
    """Return the mean over texts of every measure of the predicted token's attributions."""
    rows = np.arange(len(place))
    told = [
        distribution.of_token({site: found.layers[site][row, place[row]] for site in layers}, bins)["layers"]
        for row in rows
    ]
    tokens = of_tokens(found)
    result = []
    for number, site in enumerate(layers):
        own = [one[number] for one in told]
        norm = np.maximum(np.linalg.norm(tokens[site], axis=1), 1e-30)
        keys = [key for key in own[0] if key not in ("site", "mass")]
        quantiles = {key: float(np.mean([row[key] for row in own])) for key in keys}
        deviation = {key: float(np.std([row[key] for row in own])) for key in ("entropy", "spread", "sum")}
        result.append(
            {
                "site": site,
                "texts": len(rows),
                "deviation": deviation,
                "share": float(np.mean(tokens[site][rows, place] / norm)),
            }
            | quantiles
        )
    return result


def _example(
    row: int,
    pieces: list[str],
    place: np.ndarray,
    scores: np.ndarray,
    words: np.ndarray,
    roles: dict[str, Explained],
    layers: tuple[str, ...],
    preset: Preset,
) -> Rows:
    """Return one text: token scores by layer, of length one as in the tutorial, and distributions over units."""
    chances = np.where(words[:, None], scores, -np.inf)
    chances = np.exp(chances - chances.max(0)) / np.exp(chances - chances.max(0)).sum(0)
    told: Rows = {"pieces": pieces, "start": int(place[0]), "end": int(place[1])}
    for number, (role, found) in enumerate(roles.items()):
        at = int(place[number])
        tokens = {site: value[row] for site, value in of_tokens(found).items()}
        told[f"{role}_told"] = {
            "probability": chances[at, number],
            "change": found.change[row],
            "error": found.ig_error[row],
            "tokens": found.ig[row, : len(pieces)],
            "heat": {site: tokens[site][: len(pieces)] / max(np.linalg.norm(tokens[site]), 1e-30) for site in tokens},
            "distribution": distribution.of_token({site: found.layers[site][row, at] for site in layers}, preset.bins),
        }
    return told
