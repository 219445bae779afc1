"""Go on from where something is changed: what does not depend on the change is computed once, whatever follows."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import Literal

from jaxneuron.jaxpr.walk import bind, program


def resume(f: Callable[[Any], Any], argument: Any) -> Callable[[Any], Any]:
    """Return `f`, of which everything that its argument cannot change is computed now.

    A function that changes a model's activation and reads its output is so cut at that activation, also where other
    paths go past it: what comes before and beside is a constant of what follows, and a loop over arguments, such as
    `jax.lax.map`, runs no more than the rest.

    Args:
        f: from a pytree of arrays to a pytree of arrays.
        argument: one, or what has its shapes and dtypes.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(3.0)
        >>> rest = resume(lambda scale: jnp.sum(jnp.exp(x)) * scale, 1.0)
        >>> [equation.primitive.name for equation in jax.make_jaxpr(rest)(2.0).eqns]
        ['mul']
    """
    leaves, tree = jax.tree.flatten(argument)
    after = jax.tree.structure(jax.eval_shape(f, argument))

    def flat(*leaves: Any) -> list[Any]:
        return jax.tree.leaves(f(jax.tree.unflatten(tree, leaves)))

    closed = program(flat, *leaves)
    jaxpr = closed.jaxpr
    known: dict[Any, Any] = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    changed, rest = set(jaxpr.invars), []
    for equation in jaxpr.eqns:
        if any(not isinstance(variable, Literal) and variable in changed for variable in equation.invars):
            changed.update(equation.outvars)
            rest.append(equation)
        else:
            known.update(zip(equation.outvars, bind(equation, _read(equation.invars, known)), strict=True))

    def resumed(argument: Any) -> Any:
        values = known | dict(zip(jaxpr.invars, jax.tree.leaves(argument), strict=True))
        for equation in rest:
            values.update(zip(equation.outvars, bind(equation, _read(equation.invars, values)), strict=True))
        return jax.tree.unflatten(after, _read(jaxpr.outvars, values))

    return resumed


def _read(variables: Any, values: dict[Any, Any]) -> list[Any]:
    return [variable.val if isinstance(variable, Literal) else values[variable] for variable in variables]
