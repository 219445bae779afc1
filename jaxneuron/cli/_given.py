"""What a command is told, as one value: a NamedTuple of which each field is an option that typer shows and checks."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints


def parameters(kind: Any, defaults: Mapping[str, Any] | None = None) -> list[inspect.Parameter]:
    """Return the parameters of a function that typer can take; a field that is a NamedTuple stands for its own fields.

    Args:
        kind: the NamedTuple, its fields annotated as typer has it.
        defaults: of its fields, in the place of its own.

    Example:
        >>> from typing import NamedTuple
        >>> class Where(NamedTuple):
        ...     site: str
        ...     unit: int = 0
        >>> class Asked(NamedTuple):
        ...     model: str
        ...     where: Where
        >>> [str(one) for one in parameters(Asked)]
        ['model: str', 'site: str', 'unit: int = 0']
    """
    known: Mapping[str, Any] = kind._field_defaults if defaults is None else defaults
    found: list[inspect.Parameter] = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        default = known.get(name, inspect.Parameter.empty)
        if hasattr(hint, "_fields"):
            found += parameters(hint, None if default is inspect.Parameter.empty else default._asdict())
        else:
            found.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default))
    return found


def value(kind: Any, given: Mapping[str, Any]) -> Any:
    """Return the NamedTuple of what was given for `parameters`."""
    hints = get_type_hints(kind)
    return kind(
        **{name: value(hint, given) if hasattr(hint, "_fields") else given[name] for name, hint in hints.items()}
    )


def kind_of(answer: Callable[..., None]) -> Any:
    """Return the NamedTuple that a command's answer takes as `given`."""
    return get_type_hints(answer, include_extras=True).get("given")


def command(answer: Callable[[Any], None]) -> Callable[..., None]:
    """Return the function of a command, with the parameters that typer shows and checks.

    Args:
        answer: takes one value, `given`, a NamedTuple of the options; its docstring is the command's help.
    """
    kind = kind_of(answer)

    def run(**given: Any) -> None:
        answer(value(kind, given))

    return signed(run, parameters(kind), answer.__doc__)


def signed(run: Callable[..., None], parameters: list[inspect.Parameter], doc: str | None) -> Callable[..., None]:
    """Return a function with a signature and a docstring; the options that must be given come first."""
    parameters = sorted(parameters, key=lambda one: one.default is not one.empty)
    run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__doc__ = doc
    return run
