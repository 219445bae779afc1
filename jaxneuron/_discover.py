"""Find the methods of a folder by looking: a new method is one file, and nothing needs to be told."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any


def methods(package: ModuleType) -> dict[str, Callable]:
    """Return each public module's name with its verb, the function named like the package, or what its `VERB` says.

    Raises:
        AttributeError: a public module does not expose the folder's verb.

    Example:
        >>> from jaxneuron import find
        >>> "gumbel_softmax" in methods(find)
        True
    """
    verb = getattr(package, "VERB", package.__name__.rpartition(".")[2])
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            found[module.name] = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), verb)
    return found


def settings(verb: Callable) -> Any:
    """Return the settings that a verb has where none are given, a NamedTuple; None for a verb without settings.

    Example:
        >>> from jaxneuron.find import softmax
        >>> settings(softmax.find)._replace(steps=100).steps
        100
    """
    parameter = inspect.signature(verb).parameters.get("settings")
    return None if parameter is None else parameter.default
