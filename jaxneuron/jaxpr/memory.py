"""How many bytes a function holds at once, read from its program: what decides how many items are computed together."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import Jaxpr, Literal
from jaxtyping import PyTree

from jaxneuron.jaxpr.walk import inside, variables


def live_bytes(f: Callable[..., PyTree], *args: Any) -> int:
    """Return the most bytes that one call of `f` holds at a time, its arguments among them: what an item costs.

    Args:
        f: the function; it is traced, not run.
        *args: its arguments, or their shapes and types.

    Example:
        >>> import jax.numpy as jnp
        >>> live_bytes(lambda a: jnp.sum(jnp.outer(a, a)), jnp.zeros(10)) >= 400
        True
    """
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(args)) + peak(f, *args)


def peak(f: Callable[..., PyTree], *args: Any) -> int:
    """Return the most bytes that are alive at a time while `f` runs in program order, beside its arguments.

    What nobody reads does not count, nor what is the same for all arguments (weights, the layers below an edited site).
    The compiler fuses elementwise operations and so needs less.

    Args:
        f: the function; it is traced, not run.
        *args: its arguments, or their shapes and types.
    """
    jaxpr = jax.make_jaxpr(f)(*args).jaxpr
    return _peak(jaxpr, [True] * len(jaxpr.invars))


def _peak(jaxpr: Jaxpr, varies: list[bool]) -> int:
    given = set(jaxpr.invars)
    moving = {variable for variable, moves in zip(jaxpr.invars, varies, strict=True) if moves}
    for equation in jaxpr.eqns:
        if not moving.isdisjoint(variables(equation.invars)):
            moving.update(equation.outvars)
    # backwards from the results: a value lives from where it is made to where it is read last
    live = set(variables(jaxpr.outvars)) & moving - given
    most = sum(map(_bytes, live))
    for equation in reversed(jaxpr.eqns):
        made = [variable for variable in equation.outvars if variable in live]
        if not made:
            continue
        live.difference_update(made)
        live |= set(variables(equation.invars)) & moving - given
        size, before = sum(map(_bytes, made)), sum(map(_bytes, live))
        within = max((_peak(inner, _varying(equation, inner, moving)) for inner in inside(equation)), default=0)
        most = max(most, before + max(size, within))
    return most


def _varying(equation: Any, inner: Jaxpr, moving: set) -> list[bool]:
    """Return which arguments of a program inside an operation vary; all of them where they are not the operands."""
    varies = [not isinstance(variable, Literal) and variable in moving for variable in equation.invars]
    return varies if len(varies) == len(inner.invars) else [True] * len(inner.invars)


def _bytes(variable: Any) -> int:
    return getattr(variable.aval, "size", 0) * getattr(getattr(variable.aval, "dtype", None), "itemsize", 0)
