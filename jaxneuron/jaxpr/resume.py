"""Go on from where something is changed: what does not depend on the change is computed once, whatever follows.

Where few units are changed, a product with a weight that comes right after is not computed anew either: with x the
units as they are and x' as they become,

    x' W = x W + sum over the changed units u of (x'_u - x_u) W_u

whose first term is a constant. It is the same number up to the rounding of x W.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import Literal

from jaxneuron.jaxpr._few import Few
from jaxneuron.jaxpr.walk import bind, program, read


def resume(f: Callable[[Any], Any], argument: Any, *, few: int | None = None) -> Callable[[Any], Any]:
    """Return `f`, of which everything that its argument cannot change is computed now.

    A function that changes a model's activation and reads its output is so cut at that activation, also where other
    paths go past it: what comes before and beside is a constant of what follows, and a loop over arguments, such as
    `jax.lax.map`, runs no more than the rest.

    Args:
        f: from a pytree of arrays to a pytree of arrays.
        argument: one, or what has its shapes and dtypes.
        few: of an argument that is a vector, how many entries differ from 0 in any that will be given; more would be
            overlooked. None: it is no vector, or it may differ anywhere.

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
    thin = None if few is None else Few(jaxpr.invars[0], few)
    for equation in jaxpr.eqns:
        if any(not isinstance(variable, Literal) and variable in changed for variable in equation.invars):
            changed.update(equation.outvars)
            rest.append(equation)
            if thin:
                thin.meet(equation, known)
        else:
            known.update(zip(equation.outvars, bind(equation, read(equation.invars, known)), strict=True))

    def resumed(argument: Any) -> Any:
        values = known | dict(zip(jaxpr.invars, jax.tree.leaves(argument), strict=True))
        for equation in rest:
            if thin is None or (found := thin.product(equation, values)) is None:
                found = bind(equation, read(equation.invars, values))
            values.update(zip(equation.outvars, found, strict=True))
        return jax.tree.unflatten(after, read(jaxpr.outvars, values))

    return resumed
