"""A function as a flat list of operations: its jaxpr with all calls run in place and what nobody reads left out."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from jaxneuron.rules._kinds import CALLS


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
    read, kept = {variable for variable in jaxpr.outvars if not isinstance(variable, Literal)}, []
    for equation in reversed(jaxpr.eqns):
        if not read.isdisjoint(equation.outvars):
            read.update(variable for variable in equation.invars if not isinstance(variable, Literal))
            kept.append(equation)
    return ClosedJaxpr(jaxpr.replace(eqns=kept[::-1]), closed.consts)


def bind(equation: Any, values: Sequence[Any]) -> list[Any]:
    """Run one operation."""
    results = equation.primitive.bind(*values, **equation.params)
    return list(results) if equation.primitive.multiple_results else [results]


def _inline(jaxpr: Jaxpr, consts: Sequence[Any], *arguments: Any) -> list[Any]:
    values = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments), strict=True))

    def read(variable: Any) -> Any:
        return variable.val if isinstance(variable, Literal) else values[variable]

    for equation in jaxpr.eqns:
        operands = [read(variable) for variable in equation.invars]
        name = equation.primitive.name
        if name in CALLS:
            inner = equation.params.get(CALLS[name]) or equation.params["call_jaxpr"]
            results = _inline(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), *operands)
        else:
            results = bind(equation, operands)
        values.update(zip(equation.outvars, results, strict=True))
    return [read(variable) for variable in jaxpr.outvars]
