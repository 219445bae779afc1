"""How many bytes a function holds at once, from its jaxpr: what decides how many rows are computed together."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.extend.core import Jaxpr, Var


def peak(f: Callable, *inputs: Any) -> int:
    """Return the most bytes alive at a time while `f(*inputs)` runs in program order, beside its inputs.

    XLA needs less, since it fuses what is read once.
    """
    return _peak(jax.make_jaxpr(f)(*inputs).jaxpr)


def _peak(jaxpr: Jaxpr) -> int:
    last = {variable: place for place, equation in enumerate(jaxpr.eqns) for variable in _made(equation.invars)}
    last |= {variable: len(jaxpr.eqns) for variable in _made(jaxpr.outvars)}
    alive, most = {}, 0
    for place, equation in enumerate(jaxpr.eqns):
        held = sum(alive.values())
        inner = max(map(_peak, _inner(equation.params)), default=0)
        alive |= {variable: _bytes(variable) for variable in equation.outvars}
        most = max(most, held + inner, sum(alive.values()))
        alive = {variable: size for variable, size in alive.items() if last.get(variable, place) > place}
    return most


def _made(variables: list) -> Iterator[Var]:
    return (variable for variable in variables if isinstance(variable, Var))


def _inner(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """Yield the jaxprs of a loop's body, of a branch, of a function that is called."""
    for value in params.values():
        for one in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(one, "jaxpr", one)  # closed or open
            if isinstance(inner, Jaxpr):
                yield inner


def _bytes(variable: Var) -> int:
    return getattr(variable.aval, "size", 0) * getattr(getattr(variable.aval, "dtype", None), "itemsize", 0)
