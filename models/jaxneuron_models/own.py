"""A model of the user's own: what `package.module:function` returns, where the current folder is looked in first.

Nothing here imports JAX, so that a wrong name is refused at once; what a user's module imports is the user's.
"""

import difflib
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def function(name: str) -> Callable[[], Any]:
    """Import a module, the current folder first as in `python -m`, and return its function.

    Args:
        name: `module:function`, such as `"mymodels:load"` or `"package.module:load"`.

    Returns:
        The function; it is not called.

    Raises:
        ValueError: the name is none, or the module cannot be imported, or has no such function.
    """
    module, _, wanted = name.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), wanted]):
        raise ValueError(f"{name}: expected module:function, such as mymodels:load, or a folder that is there")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found = import_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"{name}: could not import {module}, {_where(error)}; a module is looked for in the current folder and "
            "where Python looks"
        ) from error
    if not callable(getattr(found, wanted, None)):
        known = [key for key, value in vars(found).items() if callable(value) and not key.startswith("_")]
        close = difflib.get_close_matches(wanted, known, n=1)
        raise ValueError(
            f"{name}: no function {wanted!r} in {module}" + (f": did you mean {close[0]!r}?" if close else "")
        )
    return getattr(found, wanted)


def call(name: str) -> Any:
    """Return what a function of the user's returns.

    Args:
        name: see `function`.

    Raises:
        ValueError: there is no such function, or it failed.
    """
    made = function(name)
    try:
        return made()
    except (Exception, SystemExit) as error:
        raise ValueError(f"{name}: the function failed, {_where(error)}") from error


def _where(error: BaseException) -> str:
    """Return an error with the line of the user's code that raised it."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    file = last.tb_frame.f_code.co_filename if last is not None else "<frozen>"
    place = f" ({file}, line {last.tb_lineno})" if last is not None and not file.startswith("<frozen") else ""
    return f"{type(error).__name__}: {error}{place}"
