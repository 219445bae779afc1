"""CoNLL-U treebanks: part of speech, morphology and syntax of each word.

Read here rather than with the package `conllu`, the oracle of the tests: that one takes eight times as long on UD
English EWT, and its errors name no line.

A *multi-word token* is a stretch of text that counts as several words, such as French "du" for the words "de le", on
a line of its own with the id `1-2`. By default these lines are left out, and the words stand for themselves, as in
all published results on tagging. `join=True` puts the token in place of its words, so that the sentence reads as it
was written. An *empty node* (id `8.1`) is a word that is not in the text; it is left out, and no depth depends on it.

Source: Nivre et al. 2020, Universal Dependencies v2 (arXiv 2004.10643).
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from jaxneuron.corpora._files import split_file
from jaxneuron.corpora._lines import lines
from jaxneuron.corpora.labelled import ABSENT, Labelled, build

FIELDS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
"""The columns of CoNLL-U; what stands to the right of them, as in STREUSLE, is left out."""

_REQUIRED = 8

_Row = tuple[int, list[str]]  # line number, columns


class _Sentence(NamedTuple):
    start: int  # the line of its first word
    words: list[str]
    labels: dict[str, list[str]]  # upos, xpos, deprel, depth
    features: list[dict[str, str]]  # of each word
    tokens: list[tuple[str, int, int]]  # multi-word tokens: form, first word, one past the last


def read(path: str | Path, split: str | None = None, *, join: bool = False) -> Labelled:
    """Read a treebank, gzipped or not, from one file or from the file of a split.

    Args:
        path: a file, or a folder with `train.conllu`, `train.conllu.gz`, `en_ewt-ud-train.conllu` or the like.
        split: which file of the folder; None for a single file.
        join: read a multi-word token as one word. Its label `upos`, `xpos` or feature is that of its words, the
            distinct ones joined by "+" (`"AUX+PART"`); its `deprel` and `depth` are those of the word nearest to
            the root.

    Returns:
        Sentences with the layers `upos`, `xpos`, `deprel`, `depth` (arcs up to the root: "0" for the root itself) and
        one for each morphological feature in the file (`Number`, `Tense`, ...). What a word does not have is `"_"`;
        so is the depth where a sentence lacks a head. Blank lines and comments without words make no sentence.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no sentences, not UTF-8, or a malformed line, which is named.
    """
    file = split_file(Path(path), split, (".conllu", ".conllulex"))
    seen: dict[str, dict[str, str]] = {ABSENT: {}}
    sentences = [_sentence(file, block, seen) for block in _blocks(file)]
    if join:
        sentences = [_join(sentence) if sentence.tokens else sentence for sentence in sentences]
    labels = {layer: [s.labels[layer] for s in sentences] for layer in ("upos", "xpos", "deprel", "depth")}
    for name in sorted({name for features in seen.values() for name in features}):
        labels[name] = [[features.get(name, ABSENT) for features in s.features] for s in sentences]
    return build([s.words for s in sentences], labels=labels, source=file, lines=[s.start for s in sentences])


def _blocks(file: Path) -> Iterator[list[_Row]]:
    """Yield the lines of each sentence, without comments."""
    block: list[_Row] = []
    for line, text in lines(file):
        if not text.strip():
            if block:
                yield block
            block = []
        elif not text.startswith("#"):
            row = text.split("\t")
            if len(row) < len(FIELDS):
                _fail(file, line, f"{len(FIELDS)} columns with tabs between them", f"{len(row)} in {text!r:.80}")
            if "" in row[:_REQUIRED]:
                _fail(file, line, f"a {FIELDS[row.index('')]}, or {ABSENT!r} for none", "an empty column")
            block.append((line, row))
    if block:
        yield block


def _sentence(file: Path, block: list[_Row], seen: dict[str, dict[str, str]]) -> _Sentence:
    """Read one sentence; `seen` holds the features of each FEATS that has occurred, and is added to."""
    words: list[_Row] = []
    tokens: list[tuple[str, int, int]] = []
    for line, row in block:
        identity, after = row[0], len(words) + 1
        if identity == str(after):
            words.append((line, row))
            if row[5] not in seen:
                seen[row[5]] = _features(file, line, row[5])
        elif "-" in identity:
            first, _, last = identity.partition("-")
            past = tokens[-1][2] if tokens else 0
            if first != str(after) or not last.isdecimal() or int(last) < after or past >= after:
                _fail(file, line, f"the words {after}-... or the word {after}", f"the ID {identity!r}")
            tokens.append((row[1], after - 1, int(last)))
        elif not identity.startswith(f"{len(words)}."):
            _fail(file, line, f"the ID {after}", repr(identity))
    if not words:
        _fail(file, block[0][0], "a sentence with a word", "multi-word tokens and empty nodes only")
    if tokens and tokens[-1][2] > len(words):
        _fail(file, block[-1][0], f"words up to {tokens[-1][2]}, for {tokens[-1][0]!r}", f"the end after {len(words)}")
    # Interned, for a treebank says the same few things again and again.
    forms, upos, xpos, deprel = ([sys.intern(row[column]) for _, row in words] for column in (1, 3, 4, 7))
    labels = {"upos": upos, "xpos": xpos, "deprel": deprel, "depth": _depth(file, words)}
    return _Sentence(words[0][0], forms, labels, [seen[row[5]] for _, row in words], tokens)


def _features(file: Path, line: int, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split("|"):
        name, equals, value = part.partition("=")
        if not (name and equals and value) or name in found:
            _fail(file, line, "features as in Case=Nom|Number=Sing, each once", repr(text))
        found[name] = value
    return found


def _depth(file: Path, words: list[_Row]) -> list[str]:
    """Return how many arcs each word is below the root, all absent if a word has no head."""
    heads = [row[6] for _, row in words]
    if ABSENT in heads:
        return [ABSENT] * len(words)
    for (line, _), head in zip(words, heads, strict=True):
        if not head.isdecimal() or int(head) > len(words):
            _fail(file, line, f"a HEAD from 0 to {len(words)}", repr(head))
    above = [int(head) - 1 for head in heads]
    depth: dict[int, int] = {-1: -1}  # the root hangs from -1
    for word, (line, _) in enumerate(words):
        path = []
        while word not in depth:
            path.append(word)
            word = above[word]
            if len(path) > len(words):
                _fail(file, line, "a tree", "a word below itself; the HEADs run in a circle")
        for step, below in enumerate(reversed(path), start=1):
            depth[below] = depth[word] + step
    return [sys.intern(str(depth[word])) for word in range(len(words))]


def _join(sentence: _Sentence) -> _Sentence:
    """Put each multi-word token in place of its words."""
    token = {first: (form, last) for form, first, last in sentence.tokens}
    words, features = [], []
    labels: dict[str, list[str]] = {layer: [] for layer in sentence.labels}
    first = 0
    while first < len(sentence.words):
        form, last = token.get(first, (sentence.words[first], first + 1))
        parts = range(first, last)
        depth = sentence.labels["depth"]
        top = min(parts, key=lambda word: -1 if depth[word] == ABSENT else int(depth[word]))  # noqa: B023
        words.append(form)
        for layer in ("deprel", "depth"):
            labels[layer].append(sentence.labels[layer][top])
        for layer in ("upos", "xpos"):
            labels[layer].append(_together([sentence.labels[layer][word] for word in parts]))
        held = sentence.features[first:last]
        names = dict.fromkeys(name for features in held for name in features)
        features.append({name: _together([features.get(name, ABSENT) for features in held]) for name in names})
        first = last
    return _Sentence(sentence.start, words, labels, features, [])


def _together(labels: list[str]) -> str:
    return "+".join(dict.fromkeys(label for label in labels if label != ABSENT)) or ABSENT


def _fail(file: Path, line: int, expected: str, got: str) -> NoReturn:
    raise ValueError(f"{file}, line {line}: expected {expected}, got {got}; mend the line")
