"""Go on from where something is changed: what does not depend on the change is computed once, whatever follows.

Where few units are changed, a product with a weight that comes right after is not computed anew either: with x the
units as they are and x' as they become,

    x' W = x W + sum over the changed units u of (x'_u - x_u) W_u

whose first term is a constant. It is the same number up to the rounding of x W.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from jaxneuron.jaxpr._few import Few
from jaxneuron.jaxpr.walk import bind, program, read, variables

AGAIN = ("broadcast_in_dim", "iota")
"""What is not kept but made again: it takes more room than what it is made of, and no time."""


class Staged(NamedTuple):
    """A function in two parts."""

    before: Callable[[Any], Any]  # from what is fixed to arrays that are kept
    after: Callable[[Any, Any, Any], Any]  # from what is fixed, what was kept, and the argument to the result


def staged(f: Callable[[Any, Any], Any], fixed: Any, argument: Any, *, few: int | None = None) -> Staged:
    """Return `f` in two parts: what its argument cannot change, and the rest.

    A function that changes a model's activation and reads its output is so cut at that activation, also where other
    paths go past it. The parts may be compiled apart, each from a call of its own: the same `f` and the same shapes
    give the same cut, whatever `few` is as long as it is given in both or in neither.

    Args:
        f: from two pytrees of arrays to a pytree of arrays.
        fixed: the first, or what has its shapes and dtypes.
        argument: the second, likewise.
        few: of arguments that are vectors of one length, at how many places one of them differs from 0 in any that will
            be given; more would be overlooked. None: they are no vectors, or they may differ anywhere.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(3.0)
        >>> cut = staged(lambda x, scale: jnp.sum(jnp.exp(x)) * scale, x, 1.0)
        >>> kept = cut.before(x)
        >>> [equation.primitive.name for equation in jax.make_jaxpr(cut.after)(x, kept, 2.0).eqns]
        ['mul']
    """
    leaves, tree = jax.tree.flatten((fixed, argument))
    count, result = len(jax.tree.leaves(fixed)), jax.tree.structure(jax.eval_shape(f, fixed, argument))
    closed = program(lambda *leaves: jax.tree.leaves(f(*jax.tree.unflatten(tree, leaves))), *leaves)
    jaxpr, consts = closed.jaxpr, dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
    given, asked = jaxpr.invars[:count], jaxpr.invars[count:]
    thin = None if few is None else Few(asked, few)
    changed, early, late = set(asked), [], []
    for equation in jaxpr.eqns:
        if changed.isdisjoint(variables(equation.invars)):
            early.append(equation)
            continue
        changed.update(equation.outvars)
        late.append(equation)
        if thin:
            thin.meet(equation, changed)
    wanted = dict.fromkeys(variables([*jaxpr.outvars, *(operand for equation in late for operand in equation.invars)]))
    made, again = set(), []
    for equation in reversed(early):
        if equation.primitive.name not in AGAIN:
            made.update(equation.outvars)
        elif not wanted.keys().isdisjoint(equation.outvars):
            again.append(equation)
            wanted.update(dict.fromkeys(variables(equation.invars)))
    needed = [variable for variable in wanted if variable in made]

    def before(fixed: Any) -> tuple[list[Any], list[Any]]:
        values = consts | dict(zip(given, jax.tree.leaves(fixed), strict=True))
        for equation in early:
            values.update(zip(equation.outvars, bind(equation, read(equation.invars, values)), strict=True))
        return read(needed, values), thin.whole(values) if thin else []

    def after(fixed: Any, kept: tuple[list[Any], list[Any]], argument: Any) -> Any:
        values = consts | dict(zip([*given, *asked], jax.tree.leaves((fixed, argument)), strict=True))
        values.update(zip(needed, kept[0], strict=True))
        whole = dict(zip(thin.products if thin else (), kept[1], strict=True))
        for equation in (*reversed(again), *late):
            if thin and equation.outvars[0] in whole:
                found = [thin.product(equation, values, whole[equation.outvars[0]])]
            else:
                found = bind(equation, read(equation.invars, values))
            values.update(zip(equation.outvars, found, strict=True))
        return jax.tree.unflatten(result, read(jaxpr.outvars, values))

    return Staged(before, after)


def resume(f: Callable[[Any], Any], argument: Any, *, few: int | None = None) -> Callable[[Any], Any]:
    """Return `f`, of which everything that its argument cannot change is computed now: see `staged`.

    What comes before and beside is a constant of what follows, and a loop over arguments, such as `jax.lax.map`, runs
    no more than the rest.

    Args:
        f: from a pytree of arrays to a pytree of arrays.
        argument: one, or what has its shapes and dtypes.
        few: as in `staged`.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(3.0)
        >>> rest = resume(lambda scale: jnp.sum(jnp.exp(x)) * scale, 1.0)
        >>> [equation.primitive.name for equation in jax.make_jaxpr(rest)(2.0).eqns]
        ['mul']
    """
    cut = staged(lambda _, argument: f(argument), (), argument, few=few)
    kept = cut.before(())
    return lambda argument: cut.after((), kept, argument)
