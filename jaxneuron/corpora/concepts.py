"""Labels by program: does a concept hold of this word, here?

A concept is a set of words, a regular expression, or a function of the sentence and the position in it, so that
hypotheses of any kind ("after a negation", "the second time this word occurs") can be tested on units. The first two
look at the word alone. `read_words` and `read_categories` read word lists from files.

Source: `annotate_data` of Dalvi et al. 2019, NeuroX (arXiv 1812.09359), which knows words without their context; as
there, a regular expression has to match from the beginning of the word (`re.match`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from jaxneuron.corpora._lines import lines
from jaxneuron.corpora.labelled import Labelled, build

Concept = AbstractSet[str] | re.Pattern[str] | Callable[[Sequence[str], int], bool]
"""A set of words, a compiled pattern, or `(words, index) -> bool`."""

NAMES = ("negative", "positive")
"""The labels: the concept does not hold, or does. In this order, so that `labelled.classes` makes them 0 and 1."""


def annotate(corpus: Labelled, concepts: Mapping[str, Concept], *, ignore_case: bool = False) -> Labelled:
    """Add a layer of words for each concept.

    Args:
        corpus: sentences.
        concepts: layer -> concept.
        ignore_case: compare the words of sets without regard to case; a pattern says `re.IGNORECASE` itself.

    Returns:
        The corpus with a layer of `NAMES` for each concept, beside those that it had. A concept that holds of no word
        gives a layer of `"negative"` alone.

    Raises:
        TypeError: something that is no concept.
        ValueError: an empty set, or a layer that the corpus has already.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> corpus = build([["not", "a", "dog"]])
        >>> found = annotate(corpus, {"after": lambda words, i: i > 0 and words[i - 1] == "not", "pet": {"dog", "cat"}})
        >>> found.labels["after"], found.labels["pet"]
        ([['negative', 'positive', 'negative']], [['negative', 'negative', 'positive']])
    """
    labels = dict(corpus.labels)
    distinct = {word for words in corpus.sentences for word in words}
    for layer, concept in concepts.items():
        if layer in labels or layer in corpus.sentence_labels:
            raise ValueError(f"the corpus has a layer {layer!r} already; give the concept another name")
        if isinstance(concept, AbstractSet | re.Pattern):
            holds = _of_words(distinct, layer, concept, ignore_case)
            labels[layer] = [[NAMES[word in holds] for word in words] for words in corpus.sentences]
        elif callable(concept):
            labels[layer] = [
                [NAMES[_call(concept, layer, row, words, index)] for index in range(len(words))]
                for row, words in enumerate(corpus.sentences)
            ]
        else:
            raise TypeError(
                f"the concept {layer!r}: expected a set of words, a compiled pattern or a function (words, index) -> "
                f"bool, got {concept!r:.80}; write {{'word'}} or re.compile('pattern')"
            )
    return build(corpus.sentences, labels=labels, sentence_labels=corpus.sentence_labels)


def read_words(path: str | Path) -> frozenset[str]:
    """Read a set of words, one per line, gzipped or not; blank lines and lines that begin with ";" are left out.

    Returns:
        The words, as they are written.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no words, or not UTF-8.
    """
    found = frozenset(text.strip() for _, text in lines(Path(path)) if text.strip() and not text.startswith(";"))
    if not found:
        raise ValueError(f"no words in {path}; expected one per line")
    return found


def read_categories(path: str | Path) -> dict[str, frozenset[str]]:
    """Read sets of words, one per line: its name, and the words, with tabs between (the layout of Empath).

    Returns:
        Name -> words, as `annotate` takes them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no sets, a name given twice or without words, or not UTF-8.

    Source:
        Fast et al. 2016, Empath (arXiv 1602.06979).
    """
    found: dict[str, frozenset[str]] = {}
    for line, text in lines(Path(path)):
        if text.strip():
            name, *words = (cell.strip() for cell in text.split("\t"))
            if not name or name in found or not any(words):
                raise ValueError(
                    f"{path}, line {line}: expected a name that is not above, and its words, with tabs between, "
                    f"got {text!r:.80}; mend the line"
                )
            found[name] = frozenset(word for word in words if word)
    if not found:
        raise ValueError(f"no sets of words in {path}; expected a name and its words per line, with tabs between")
    return found


def _of_words(words: set[str], layer: str, concept: AbstractSet[str] | re.Pattern[str], ignore_case: bool) -> set[str]:
    """Return the words that a concept without context holds of."""
    if isinstance(concept, re.Pattern):
        return {word for word in words if concept.match(word)}
    if not concept:
        raise ValueError(f"the concept {layer!r} is an empty set; expected at least one word")
    if ignore_case:
        folded = {word.casefold() for word in concept}
        return {word for word in words if word.casefold() in folded}
    return words & concept


def _call(concept: Callable[[Sequence[str], int], bool], layer: str, row: int, words: list[str], index: int) -> bool:
    try:
        return bool(concept(words, index))
    except Exception as error:
        error.add_note(
            f"the concept {layer!r} failed on the word {index} of the sentence {row} (from 0): {words!r:.80}"
        )
        raise
