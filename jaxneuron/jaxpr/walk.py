"""Read a program (a jaxpr): its variables, the programs inside it, and a flat list of its operations."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}
"""Operations that run another program on their operands once, and the parameter that holds it."""


def variables(operands: Iterable[Any]) -> list[Any]:
    """Return the operands that are no literals."""
    return [operand for operand in operands if not isinstance(operand, Literal)]


def called(equation: Any) -> tuple[Jaxpr, Sequence[Any]] | None:
    """Return the program that a call runs in its place, and its constants; None for any other operation."""
    name = equation.primitive.name
    if name not in CALLS:
        return None
    inner = equation.params.get(CALLS[name]) or equation.params["call_jaxpr"]
    return getattr(inner, "jaxpr", inner), getattr(inner, "consts", ())


def inside(equation: Any) -> Iterator[Jaxpr]:
    """Yield the programs inside an operation: of a call, of a loop's body, of branches."""
    for leaf in jax.tree.leaves(equation.params, is_leaf=lambda leaf: isinstance(leaf, Jaxpr | ClosedJaxpr)):
        if isinstance(leaf, Jaxpr | ClosedJaxpr):
            yield leaf.jaxpr if isinstance(leaf, ClosedJaxpr) else leaf


def program(f: Callable[..., Any], *arguments: Any) -> ClosedJaxpr:
    """Return the operations of `f` at arguments of these shapes.

    Args:
        f: what to trace.
        *arguments: arrays, or their shapes and dtypes.
    """
    return flat(jax.make_jaxpr(f)(*arguments))


def flat(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Return the same program without calls and without operations that nobody reads."""
    shapes = [jax.ShapeDtypeStruct(variable.aval.shape, variable.aval.dtype) for variable in closed.jaxpr.invars]
    closed = jax.make_jaxpr(functools.partial(_inline, closed.jaxpr, closed.consts))(*shapes)
    jaxpr = closed.jaxpr
    read, kept = set(variables(jaxpr.outvars)), []
    for equation in reversed(jaxpr.eqns):
        if not read.isdisjoint(equation.outvars):
            read.update(variables(equation.invars))
            kept.append(equation)
    return ClosedJaxpr(jaxpr.replace(eqns=kept[::-1]), closed.consts)


def read(operands: Iterable[Any], values: Mapping[Any, Any]) -> list[Any]:
    """Return what operands stand for: literals themselves, variables by their values."""
    return [operand.val if isinstance(operand, Literal) else values[operand] for operand in operands]


def bind(equation: Any, values: Sequence[Any]) -> list[Any]:
    """Run one operation.

    Args:
        equation: of a jaxpr.
        values: of its arguments.

    Returns:
        Its results.
    """
    results = equation.primitive.bind(*values, **equation.params)
    return list(results) if equation.primitive.multiple_results else [results]


def _inline(jaxpr: Jaxpr, consts: Sequence[Any], *arguments: Any) -> list[Any]:
    values = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments), strict=True))

    for equation in jaxpr.eqns:
        operands = read(equation.invars, values)
        inner = called(equation)
        results = bind(equation, operands) if inner is None else _inline(*inner, *operands)
        values.update(zip(equation.outvars, results, strict=True))
    return read(jaxpr.outvars, values)
