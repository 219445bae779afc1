"""How many bytes a function holds at once, from its jaxpr: what decides how many rows are computed together."""

import collections
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
    last: dict[Var, int] = {}  # where each variable is made or read for the last time; inputs are not counted
    for place, equation in enumerate(jaxpr.eqns):
        last |= {one: place for one in equation.invars if isinstance(one, Var) and one in last}
        last |= dict.fromkeys(equation.outvars, place)
    last |= {one: len(jaxpr.eqns) for one in jaxpr.outvars if isinstance(one, Var) and one in last}
    freed = collections.Counter()
    for variable, place in last.items():
        freed[place] += _bytes(variable)
    held, most = 0, 0
    for place, equation in enumerate(jaxpr.eqns):
        made = sum(map(_bytes, equation.outvars))
        most = max(most, held + max(made, *map(_peak, _inner(equation.params)), 0))
        held += made - freed[place]
    return most


def _inner(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """Yield the jaxprs of a loop's body, of a branch, of a function that is called."""
    for value in params.values():
        for one in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(one, "jaxpr", one)  # closed or open
            if isinstance(inner, Jaxpr):
                yield inner


def _bytes(variable: Var) -> int:
    return getattr(variable.aval, "size", 0) * getattr(getattr(variable.aval, "dtype", None), "itemsize", 0)
