"""The model that `--model` names: a checkpoint's folder, or a function of the user's own."""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from jaxneuron.cli._options import near

FIELDS = ("forward", "params", "vocabulary", "linear")
"""What the commands read of a model; see `jaxneuron_models.pure.Model`."""


def check(name: str, architecture: str, *, hub: bool = False, function: bool = True) -> bool:
    """Check, without loading anything, that a model may be there.

    Args:
        name: what `--model` says.
        architecture: which of those that `jaxneuron train` writes is read.
        hub: checkpoints of Hugging Face are read too, by folder or by name.
        function: so is what `module:function` returns.

    Returns:
        Whether it is a folder that `jaxneuron train` wrote.

    Raises:
        ValueError: a name of nothing, or a folder of another architecture.
        FileNotFoundError: no such folder.
    """
    path, wanted = Path(name), f"a folder that `jaxneuron train {architecture}` wrote"
    if hub:
        wanted += ", or a Hugging Face checkpoint, by folder or by its name on the hub"
    if function:
        wanted += ", or module:function of your own"
    if not name.strip():
        raise ValueError(f"--model is empty; expected {wanted}")
    if not path.exists():
        named = hub and not name.startswith((".", "/", "~")) and name.count("/") <= 1
        if named:
            return False
        if function and ":" in name:
            _function(name)
            return False
        raise FileNotFoundError(f"--model {name}: no folder {name}; expected {wanted}")
    if not path.is_dir():
        raise ValueError(f"--model {name} is a file; expected {wanted}")
    if not (path / "config.json").is_file():
        raise FileNotFoundError(f"--model {name}: no config.json in {name}; expected {wanted}")
    found = _architecture(path)
    if found is not None and found != architecture:
        raise ValueError(f"--model {name} holds a model of `jaxneuron train {found}`; expected {wanted}")
    if found is None and not hub:
        raise ValueError(
            f"--model {name} was not written by `jaxneuron train`; expected {wanted}. "
            "The activations of a Hugging Face checkpoint: `jaxneuron extract`"
        )
    return found is not None


def load(name: str) -> Any:
    """Load an Imaginet from its folder, or call `module:function`, where the current folder is looked in first.

    Raises:
        ValueError: what is wrong with the name, the module, the function or what it returns.
    """
    if Path(name).is_dir():
        from jaxneuron_models import imaginet

        return imaginet.load(name)
    function = _function(name)
    try:
        model = function()
    except (Exception, SystemExit) as error:
        raise ValueError(f"--model {name}: the function failed, {_where(error)}") from error
    missing = [field for field in FIELDS if not hasattr(model, field)]
    if missing:
        raise ValueError(
            f"--model {name}: the function returned {type(model).__name__}, without {', '.join(missing)}; "
            "expected a jaxneuron_models.pure.Model, or a tuple with the same names"
        )
    return model


def _function(name: str) -> Callable[[], Any]:
    """Import a module, the current folder first as in `python -m`, and return its function."""
    module, _, function = name.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), function]):
        raise ValueError(f"--model {name}: expected module:function, such as mymodels:load, or a folder that is there")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found = import_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"--model {name}: could not import {module}, {_where(error)}; a module is looked for in the current folder "
            "and where Python looks"
        ) from error
    if not callable(getattr(found, function, None)):
        known = [key for key, value in vars(found).items() if callable(value) and not key.startswith("_")]
        raise ValueError(f"--model {name}: no function {function!r} in {module}{near(function, known)}")
    return getattr(found, function)


def _where(error: BaseException) -> str:
    """Return an error with the line of the user's code that raised it."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    file = last.tb_frame.f_code.co_filename if last is not None else "<frozen>"
    place = f" ({file}, line {last.tb_lineno})" if last is not None and not file.startswith("<frozen") else ""
    return f"{type(error).__name__}: {error}{place}"


def _architecture(path: Path) -> str | None:
    """Return what `jaxneuron train` wrote, or None if it is something else.

    Raises:
        ValueError: the config is damaged.
    """
    try:
        header = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # JSON or UTF-8
        raise ValueError(f"--model {path}: config.json is damaged ({error}); fetch it again or train anew") from error
    if not isinstance(header, dict):
        raise ValueError(f"--model {path}: config.json holds no JSON object; fetch it again or train anew")
    return header.get("architecture")
