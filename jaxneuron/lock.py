"""One run at a time in a folder: a second one is refused before it has written anything.

The lock is `flock`'s, which the system takes back from a process that ends in whatever way; the file that it is on says
who holds it, and is removed at the end.
"""

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from jaxneuron.files import named

Rest = ParamSpec("Rest")
Result = TypeVar("Result")


@contextmanager
def held(file: Path, what: Path | str) -> Iterator[None]:
    """Hold a lock while the block runs.

    Args:
        file: what the lock is on; made if it is not there.
        what: what is locked, for the message.

    Raises:
        BlockingIOError: another process, or another thread of this one, holds it.
        OSError: the file cannot be made.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / ".lock"
        >>> with held(file, "out"), held(file, "out"):  # doctest: +ELLIPSIS
        ...     pass
        Traceback (most recent call last):
        BlockingIOError: out is being written by ...
    """
    with named(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = _taken(file, what)
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink()  # before the lock is given back: who waits for this very file then sees that it is gone
        os.close(lock)


@contextmanager
def folder(directory: Path) -> Iterator[None]:
    """Hold a folder, which is made if it is not there, and removed if nothing comes into it.

    Raises:
        BlockingIOError, OSError: see `held`.
    """
    try:
        with held(directory / ".lock", directory):
            yield
    finally:
        with suppress(OSError):  # it is not empty
            directory.rmdir()


def one_at_a_time(run: Callable[Concatenate[Path, Rest], Result]) -> Callable[Concatenate[Path, Rest], Result]:
    """Let a function that writes to the folder it is given first hold that folder."""

    @wraps(run)
    def alone(directory: Path, *arguments: Rest.args, **options: Rest.kwargs) -> Result:
        with folder(directory):
            return run(directory, *arguments, **options)

    return alone


def _taken(file: Path, what: Path | str) -> int:
    """Return the open file that the lock is on."""
    while True:
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 500).decode(errors="replace").strip() or "another process"
            os.close(lock)
            raise BlockingIOError(
                f"{what} is being written by {holder}; wait until it has ended, stop it, or choose another folder"
            ) from None
        if _same(lock, file):
            os.truncate(lock, 0)
            os.write(lock, _me().encode())
            return lock
        os.close(lock)  # its holder removed it between our two calls


def _same(lock: int, file: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.fstat(lock).st_ino == file.stat().st_ino
    return False


def _me() -> str:
    """Return who this process is."""
    command = " ".join(Path(part).name if number == 0 else part for number, part in enumerate(sys.argv))
    return f"process {os.getpid()} on {socket.gethostname()} ({command[:200]})"
