"""Words and phrases of parsed sentences: the concepts for `rank.synthetic_sentences`.

A noun phrase is what hangs from a noun in a treebank, without the preposition that marks its case; a verb phrase is
what hangs from a verb, without its subject; a clause is all that hangs from it. Na et al. 2019 (arXiv 1902.07249) take
the constituents of a phrase-structure parser instead; treebanks have the heads of words, checked by people.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from jaxneuron.corpora._files import split_file
from jaxneuron.corpora._lines import lines

KINDS = ("word", "noun phrase", "verb phrase", "clause")

_NOUNS = {"NOUN", "PROPN", "PRON"}
_VERBS = {"VERB", "AUX"}
_AROUND = {"punct", "cc", "mark", "case"}
"""Relations of what stands beside a phrase rather than in it."""
_SUBJECTS = {"nsubj", "csubj", "expl"}


class Phrase(NamedTuple):
    """A word or phrase, and how often it occurs."""

    words: tuple[str, ...]
    kind: str  # one of `KINDS`
    count: int


def phrases(
    path: str | Path,
    split: str | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    longest: int = 5,
    least: int = 1,
    ignore_case: bool = True,
) -> list[Phrase]:
    """Collect the words and phrases of a treebank, a CoNLL-U file or a folder of them.

    Args:
        path: a file, or a folder with a file for each split, as `conllu.read` takes them.
        split: which file of the folder; None for a single file.
        kinds: which of `KINDS`.
        longest: words in a phrase, at most. A single word is of the kind `"word"` only.
        least: how often one must occur.
        ignore_case: write all in lower case.

    Returns:
        Each once, the most frequent first, then by kind and words. Punctuation is no word, and a phrase with a gap, in
        which other words stand, is left out.

    Raises:
        FileNotFoundError: no such file.
        ValueError: an unknown kind, no phrase that fits, or a line without an id, a form and a head, which is named.
    """
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ValueError(f"no kind {unknown[0]!r}; expected some of {', '.join(KINDS)}")
    file = split_file(Path(path), split, (".conllu", ".conllulex"))
    counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for words, tags, heads, relations in _sentences(file, ignore_case):
        counts.update(_in_sentence(words, tags, heads, relations, longest))
    found = [Phrase(words, kind, n) for (kind, words), n in counts.items() if kind in kinds and n >= least]
    if not found:
        raise ValueError(f"no {' or '.join(kinds)} occurs {least} times in {file}; ask for less")
    return sorted(found, key=lambda phrase: (-phrase.count, KINDS.index(phrase.kind), phrase.words))


def _in_sentence(
    words: list[str], tags: list[str], heads: list[int], relations: list[str], longest: int
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (kind, words) of each phrase; heads count from 1, and 0 is the root."""
    below: list[list[int]] = [[] for _ in range(len(words) + 1)]
    for word, head in enumerate(heads, start=1):
        below[head].append(word)

    def span(head: int, without: set[str]) -> tuple[str, ...]:
        inside, todo = [], [head]
        while todo:
            word = todo.pop()
            inside.append(word)
            todo += [
                child for child in below[word] if word != head or relations[child - 1].partition(":")[0] not in without
            ]
        first, last = min(inside), max(inside)
        whole = last - first + 1 == len(inside) and 1 < len(inside) <= longest
        return tuple(words[first - 1 : last]) if whole else ()

    for word, tag in enumerate(tags, start=1):
        if tag != "PUNCT":
            yield "word", (words[word - 1],)
        if tag in _NOUNS and (found := span(word, _AROUND)):
            yield "noun phrase", found
        if tag in _VERBS:
            clause, phrase = span(word, _AROUND), span(word, _AROUND | _SUBJECTS)
            if phrase:
                yield "verb phrase", phrase
            if clause and clause != phrase:
                yield "clause", clause


def _sentences(file: Path, ignore_case: bool) -> Iterator[tuple[list[str], list[str], list[int], list[str]]]:
    """Yield words, parts of speech, heads and relations of each sentence; a sentence without heads is left out."""
    rows: list[tuple[str, str, int, str]] = []
    start = 0
    for line, text in [*lines(file), (0, "")]:
        if text.startswith("#"):
            continue
        if text.strip():
            row = text.split("\t")
            if len(row) < 8 or not row[0] or not row[1]:
                raise ValueError(
                    f"{file}, line {line}: expected the columns of CoNLL-U, got {text!r:.80}; mend the line"
                )
            if row[0].isdecimal():
                start = start or line
                head = int(row[6]) if row[6].isdecimal() else -1
                rows.append((row[1].lower() if ignore_case else row[1], row[3], head, row[7]))
            continue
        if rows:
            words, tags, heads, relations = map(list, zip(*rows, strict=True))
            if -1 not in heads:
                _check(file, start, heads)
                yield words, tags, heads, relations
        rows, start = [], 0


def _check(file: Path, line: int, heads: list[int]) -> None:
    """Fail unless the heads make a tree."""
    if max(heads) > len(heads):
        raise ValueError(f"{file}, line {line}: expected heads up to {len(heads)}, got {max(heads)}; mend the line")
    for word in range(1, len(heads) + 1):
        steps = 0
        while word:
            word, steps = heads[word - 1], steps + 1
            if steps > len(heads):
                raise ValueError(f"{file}, line {line}: the heads of this sentence run in a circle; mend them")
