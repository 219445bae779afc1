"""Parts of speech and relations of captions, which nobody has parsed, by a tagger that a treebank trains.

Two linear classifiers (averaged stochastic gradient descent) on the words around each word, the second also on the
parts of speech that the first predicts there. So a relation is a label of a word, and no tree: enough for an analysis
of labels, less sure than a parser. Punctuation is left out and all is lower-case, as in captions.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier

from jaxneuron.corpora import scenes
from jaxneuron.corpora.labelled import Labelled, build
from jaxneuron.studies.kadar2017.results import PART, RELATION, Tagger

SIZE = 2**18
"""Columns that features are hashed to."""

RARE = 100
"""Occurrences of a label in the treebank, below which it is never told."""

EDGE = "^"

LAYERS = (PART, RELATION)


class Classifiers(NamedTuple):
    """Both classifiers, and how good they are."""

    upos: SGDClassifier
    deprel: SGDClassifier
    quality: Tagger


def plain(text: Labelled) -> Labelled:
    """Return sentences as captions are: lower-case, without punctuation, with the two layers that are analysed.

    Raises:
        ValueError: a layer is missing, or nothing is left.
    """
    if missing := [layer for layer in LAYERS if layer not in text.labels]:
        raise ValueError(f"the text has no layer {missing[0]!r}; expected a treebank, .conllu with UPOS and DEPREL")
    kept = [[at for at, tag in enumerate(row) if tag not in ("PUNCT", "SYM", "_")] for row in text.labels[PART]]
    rows = [row for row, places in enumerate(kept) if places]
    if not rows:
        raise ValueError("no word of the text has a part of speech; expected a treebank, .conllu with UPOS and DEPREL")
    labels = {layer: [[text.labels[layer][row][at] for at in kept[row]] for row in rows] for layer in LAYERS}
    return build([[text.sentences[row][at].lower() for at in kept[row]] for row in rows], labels=labels)


def train(treebank: Labelled, dev: Labelled, *, seed: int = 0) -> Classifiers:
    """Train on a treebank, and measure on its dev, and on the embedded scenes, whose grammar knows.

    Args:
        treebank: see `plain`.
        dev: the same.
        seed: of the order of the words.
    """
    upos = _fit(_words(treebank.sentences), treebank.labels[PART], seed)
    deprel = _fit(_tags(treebank.sentences, treebank.labels[PART]), treebank.labels[RELATION], seed)
    found = Classifiers(upos, deprel, Tagger(0, 0.0, 0.0, 0.0, 0.0))
    right = [share for known in (dev, scenes.parsed("dev")) for share in _right(found, known)]
    return found._replace(quality=Tagger(sum(map(len, dev.sentences)), *right))


def _right(trained: Classifiers, known: Labelled) -> list[float]:
    """Return the shares of parts of speech and of relations that are right."""
    told = tag(trained, known.sentences)
    return [
        float(np.mean(np.concatenate(told.labels[layer]) == np.concatenate(known.labels[layer]))) for layer in LAYERS
    ]


def tag(trained: Classifiers, sentences: list[list[str]]) -> Labelled:
    """Return sentences with their parts of speech and relations."""
    tags = _predict(trained.upos, _words(sentences), sentences)
    relations = _predict(trained.deprel, _tags(sentences, tags), sentences)
    return build(sentences, labels={PART: tags, RELATION: relations})


def _words(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the features of each word: itself, its ends, and its neighbours."""
    found = []
    for words in sentences:
        padded = [EDGE, EDGE, *words, EDGE, EDGE]
        for at, word in enumerate(words, 2):
            before, after = padded[at - 1], padded[at + 1]
            around = [f"{step}={padded[at + step]}" for step in (-2, -1, 0, 1, 2)]
            ends = [f"s{size}={word[-size:]}" for size in (1, 2, 3, 4)] + [f"p={word[:2]}"]
            near = [f"b={before} {word}", f"a={word} {after}", f"n={before} {after}"]
            found.append([*around, *ends, *near, f"bs={before[-3:]}", f"as={after[-3:]}"])
    return found


def _tags(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the features of each word that tell its relation: the tags around it, and what is before and behind."""
    found = []
    for words, row in zip(sentences, tags, strict=True):
        padded, said = [EDGE] * 3 + list(row) + [EDGE] * 3, [EDGE] * 2 + list(words) + [EDGE] * 2
        for at, word in enumerate(words):
            own, near = row[at], padded[at : at + 7]
            here = [f"{step}={tag}" for step, tag in enumerate(near)] + [
                f"w{step}={said[at + step]}" for step in range(5)
            ]
            pairs = [f"{step}{step + 1}={near[step]} {near[step + 1]} {own}" for step in range(6)]
            verb, noun = ("VERB" in part or "AUX" in part for part in (row[:at], row[at + 1 :]))
            many = [f"v={verb} {noun} {own}", f"nb={row[:at].count('NOUN')} {own}", f"f={at == 0} {own}"]
            context = [f"c={' '.join(near[1:6])}", f"ww={said[at + 1]} {word}", f"wn={word} {said[at + 3]}"]
            found.append([*here, *pairs, *many, *context, f"wo={word} {own}", f"l={' '.join(near[2:5])}"])
    return found


def _hashed(features: list[list[str]]) -> Any:
    return FeatureHasher(SIZE, input_type="string", alternate_sign=False).transform(features)


def _fit(features: list[list[str]], labels: list[list[str]], seed: int) -> SGDClassifier:
    flat = np.concatenate(labels)
    names, counts = np.unique(flat, return_counts=True)
    often = np.flatnonzero(np.isin(flat, names[counts >= min(RARE, counts.max())]))
    made = SGDClassifier(loss="modified_huber", alpha=1e-6, max_iter=6, tol=None, average=True, random_state=seed)  # pyright: ignore[reportArgumentType] (its stub knows no None)
    return made.fit(_hashed(features)[often], flat[often])


def _predict(model: SGDClassifier, features: list[list[str]], sentences: list[list[str]]) -> list[list[str]]:
    told = iter(np.asarray(model.predict(_hashed(features))).tolist())
    return [[next(told) for _ in words] for words in sentences]
