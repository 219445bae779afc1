"""What are the labels of a text called? Data sets number them; a reader wants to know which one is the good review.

Asked in this order: the names that the user gives; a file beside the text that names labels, in one of the forms in
which data sets have them (`FILES`); a sentence beside it, such as "label 1 = positive". A number that stays without a
name is called "label 1", and where the other one of two labels has a name, "not positive".
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxneuron.studies.attribution.material import Texts
from jaxneuron.tap import nearest

FILES = ("label_names.json", "labels.json", "dataset_info.json", "dataset_infos.json")
"""A list of names in the order of the numbers; an object label -> name; or the one that `datasets` writes, whose
features have `{"_type": "ClassLabel", "names": [...]}`."""

PROSE = ("README.md", "README.txt", "README", "SOURCE.txt")
"""Where people write it down: the card of a data set on the hub, or a sentence."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?|true|false", re.IGNORECASE)


def named(labels: Sequence[str], sources: Sequence[Path], own: Mapping[str, str]) -> dict[str, str]:
    """Return what each label is called.

    Args:
        labels: as the text has them.
        sources: the text's file or folder, and others, in which nothing may be said of these labels.
        own: label -> name, from the user.

    Raises:
        ValueError: a name for a label that does not occur, one name for two labels, or a file that does not name them.

    Example:
        >>> named(["0", "1"], [], {"1": "good"}), named(["no", "yes"], [], {})
        ({'0': 'not good', '1': 'good'}, {'no': 'no', 'yes': 'yes'})
    """
    if unknown := sorted(own.keys() - set(labels)):
        raise ValueError(
            f"a name for the label {unknown[0]!r}{nearest(unknown[0], labels)}; the labels are {', '.join(labels)}"
        )
    folders = [path if path.is_dir() else path.parent for path in sources]
    known = {}
    for folder in folders:
        known |= _beside(folder, labels)
    known |= own
    names = {label: known.get(label) or _unnamed(label, labels, known) for label in labels}
    if len(set(names.values())) < len(names):
        raise ValueError(f"two labels have one name: {', '.join(f'{k} = {v}' for k, v in names.items())}")
    return names


def _unnamed(label: str, labels: Sequence[str], known: Mapping[str, str]) -> str:
    if not _NUMBER.fullmatch(label):
        return label
    others = [known[other] for other in labels if other in known]
    return f"not {others[0]}" if len(labels) == 2 and others else f"label {label}"


def renamed(texts: Texts, names: Mapping[str, str]) -> Texts:
    """Return texts with the names of their labels."""
    return texts._replace(labels=[names[str(label)] for label in texts.labels])


def _beside(folder: Path, labels: Sequence[str]) -> dict[str, str]:
    """Return what the files of a folder say of the labels."""
    for name in FILES:
        if (folder / name).is_file():
            for found in _mappings(json.loads((folder / name).read_text(encoding="utf-8"))):
                if told := {label: found[label] for label in labels if label in found}:
                    return told
    for name in PROSE:
        if (folder / name).is_file():
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
            if found := {label: told for label in labels if (told := _of_prose(text, label))}:
                return found
    return {}


def _mappings(content: Any) -> Iterator[dict[str, str]]:
    """Yield everything in a JSON value that may be label -> name."""
    if isinstance(content, list):
        yield {str(number): name for number, name in enumerate(content) if isinstance(name, str)}
    if isinstance(content, dict):
        yield {label: name for label, name in content.items() if isinstance(name, str)}
        for key, value in content.items():
            if isinstance(value, dict) or key == "names":
                yield from _mappings(value)


def _of_prose(text: str, label: str) -> str | None:
    r"""Return the word that follows a label and an equals sign or a colon, in a line about labels.

    Example:
        >>> [_of_prose("label 1 = subjective (quote), 0 = objective", label) for label in "012"]
        ['objective', 'subjective', None]
        >>> _of_prose("      class_label:\n        names:\n          '0': neg", "0")
        'neg'
    """
    mark = re.compile(rf"(?<![\w.-])['\"]?{re.escape(label)}['\"]?\s*[=:]\s*['\"]?([A-Za-z][\w-]*)")
    inside = False
    for line in text.splitlines():
        inside = bool(re.search(r"label", line, re.IGNORECASE)) or (inside and bool(re.match(r"\s+\S", line)))
        if inside and (found := mark.search(line)):
            return found[1]
    return None
