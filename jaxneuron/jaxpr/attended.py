"""Cut a program at the attention weights that its argument decides first: the part before them, and the part after.

    f(x) = rest(x, softmax(scores(x)))

The softmaxes meant are those whose scores depend on the argument, but on no other softmax that does: of a block's
input, those of that block's heads. What makes scores is cheap beside all that follows, so that it can be computed anew
for many arguments where the rest is only differentiated (the QK fix of AtP*, Kramar et al. 2024, arXiv 2403.00745).
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from jaxneuron.jaxpr._softmax import FUNCTIONS, Part, parts
from jaxneuron.jaxpr.resume import resume
from jaxneuron.jaxpr.walk import bind, program, read, variables

Cut = tuple[Callable[[Array], list[Array]], Callable[[Array, list[Array]], Array]]


def attended(f: Callable[[Array], Array], x: Array) -> Cut:
    """Return what makes the attention weights that `f` computes first of its argument, and what is made of them.

    A softmax inside a recurrence belongs to the rest, as does a softmax of another softmax's results.

    Args:
        f: from an array to an array.
        x: one, or its shape and dtype.

    Returns:
        `weights`, from an argument to one array for each softmax, and `rest`, from an argument and such arrays to what
        `f` returns, without computing those weights again.

    Example:
        >>> import jax
        >>> x = jnp.array([0.0, 1.0])
        >>> weights, rest = attended(lambda x: jax.nn.softmax(x) @ x, x)
        >>> [round(float(one), 3) for one in weights(x)[0]], float(rest(x, [jnp.array([0.5, 0.5])]))
        ([0.269, 0.731], 0.5)
    """
    closed = program(f, x)
    jaxpr, softmaxes = closed.jaxpr, parts(closed.jaxpr)
    first = _first(jaxpr, softmaxes)

    def run(x: Array, given: list[Array]) -> tuple[list[Array], list[Array]]:
        values = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*closed.consts, x), strict=True))
        values |= dict(zip(first, given, strict=False))
        for equation in jaxpr.eqns:
            result = equation.outvars[0]
            if result in values:
                continue
            if result in softmaxes:
                values[result] = _part(softmaxes[result], values, result.aval)
            else:
                values.update(zip(equation.outvars, bind(equation, read(equation.invars, values)), strict=True))
        return [values[variable] for variable in first], read(jaxpr.outvars, values)

    return resume(lambda x: run(x, [])[0], x), lambda x, given: run(x, given)[1][0]


def _first(jaxpr: Any, softmaxes: dict[Any, Part]) -> list[Any]:
    """Return the softmaxes that depend on the argument, and on no other of them."""
    live, later, first = set(jaxpr.invars), set(), []
    for equation in jaxpr.eqns:
        operands, part = set(variables(equation.invars)), softmaxes.get(equation.outvars[0])
        if operands & live:
            live.update(equation.outvars)
            if operands & later:
                later.update(equation.outvars)
            elif part and part.kind == "softmax":
                first.append(equation.outvars[0])
                later.update(equation.outvars)
    return first


def _part(part: Part, values: dict[Any, Array], aval: Any) -> Array:
    """Return what is a part of a softmax, from the values that it is the softmax of."""
    of = values[part.of]
    if part.kind == "total":
        return jnp.ones(aval.shape, aval.dtype)
    if part.kind == "same":
        return of
    return FUNCTIONS[part.kind](of, axis=part.axes).astype(aval.dtype)
