"""A command for each method of a question, made of the method's source when it is asked for."""

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from jaxneuron.cli import _given, _signature
from jaxneuron.cli._options import LARGEST, near, one_of
from jaxneuron.cli._signature import Method, Option

Told = Mapping[str, Any]
"""What the person said of a method's own options."""


class Kind(NamedTuple):
    """Methods of a question that are given the same, where not all are."""

    parameter: str  # by which they are known
    answer: Callable[..., None]  # of (method, told, given)
    options: tuple[str, ...] = ()  # parameters that `given` speaks for, which are no options of a method's own


def question(
    package: str,
    verb: str | Mapping[str, str],
    answer: Callable[..., None] | Sequence[Kind],
    help: str,
    *,
    leave: tuple[str, ...] = (),
    refused: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """Return a group of commands, one for each method of a package; other groups may be added to it.

    Args:
        package: such as `jaxneuron.attribute`.
        verb: of the package; or of the methods whose function is not called as their module is.
        answer: called with the method, what was said of its own options, and `given`, a NamedTuple of those
            that all methods share; or kinds of methods, each with what answers them.
        help: the question.
        leave: methods that another command answers.
        refused: methods that cannot be asked of a model and text: why not, and what can.
    """

    def function(name: str) -> str:
        return verb if isinstance(verb, str) else verb.get(name, name)

    class Methods(TyperGroup):
        """The methods of the package, read when they are needed."""

        def list_commands(self, ctx: Any) -> list[str]:
            """Return the names of the methods, and of the groups among them."""
            own = [name for name in _signature.names(package) if name not in leave and name not in refused]
            return sorted({*own, *super().list_commands(ctx)})

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """Return the command of a method."""
            known = self.list_commands(ctx)
            if cmd_name in refused:
                raise typer.BadParameter(
                    f"{cmd_name}: {refused[cmd_name]}; of a model and text these can be asked: {', '.join(known)}",
                    ctx=ctx,
                )
            if cmd_name not in known:
                raise typer.BadParameter(
                    f"no method {cmd_name!r}{near(cmd_name, known) or '; the methods are ' + ', '.join(known)}", ctx=ctx
                )
            if group := super().get_command(ctx, cmd_name):
                return group
            method = _signature.read(package, cmd_name, function(cmd_name))
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            app.command(cmd_name)(command(*((method, answer) if callable(answer) else chosen(method, answer))))
            return typer.main.get_command(app)

    return typer.Typer(cls=Methods, no_args_is_help=True, help=help)


def chosen(method: Method, kinds: Sequence[Kind]) -> tuple[Method, Callable[..., None]]:
    """Return a method with the options that are its own, and what answers it: the first kind that it is of.

    Raises:
        ValueError: it is of none.
    """
    for kind in kinds:
        if kind.parameter in method.takes:
            own = tuple(option for option in method.options if option.name not in kind.options)
            return method._replace(options=own), kind.answer
    known = ", ".join(kind.parameter for kind in kinds)
    raise ValueError(f"{method.name} takes none of {known}, so no command can ask it; call {method.module} from Python")


def parameters(method: Method, verb: str) -> frozenset[str]:
    """Return the names of all that a method takes, options too."""
    return frozenset(inspect.signature(getattr(importlib.import_module(method.module), verb)).parameters)


def command(method: Method, answer: Callable[..., None]) -> Callable[..., None]:
    """Return the function of a method's command: the options of the `given` that `answer` takes, and the method's."""
    kind = _given.kind_of(answer)
    shared = _given.parameters(kind)
    taken = {one.name for one in shared}
    own = {f"own_{option.name}": option for option in method.options}

    def run(**given: Any) -> None:
        told = {option.name: given.pop(name) for name, option in own.items()}
        told = {name: value for name, value in told.items() if value is not None}
        answer(method, told, _given.value(kind, given))

    parameters = [*shared, *(_parameter(name, option, taken) for name, option in own.items())]
    return _given.signed(run, parameters, method.summary)


def _parameter(name: str, option: Option, taken: set[str]) -> inspect.Parameter:
    flag = f"--{'method-' * (option.name in taken)}{option.name.replace('_', '-')}"
    flags = (f"{flag}/--no-{flag[2:]}",) if option.kind is bool else (flag,)
    default = "" if option.required else f" (default: {option.default})" if option.default != "None" else ""
    kind: Any = tuple[(option.kind,) * option.several] if option.several > 1 else option.kind  # type: ignore[misc]
    check = one_of(*option.choices) if option.choices else _sound if option.kind in (int, float) else None
    if not option.several:
        kind, check = str, _listed(option.kind)
    told = typer.Option(*flags, help=f"{option.help}{default}", callback=check, rich_help_panel="Of the method")
    if option.required:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind, told])
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind | None, told], default=None
    )


def _listed(kind: type) -> Callable[[Any], Any]:
    """Return what takes numbers with commas between them apart, and checks them."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):  # none is given
            return value
        try:
            return _sound(tuple(kind(part) for part in value.split(",")))
        except ValueError:
            what = "whole numbers" if kind is int else "numbers"
            raise typer.BadParameter(f"expected {what} with commas between them, got {value!r}") from None

    return check


def _sound(value: Any) -> Any:
    """Check that what was given are numbers that can be used; whole ones count something."""
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, float) and not abs(number) <= LARGEST:
            raise typer.BadParameter(f"expected a number that can be used, got {number}")
        if isinstance(number, int) and not 0 <= number <= LARGEST:
            raise typer.BadParameter(f"expected a whole number from 0 to {LARGEST:,}, got {number}")
    return value


def check(method: Method, known: Collection[str]) -> None:
    """Check that a command can give a method what it takes.

    Raises:
        ValueError: it cannot.
    """
    if unknown := [name for name in method.takes if name not in known]:
        raise ValueError(
            f"{method.name} takes {unknown[0]!r}, which this command cannot make of a model and text; call "
            f"{method.module} from Python"
        )


def made(method: Method, makers: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return what a method takes, parameter -> value, each made when it is asked for and not before."""
    check(method, makers)
    return {name: makers[name]() for name in method.takes}


def call(method: Method, verb: str, known: Told, told: Told, **extra: Any) -> Any:
    """Call a method with what it takes of what is known, and with what the person said.

    Args:
        method: which.
        verb: its function.
        known: parameter -> value, for the positional ones.
        told: its own options; those that are fields of its settings go there, over its fast preset if it has one.
        extra: keyword arguments that it may take.

    Raises:
        ValueError: it takes something that the command cannot give.
    """
    module = importlib.import_module(method.module)
    function = getattr(module, verb)
    parameters = inspect.signature(function).parameters
    check(method, known)
    options = {name: value for name, value in told.items() if name in parameters}
    fields = {name: value for name, value in told.items() if name not in parameters}
    for name, one in parameters.items():
        if one.kind is not one.KEYWORD_ONLY:
            continue
        start = getattr(module, "FAST", one.default) if name == "settings" else one.default
        if hasattr(start, "_replace"):
            options[name] = start._replace(**{key: fields[key] for key in fields.keys() & set(start._fields)})
        elif start is one.empty and hasattr(one.annotation, "_fields"):
            options[name] = one.annotation(**{key: fields[key] for key in fields.keys() & set(one.annotation._fields)})
    options |= {name: value for name, value in extra.items() if name in parameters and value is not None}
    return function(*(known[name] for name in method.takes), **options)
