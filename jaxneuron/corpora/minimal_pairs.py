"""Minimal pairs: a good sentence and one that is made bad by one word, such as BLiMP's, and those of them about number.

Warstadt et al. 2020, "BLiMP: the benchmark of linguistic minimal pairs" (arXiv 1912.00582): JSON lines with the fields
`sentence_good`, `sentence_bad` and `UID`, the paradigm. In its paradigms of agreement the bad sentence has the verb's
other number. Subjects are held out by their first letters, so that "woman" and "women" are on one side.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from jaxneuron.corpora._files import named
from jaxneuron.corpora._json import field, read_lines
from jaxneuron.corpora.agreement import Pair

SIMPLE = ("regular_plural_subject_verb_agreement_1", "irregular_plural_subject_verb_agreement_1")
"""Paradigms whose subject stands beside the verb."""

DISTRACTED = ("distractor_agreement_relational_noun", "distractor_agreement_relative_clause")
"""Paradigms with another noun between, which is held out as a kind."""

SINGULAR = ("is", "was", "has", "does", "isn't", "wasn't", "hasn't", "doesn't")

FUNCTION = set(
    "a an the this that these those some all most many every each no any few lots lot of about "
    "several who which and or".split()
)
"""Words that are no subject."""


def read(path: Path) -> list[Pair]:
    """Read the pairs of a file, or of the files of a folder, that are about a verb's number.

    Args:
        path: `.jsonl`, perhaps with `.gz`, or a folder of such files.

    Returns:
        Pairs whose value is 0 for a singular and 1 for a plural; held out are the paradigms with another noun between,
        with subjects that no other pair has. Pairs of held-out paradigms with other subjects are left out.

    Raises:
        FileNotFoundError: no such file, or none in the folder.
        ValueError: a malformed line, or no pair about a verb's number.
    """
    files = named(path, "*.jsonl") if path.is_dir() else [path]
    if not files:
        raise FileNotFoundError(f"no .jsonl or .jsonl.gz in {path}; give BLiMP's files, or one of them")
    found, seen = [], Counter()
    for file in files:
        for number, row in read_lines(file):
            where = f"{file}, line {number}"
            paradigm, good, bad = (field(row, name, str, where) for name in ("UID", "sentence_good", "sentence_bad"))
            seen[paradigm] += 1
            if paradigm in SIMPLE + DISTRACTED and (one := pair(good.split(), bad.split(), paradigm)):
                found.append(one)
    if not found:
        raise ValueError(
            f"{path} has no pair about a verb's number; expected the paradigms {', '.join(SIMPLE + DISTRACTED)}, got "
            f"{', '.join(sorted(seen)[:6]) or 'none'}"
        )
    return found


def some(found: Sequence[Pair], count: int, seed: int) -> list[Pair]:
    """Return so many pairs, half of them held out, drawn at random, in their order.

    Args:
        found: all pairs.
        count: how many; fewer where there are not so many.
        seed: of the draw.
    """
    draw, kept = np.random.default_rng(seed), list[int]()
    for held_out in (False, True):
        own = [place for place, one in enumerate(found) if one.held_out == held_out]
        kept += draw.permutation(own)[: count // 2].tolist()
    return [found[place] for place in sorted(kept)]


def pair(good: list[str], bad: list[str], paradigm: str) -> Pair | None:
    """Return two sentences as a pair, if they differ in one word, and its subject is of the paradigm's half.

    Args:
        good: the words of the right sentence.
        bad: those of the wrong one.
        paradigm: of the pair, which says the number of its subject.

    Example:
        >>> pair("The boys bark often .".split(), "The boys barks often .".split(), SIMPLE[0])[:4]
        (('The', 'boys'), ('bark', 'barks'), ('often', '.'), 1)
    """
    other = [place for place, words in enumerate(zip(good, bad, strict=False)) if words[0] != words[1]]
    if len(good) != len(bad) or len(other) != 1 or not other[0]:
        return None
    before, after, held_out = good[: other[0]], good[other[0] + 1 :], paradigm in DISTRACTED
    subject = next((word.lower() for word in before if word.lower() not in FUNCTION), None)
    if subject is None or crc32(subject[:3].encode()) % 2 != held_out:
        return None
    forms = good[other[0]], bad[other[0]]
    return Pair(tuple(before), forms, tuple(after), int(not _singular(*forms)), paradigm, held_out)


def _singular(form: str, other: str) -> bool:
    """Tell whether the first of two forms of a verb is that of a singular."""
    return form in SINGULAR or (other not in SINGULAR and len(form) > len(other) and form.endswith("s"))
