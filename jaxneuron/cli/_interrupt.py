"""Ctrl-C and SIGTERM: the work stops at the next place where nothing is lost, or a little later wherever it is.

Python's own way, an exception between any two instructions of the main thread and then an orderly end, crashes: threads
of XLA and tensorstore still compute while the interpreter takes itself apart under them. Here a thread hears the
signal. Work that counts stops when it next counts, and a training then saves its state. Other work, and such that does
not count within `GRACE` seconds, ends as by `kill -9`, which is as safe: whatever is written appears whole or not at
all. A second signal ends it at once.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

GRACE = 3.0
"""Seconds in which work that counts should have counted on."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

KEPT = ("train", "study", "extract", "atlas")
"""The commands that go on where they were stopped."""

_asked = 0  # the number of the first signal that asked this process to end
_counting = False  # there may be something to save at the next count
_reached = threading.Event()  # a place to stop


@contextmanager
def heard() -> Iterator[None]:
    """Hear the signals while the block runs; the process then ends with it, with 130, or 143 after SIGTERM."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    handlers = [signal.signal(number, lambda *_: None) for number in SIGNALS]
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_hear, args=(read,), name="signals", daemon=True).start()
    try:
        yield
    finally:
        if _asked:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            _leave()
        signal.set_wakeup_fd(before)
        for number, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(number, handler)
        os.close(write)  # ends the thread


def stage_begins() -> None:
    """Let work be interrupted here, where there is nothing to lose, and from here on until it counts."""
    global _counting
    _counting = False
    _stop_if_asked()


def stage_counts() -> None:
    """Let work be interrupted here, where it can stop and lose nothing."""
    global _counting
    _counting = True
    _stop_if_asked()


def _stop_if_asked() -> None:
    if _asked and threading.current_thread() is threading.main_thread():
        _reached.set()
        raise KeyboardInterrupt


def _hear(pipe: int) -> None:
    global _asked
    with os.fdopen(pipe, "rb", buffering=0) as signals:
        if not (first := signals.read(1)):
            return
        _asked = first[0]
        if not _counting:
            _leave()
        threading.Thread(target=_leave_late, name="grace", daemon=True).start()
        signals.read(1)
        _leave()


def _leave_late() -> None:
    if not _reached.wait(GRACE):
        _leave()


def _leave() -> NoReturn:
    """Say how to go on, and end the process without taking the interpreter apart."""
    how = "goes on from here" if sys.argv[1:2] and sys.argv[1] in KEPT else "begins anew"
    cursor = "\x1b[?25h\n" if sys.stdout.isatty() else ""  # a bar hides it, and ends in the middle of a line
    with suppress(OSError):
        os.write(2, f"{cursor}stopped; the same command {how}\n".encode())
    os._exit(128 + _asked)
