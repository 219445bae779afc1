"""Sentences with a label for each word, or one for each sentence: what the readers of annotated text return.

A *layer* is one kind of label, such as `"upos"`. Labels are strings here; `classes` turns a layer into the whole
numbers that the methods of `rank` take. Their order depends on nothing but the labels, where NeuroX numbers them in
the order of a Python set, which is another one in every run.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from jaxneuron.tap import nearest

ABSENT = "_"
"""The label of a word that has none in a layer: a preposition has no tense. A label like any other to `classes`."""

_NUMBER = re.compile("0|[1-9][0-9]*")


class Labelled(NamedTuple):
    """Sentences and what is known about them; built only by `build`. Lives on the host."""

    sentences: list[list[str]]  # words; at least one sentence, and at least one word in each
    labels: dict[str, list[list[str]]]  # layer -> one label for each word
    sentence_labels: dict[str, list[str]]  # layer -> one label for each sentence


class Classes(NamedTuple):
    """A layer as whole numbers."""

    ids: Int[np.ndarray, " token"]  # the words of all sentences in a row; for a layer of sentences, one per sentence
    names: tuple[str, ...]  # [label], `names[id]` is the label


def build(
    sentences: list[list[str]],
    *,
    labels: Mapping[str, list[list[str]]] | None = None,
    sentence_labels: Mapping[str, list[str]] | None = None,
    source: str | Path | None = None,
    lines: Sequence[int] | None = None,
) -> Labelled:
    """Put sentences and labels together, and check that they fit.

    Args:
        sentences: the words of each sentence.
        labels: layer -> one label for each word of each sentence.
        sentence_labels: layer -> one label for each sentence.
        source: where they come from, for error messages.
        lines: `[sentence]`, the line of the source at which each begins, for error messages.

    Raises:
        ValueError: no sentences, an empty sentence, an empty word or label, more or fewer labels than words, or two
            layers of one name.

    Example:
        >>> build([["dogs", "bark"]], labels={"upos": [["NOUN", "VERB"]]}).labels["upos"]
        [['NOUN', 'VERB']]
    """
    labels, sentence_labels = dict(labels or {}), dict(sentence_labels or {})

    def where(row: int) -> str:
        place = f"sentence {row} (from 0)" if lines is None else f"line {lines[row]}"
        return place if source is None else f"{source}, {place}"

    if not sentences:
        raise ValueError(f"no sentences{'' if source is None else f' in {source}'}; expected at least one")
    if both := labels.keys() & sentence_labels.keys():
        raise ValueError(f"words and sentences both have a layer {min(both)!r}; give each layer a name of its own")
    for row, sentence in enumerate(sentences):
        if not sentence:
            raise ValueError(f"{where(row)}: an empty sentence; leave it out, with its labels")
        if not all(sentence) or any(map(str.isspace, sentence)):
            raise ValueError(
                f"{where(row)}: an empty word in {sentence!r:.80}; a word has a character that is no space"
            )
    for layer, rows in labels.items():
        _check_number(layer, len(rows), len(sentences), source)
        for row, (sentence, values) in enumerate(zip(sentences, rows, strict=True)):
            if len(values) != len(sentence):
                raise ValueError(
                    f"{where(row)}: {len(values)} labels {layer!r} for the {len(sentence)} words "
                    f"{' '.join(sentence)!r:.80}; give each word one label"
                )
            if not all(values):
                raise ValueError(f"{where(row)}: an empty label {layer!r} in {values!r:.80}; write {ABSENT!r} for none")
    for layer, values in sentence_labels.items():
        _check_number(layer, len(values), len(sentences), source)
        if not all(values):
            raise ValueError(f"{where(values.index(''))}: an empty label {layer!r}; write {ABSENT!r} for none")
    return Labelled(sentences, labels, sentence_labels)


def label_names(layer: str, *corpora: Labelled) -> tuple[str, ...]:
    """Return the labels that occur in a layer, each once, in an order that is the same in every run.

    Whole numbers come first, by value; then the others, by code point.

    Args:
        layer: a layer of words or of sentences.
        *corpora: one or more, such as the train and the dev split.

    Raises:
        KeyError: a corpus has no such layer.

    Example:
        >>> corpus = build([["a", "b", "c"]], labels={"depth": [["10", "_", "2"]]})
        >>> label_names("depth", corpus)
        ('2', '10', '_')
    """
    return tuple(sorted({label for corpus in corpora for label in _flat(corpus, layer)}, key=_order))


def classes(corpus: Labelled, layer: str, *, names: Sequence[str] | None = None) -> Classes:
    """Return a layer as whole numbers, for the methods that rank units by what they tell about a label.

    Args:
        corpus: sentences with labels.
        layer: a layer of words or of sentences.
        names: the label of each number; by default `label_names(layer, corpus)`. Give `label_names(layer, train, dev)`
            where two corpora must be numbered alike.

    Raises:
        KeyError: no such layer.
        ValueError: a label that is not among the names, or a name given twice.

    Example:
        >>> corpus = build([["dogs", "bark"], ["run"]], labels={"upos": [["NOUN", "VERB"], ["VERB"]]})
        >>> ids, names = classes(corpus, "upos")
        >>> ids.tolist(), names
        ([0, 1, 1], ('NOUN', 'VERB'))
    """
    flat = _flat(corpus, layer)
    names = tuple(sorted(set(flat), key=_order) if names is None else names)
    index = {name: i for i, name in enumerate(names)}
    if len(index) != len(names):
        raise ValueError(f"a name is given twice for the layer {layer!r}: {', '.join(names):.200}")
    if unknown := sorted(set(flat) - index.keys(), key=_order):
        raise ValueError(
            f"the layer {layer!r} has labels that are not among the {len(names)} names: {', '.join(unknown):.200}; "
            f"number both corpora alike with names=label_names({layer!r}, train, dev)"
        )
    return Classes(np.array([index[label] for label in flat], np.int32), names)


def some(corpus: Labelled, rows: Iterable[Any]) -> Labelled:
    """Return some sentences, in this order, with what is known about them.

    Example:
        >>> some(build([["a"], ["b", "c"]], sentence_labels={"kind": ["x", "y"]}), [1])
        Labelled(sentences=[['b', 'c']], labels={}, sentence_labels={'kind': ['y']})
    """
    rows = [int(row) for row in rows]
    return Labelled(
        [corpus.sentences[row] for row in rows],
        {layer: [values[row] for row in rows] for layer, values in corpus.labels.items()},
        {layer: [values[row] for row in rows] for layer, values in corpus.sentence_labels.items()},
    )


def of_words(corpus: Labelled, layer: str) -> list[str]:
    """Return the label of each word, the words of all sentences in a row; what is said of a sentence holds at each.

    Raises:
        KeyError: no such layer.

    Example:
        >>> of_words(build([["a", "b"], ["c"]], sentence_labels={"kind": ["x", "y"]}), "kind")
        ['x', 'x', 'y']
    """
    flat = _flat(corpus, layer)
    if layer in corpus.labels:
        return flat
    return [label for label, words in zip(flat, corpus.sentences, strict=True) for _ in words]


def _flat(corpus: Labelled, layer: str) -> list[str]:
    if layer in corpus.sentence_labels:
        return corpus.sentence_labels[layer]
    known = [*corpus.labels, *corpus.sentence_labels]
    if layer not in known:
        raise KeyError(
            f"no layer {layer!r} in this corpus{nearest(layer, known)}; its layers are {', '.join(known) or 'none'}"
        )
    return [label for row in corpus.labels[layer] for label in row]


def _order(label: str) -> tuple[Any, ...]:
    return (0, int(label), label) if _NUMBER.fullmatch(label) else (1, 0, label)


def _check_number(layer: str, given: int, expected: int, source: str | Path | None) -> None:
    if given != expected:
        raise ValueError(
            f"{'' if source is None else f'{source}: '}the layer {layer!r} has labels for {given} sentences, "
            f"and there are {expected}; give one row of labels for each sentence"
        )
