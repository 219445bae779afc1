"""What a run works on: texts with a label, texts with a span to be found, and how a model reads them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from tokenizers import Tokenizer

from jaxneuron.corpora import labelled, spans, subwords, texts, vocabulary
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.studies.attribution import scene_tasks
from jaxneuron.types import Forward, Params, Site, Tokens, Vocabulary

SPLITS = ("train", "dev", "test")

JOINED = "##"
"""Stands before a piece that goes on with the word before it, whatever the tokenizer's own sign for it."""

PART = "\u200b"
"""A piece of several that make one character, which the last of them shows: a space without width."""


class Texts(NamedTuple):
    """Texts and what is asked of each."""

    sentences: list[list[str]]
    labels: list[str] | list[tuple[int, int]]  # the label, or the first and the last word of the span


class Data(NamedTuple):
    """What there is of each task, split -> texts; None: nothing."""

    labels: dict[str, Texts] | None
    spans: dict[str, Texts] | None


class Read(NamedTuple):
    """Texts as a model reads them."""

    tokens: Tokens  # [text, time], on the host
    word: Int[np.ndarray, "text time"]  # the word of each sub-word; -1 for special tokens and padding
    pieces: list[list[str]]  # what each token looks like: the text that it stands for, after `JOINED` inside a word
    whole: Bool[np.ndarray, "text"]  # whether the text was read to its end


class Net(NamedTuple):
    """A model under study."""

    name: str
    forward: Forward
    params: Params
    read: Callable[[Sequence[Sequence[str]]], Read]
    blank: int  # the id that stands for nothing, in the baseline
    sites: tuple[Site, ...]  # layers, from the words up
    cuts: tuple[Site, ...]  # those of them through which all must flow


def read(paths: Sequence[Path], *, text: str | int | None = None, label: str | int | None = None) -> Data:
    """Return the texts of both tasks; without a path, the captions of the embedded scenes.

    A folder or file with a label per sentence is for the classifiers, one with a label per word (of one of
    `spans.SCHEMES`) for the spans: the task is to find the first one of a sentence. Of a folder without a train split,
    nine tenths of dev are trained on; of one file, eight tenths.

    Args:
        paths: of at most one text for each task.
        text: the column of the text, see `texts.read`.
        label: the column of the label.

    Raises:
        FileNotFoundError, ValueError: see `texts.read`; two texts for one task, labels of another kind, or too few.
    """
    if not paths:
        return Data(
            {split: Texts(*scene_tasks.several(split)) for split in SPLITS},
            {split: Texts(*scene_tasks.things(split)) for split in SPLITS},
        )
    found: dict[str, dict[str, Texts]] = {}
    for path in paths:
        splits = _splits(path, partial(texts.read, text=text, label=label))
        task = "labels" if splits["train"].sentence_labels else "spans"
        if task in found:
            raise ValueError(f"{path}: a second text with {task}; give one for labels and one for spans at most")
        make = _labelled if task == "labels" else _spans
        found[task] = {split: make(corpus, path) for split, corpus in splits.items()}
    return Data(found.get("labels"), found.get("spans"))


def _splits(path: Path, opened: Callable[[Path, str | None], Labelled]) -> dict[str, Labelled]:
    if not path.is_dir():
        return _cut(opened(path, None), {"train": 0.8, "dev": 0.1, "test": 0.1}, path)
    test = opened(path, "test")
    try:
        return {"train": opened(path, "train"), "dev": opened(path, "dev"), "test": test}
    except FileNotFoundError:
        return _cut(opened(path, "dev"), {"train": 0.9, "dev": 0.1}, path) | {"test": test}


def _cut(corpus: Labelled, shares: dict[str, float], path: Path) -> dict[str, Labelled]:
    if len(corpus.sentences) < 10:
        raise ValueError(f"{path} has {len(corpus.sentences)} sentences; expected at least 10 to train and test on")
    order = np.random.default_rng(0).permutation(len(corpus.sentences))  # files are often sorted by label
    ends = (np.cumsum([0, *shares.values()]) * len(order)).astype(int)
    rows = {split: order[ends[i] : ends[i + 1]] for i, split in enumerate(shares)}
    return {split: labelled.some(corpus, some) for split, some in rows.items()}


