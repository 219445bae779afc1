"""Pairs of texts that differ in one variable, and what comes next in each case: what interchanges are tried on.

A file has a JSON object with `base`, `source`, `expected` and `instead` on each line, perhaps packed by gzip: once the
activations of `source` stand in for those of `base`, `expected` must come next and not `instead`. BLiMP's own lines
(Warstadt et al. 2020, arXiv 1912.00582) are made such rows, where two sentences differ in the number of a verb: the
text before it, and as a source that of another sentence whose verb has the other number.
"""

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FIELDS, BLIMP = ("base", "source", "expected", "instead"), ("sentence_good", "sentence_bad")


class Counterfactual(NamedTuple):
    """What comes next if a text has a variable of another."""

    base: str  # the text that is read
    source: str  # the text that lends
    expected: str  # what must come after the base once it has the source's
    instead: str  # what comes after it as it is


def read(path: Path, *, paradigm: str = "subject_verb_agreement_1", seed: int = 0) -> list[Counterfactual]:
    """Return the rows of a file.

    Args:
        path: JSON lines, `.jsonl` or `.jsonl.gz`.
        paradigm: of BLiMP, the paradigms whose name ends so.
        seed: of BLiMP, for which sentence is the source of which.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line that is no such row, the first is named; or no rows.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    rows: list[Any] = []
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or not (_texts(row, FIELDS) or _texts(row, BLIMP)):
                raise ValueError(
                    f"{path}, line {number}: expected a JSON object with the texts {', '.join(FIELDS)}, or one of "
                    f"BLiMP with {' and '.join(BLIMP)}, got {line.strip():.60}"
                )
            rows.append(row)
    theirs = [row for row in rows if not _texts(row, FIELDS)]
    found = [Counterfactual(*(row[name] for name in FIELDS)) for row in rows if _texts(row, FIELDS)]
    found += agreement([row for row in theirs if str(row.get("UID", paradigm)).endswith(paradigm)], seed=seed)
    if not found:
        names = ", ".join(sorted({str(row.get("UID", "")) for row in theirs})[:8])
        why = f"of a paradigm that ends in {paradigm!r}, among {names}" if theirs else "in the file"
        raise ValueError(f"{path}: no pairs {why}")
    return found


def _texts(row: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Tell whether a row has texts of these names."""
    return all(isinstance(row.get(name), str) and row[name].strip() for name in names)


def agreement(rows: list[dict[str, str]], *, seed: int = 0) -> list[Counterfactual]:
    """Return rows of BLiMP whose sentences differ in the number of a verb, each with a source of the other number.

    The form that ends in s is taken for the singular; sentences that differ in other words are left out.

    Example:
        >>> some = {"sentence_good": "A cat has fun.", "sentence_bad": "A cat have fun."}
        >>> more = {"sentence_good": "Dogs have fun.", "sentence_bad": "Dogs has fun."}
        >>> agreement([some, more])[0]
        Counterfactual(base='A cat', source='Dogs', expected='have fun.', instead='has fun.')
    """
    cut: list[tuple[str, str, str]] = []
    singular: list[bool] = []
    for row in rows:
        good, bad = row["sentence_good"].split(), row["sentence_bad"].split()
        place = next((i for i, (one, other) in enumerate(zip(good, bad, strict=False)) if one != other), 0)
        forms = [words[place].removesuffix(".").partition("n't")[0] for words in (good, bad)]
        if place and good[place + 1 :] == bad[place + 1 :] and forms[0].endswith("s") != forms[1].endswith("s"):
            cut.append((" ".join(good[:place]), " ".join(bad[place:]), " ".join(good[place:])))
            singular.append(forms[0].endswith("s"))
    sides = np.array(singular, bool)
    if sides.all() or not sides.any():
        return []
    drawn = np.random.default_rng(seed)
    others = [drawn.choice(np.flatnonzero(sides != side)) for side in sides]
    return [Counterfactual(base, cut[other][0], *next_) for (base, *next_), other in zip(cut, others, strict=True)]
