"""Files appear whole or not at all: they are written beside their place and then renamed."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; rename it to `path` if the block succeeds, else remove it.

    Raises:
        OSError: the disk is full or the folder is not ours to write; the message names `path`.
    """
    temporary = path.with_name(path.name + ".partial")
    with named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            with suppress(OSError):  # it was renamed, or could never be written
                temporary.unlink()


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an error of the disk say what could not be written, and what to do.

    Args:
        path: of what is written.

    Raises:
        OSError: what the disk says, with the path and what to do.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # has a message of its own
            raise
        raise OSError(
            error.errno,
            f"could not write {path} ({error.strerror}); what was whole before is kept: make room there, or write "
            "permission, and give the same command again",
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file.

    Raises:
        OSError: see `beside`.
    """
    with beside(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """Write a JSON lines file, one row a line.

    Raises:
        OSError: see `beside`.
    """
    with beside(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def check_there(folder: Path, names: Sequence[str], what: str) -> None:
    """Check that a folder has all files that it is made of.

    Args:
        folder: it need not be there.
        names: of the files.
        what: the folder is expected to be, for the message.

    Raises:
        FileNotFoundError: one is missing, the first of which is named.
    """
    for name in names:
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder} has no {name}; expected {what}, with {' and '.join(names)}")