def _labelled(corpus: Labelled, path: Path) -> Texts:
    labels = next(iter(corpus.sentence_labels.values()), [])
    if len(set(labels)) != 2:
        raise ValueError(
            f"{path}: expected two labels in each split, got {', '.join(sorted(set(labels))[:5]) or 'a split without'}"
        )
    return Texts(corpus.sentences, labels)


def _spans(corpus: Labelled, path: Path) -> Texts:
    """Return the sentences that have a span, with their first one."""
    tags = next((rows for rows in corpus.labels.values() if spans.scheme(tag for row in rows for tag in row)), None)
    if tags is None:
        seen = sorted({tag for rows in corpus.labels.values() for row in rows for tag in row})
        raise ValueError(
            f"{path}: expected a label for each text, or tags of spans for its words, such as B-PER, of one of the "
            f"schemes {', '.join(spans.SCHEMES)}; got {', '.join(seen)[:200] or 'words without labels'}"
        )
    found = [(words, spans.spans(row)) for words, row in zip(corpus.sentences, tags, strict=True)]
    return Texts([words for words, some in found if some], [some[0][:2] for _, some in found if some])


def some(given: Texts, count: int | None, seed: int) -> Texts:
    """Return texts drawn at random, in their order.

    Args:
        given: all texts.
        count: how many; None: all.
        seed: of all that is drawn.
    """
    if count is None or len(given.sentences) <= count:
        return given
    rows = np.sort(np.random.default_rng(seed).permutation(len(given.sentences))[:count])
    return Texts([given.sentences[row] for row in rows], [given.labels[row] for row in rows])  # type: ignore[arg-type]


def read_subwords(tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], longest: int) -> Read:
    """Return texts as sub-words, each text in one row; of longer ones, the beginning.

    Args:
        tokenizer: of the model.
        sentences: the words of each text.
        longest: tokens of a text at most.
    """
    windows = [window for window in subwords.split(tokenizer, sentences, longest=longest).windows if not window.first]
    shape = (len(sentences), longest)
    ids, mask, word = np.zeros(shape, np.int32), np.zeros(shape, bool), np.full(shape, -1, np.int32)
    pieces, whole = [], np.zeros(len(sentences), bool)
    for row, (window, sentence) in enumerate(zip(windows, sentences, strict=True)):
        size = len(window.ids)
        ids[row, :size], mask[row, :size], word[row, :size] = window.ids, True, window.word
        joined = np.append(False, (window.word[1:] == window.word[:-1]) & (window.word[1:] >= 0))
        shown = subwords.pieces(tokenizer, sentence, window)
        pieces.append([(JOINED if on else "") + (piece or PART) for piece, on in zip(shown, joined, strict=True)])
        whole[row] = window.last == len(sentence)
    return Read(Tokens(ids, mask), word, pieces, whole)


def read_words(known: Vocabulary, sentences: Sequence[Sequence[str]], longest: int) -> Read:
    """Return texts as whole words.

    Args:
        known: the words that are numbered.
        sentences: the words of each text.
        longest: tokens of a text at most.
    """
    tokens = vocabulary.encode(known, sentences, length=longest)
    word = np.where(tokens.mask, np.arange(longest)[None], -1).astype(np.int32)
    whole = np.array([len(sentence) <= longest for sentence in sentences])
    return Read(tokens, word, [list(sentence[:longest]) for sentence in sentences], whole)


def baseline(net: Net, given: Read) -> Tokens:
    """Return the texts that say nothing: a blank at every word, special tokens and length as they are."""
    ids = np.where(given.word >= 0, net.blank, np.asarray(given.tokens.ids)).astype(np.int32)
    return Tokens(ids, given.tokens.mask)


def take(given: Any, rows: Any) -> Any:
    """Return some of the texts that were read."""
    tokens = Tokens(np.asarray(given.tokens.ids)[rows], np.asarray(given.tokens.mask)[rows])
    return Read(tokens, given.word[rows], [given.pieces[row] for row in rows], given.whole[rows])
