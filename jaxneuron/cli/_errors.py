"""What a person is told when a command fails: one line, and where the rest is if the failure is ours.

An error that the package raises on purpose, about what was given, is its message and exit code 2. What other packages
raise, or what nobody foresaw, names its kind and the file with the whole traceback.
"""

import errno
import tempfile
import traceback
import zlib
from types import TracebackType

GIVEN = (ValueError, KeyError, OSError, ImportError, EOFError, zlib.error)
"""Errors that are about what was given; others are faults of the program."""

FULL = (errno.ENOSPC, errno.EDQUOT)


def explain(error: Exception) -> tuple[int, str]:
    """Return the exit code and the line for an error."""
    if isinstance(error, OSError) and error.errno is not None:
        return 2, _system(error)
    memory = isinstance(error, RuntimeError) and any(
        said in str(error) for said in ("Out of memory", "RESOURCE_EXHAUSTED")
    )
    if memory or isinstance(error, MemoryError):
        return 2, f"not enough memory ({_line(error)[:200]}); give less at once: a smaller batch, fewer units or sites"
    if isinstance(error, GIVEN) and _deliberate(error):
        return 2, _line(error)
    fault = f"{type(error).__name__}: {_line(error)}; the whole traceback is in {_keep(error)}"
    if isinstance(error, GIVEN):
        return 2, f"could not go on with what was given: {fault}"
    return 1, f"a fault of jaxneuron, please report it: {fault}"


def _system(error: OSError) -> str:
    """Return what the operating system says, with the file and what to do."""
    said = str(error.strerror)
    if error.filename is not None:
        said = f"{error.filename}: {said}"
    if error.errno in FULL and "make room" not in said:
        said += "; make room, and give the same command again"
    return " ".join(said.split())


def _line(error: Exception) -> str:
    said = error.args[0] if isinstance(error, KeyError) and error.args else error
    return " ".join(str(said).split())


def _deliberate(error: Exception) -> bool:
    """Tell whether our own code raised an error, with a message for a person."""
    if isinstance(error, OSError):
        return True
    if " " not in str(error):  # the key of a dictionary, nothing that was said
        return False
    last: TracebackType | None = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return True
    statement = traceback.extract_tb(last)[-1].line or "raise"
    module = str(last.tb_frame.f_globals.get("__name__"))
    return module.partition(".")[0] in ("jaxneuron", "jaxneuron_models") and statement.startswith("raise")


def _keep(error: Exception) -> str:
    """Write the traceback to a file of its own; return its path."""
    with tempfile.NamedTemporaryFile("w", prefix="jaxneuron-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    return file.name
