"""The three splits of a labelled text: of a folder, of one file that is cut, or of the embedded scenes."""

from functools import partial
from pathlib import Path

import numpy as np

from jaxneuron.corpora import concepts, labelled, scenes, texts
from jaxneuron.corpora.labelled import Labelled

SPLITS = ("train", "dev", "test")


def read(path: Path | None, *, text: str | None = None, label: str | None = None) -> dict[str, Labelled]:
    """Return the three splits of a text.

    Of a folder without a train split, nine tenths of dev are trained on; of one file, eight tenths. A file with a label
    for each sentence, which may be sorted by label, is cut in a random order.

    Args:
        path: see `texts.read`; None for the captions of the embedded scenes, labelled by program.
        text: the column of the text, see `texts.read`.
        label: the column of the label.

    Raises:
        FileNotFoundError, ValueError: see `texts.read`, or too few sentences.
    """
    if path is None:
        return {split: _scenes(split) for split in SPLITS}
    opened = partial(texts.read, path, text=text, label=label)
    if not path.is_dir():
        return _cut(opened(), {"train": 0.8, "dev": 0.1, "test": 0.1}, path)
    test = opened("test")
    try:
        return {"train": opened("train"), "dev": opened("dev"), "test": test}
    except FileNotFoundError:
        return _cut(opened("dev"), {"train": 0.9, "dev": 0.1}, path) | {"test": test}


def _scenes(split: str) -> Labelled:
    """Return captions with the kind of each word, whether it is a plural, and whether an article stands before it."""
    lexicon = scenes.lexicon
    groups = ("OBJECTS", "COLOURS", "SIZES", "COUNTS", "ACTIONS", "RELATIONS", "PLACES")
    kind = {name.replace("_", " "): group.lower()[:-1] for group in groups for name in getattr(lexicon, group)}
    plural = {word.split("/")[1] for kind in lexicon.OBJECTS.values() for word in kind.words.split()}
    captions = scenes.read(split).sentences
    kinds = [[kind.get(scenes.MEANING.get(word, ""), "function") for word in sentence] for sentence in captions]
    found = labelled.build(captions, labels={"kind": kinds})
    return concepts.annotate(
        found,
        {"plural": plural, "after_article": lambda words, i: i > 0 and words[i - 1] in ("a", "an", "the")},
    )


def _cut(corpus: Labelled, shares: dict[str, float], path: Path) -> dict[str, Labelled]:
    if len(corpus.sentences) < 10:
        raise ValueError(f"{path} has {len(corpus.sentences)} sentences; expected at least 10 to train and test on")
    order = np.arange(len(corpus.sentences))
    if corpus.sentence_labels:
        order = np.random.default_rng(0).permutation(order)
    ends = (np.cumsum([0, *shares.values()]) * len(order)).astype(int)
    spans = zip(shares, ends, ends[1:], strict=False)
    return {split: labelled.some(corpus, order[first:last]) for split, first, last in spans}


def sample(corpus: Labelled, words: int | None, seed: int) -> Labelled:
    """Return sentences of about so many words, drawn at random, in their order."""
    lengths = np.array([len(sentence) for sentence in corpus.sentences])
    if words is None or lengths.sum() <= words:
        return corpus
    drawn = np.random.default_rng(seed).permutation(len(lengths))
    return labelled.some(corpus, np.sort(drawn[: 1 + np.searchsorted(np.cumsum(lengths[drawn]), words)]))


def draw(corpus: Labelled, sentences: int | None, seed: int) -> Labelled:
    """Return so many sentences, drawn at random, in their order."""
    if sentences is None or len(corpus.sentences) <= sentences:
        return corpus
    return labelled.some(corpus, np.sort(np.random.default_rng(seed).permutation(len(corpus.sentences))[:sentences]))
