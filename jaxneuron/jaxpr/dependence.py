"""What depends on what in a model, read from its trace without running it, so that a cut that cuts nothing is named."""

import functools
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr, Literal
from jaxtyping import Array, Bool

from jaxneuron.jaxpr.walk import called
from jaxneuron.types import Forward, Params, Site, Text


def dependence(f: Any, *values: Any) -> Bool[np.ndarray, "input output"]:
    """Return which leaves of `f(*values)` can change with which leaves of `values`.

    It errs on the side of "can": a recurrence counts as one piece, and a product with zero as a product.

    Args:
        f: a callable pytree (see `split.traceable`); its trace is kept for each shape.
        *values: arrays, or their shapes and dtypes.

    Example:
        >>> dependence(jax.tree_util.Partial(lambda a, b: (a + b, 2 * a)), 1.0, 2.0).tolist()
        [[True, True], [True, False]]
    """
    leaves, tree = jax.tree.flatten((f, values))
    return _dependence(tree, _shapes(leaves), len(jax.tree.leaves(values)))


@functools.lru_cache(maxsize=512)
def _dependence(tree: Any, shapes: tuple, inputs: int) -> Bool[np.ndarray, "input output"]:
    def call(*leaves: Any) -> Any:
        f, values = jax.tree.unflatten(tree, leaves)
        return f(*values)

    jaxpr = jax.make_jaxpr(call)(*(jax.ShapeDtypeStruct(*shape) for shape in shapes)).jaxpr
    first = len(jaxpr.invars) - inputs
    places = range(len(jaxpr.invars))
    return np.array([_reached(jaxpr, [place == first + index for place in places]) for index in range(inputs)], bool)


def _reached(jaxpr: Jaxpr, changed: list[bool]) -> list[bool]:
    """Return which outputs change with the inputs that are `changed`."""
    live = {variable for variable, is_changed in zip(jaxpr.invars, changed, strict=True) if is_changed}
    for equation in jaxpr.eqns:
        inputs = [not isinstance(variable, Literal) and variable in live for variable in equation.invars]
        if not any(inputs):
            continue
        outputs = [True] * len(equation.outvars)
        inner = called(equation)
        if inner and len(inner[0].invars) == len(inputs):
            outputs = _reached(inner[0], inputs)
        live |= {variable for variable, is_live in zip(equation.outvars, outputs, strict=True) if is_live}
    return [not isinstance(variable, Literal) and variable in live for variable in jaxpr.outvars]


def recurrent(forward: Forward, params: Params, tokens: Text) -> frozenset[Site]:
    """Return the sites inside a recurrence: there an edit acts at every step, and is told a single time.

    Args:
        forward: the model.
        params: its weights.
        tokens: an example input.
    """
    leaves, tree = jax.tree.flatten((params, tokens))
    return _recurrent(forward, tree, _shapes(leaves))


@functools.lru_cache(maxsize=64)
def _recurrent(forward: Forward, tree: Any, shapes: tuple) -> frozenset[Site]:
    params, tokens = jax.tree.unflatten(tree, [jax.ShapeDtypeStruct(*shape) for shape in shapes])
    seen = _Seen()

    def noted(params: Params, tokens: Text) -> Any:
        sites = jax.eval_shape(lambda: forward(params, tokens, {})[1])
        return forward(params, tokens, {site: _Note(site, seen) for site in sites})[1]

    jax.eval_shape(noted, params, tokens)
    return frozenset(seen.sites)


class _Seen:
    """The sites seen, in what a pytree can carry past `jit`, unlike a set: it is equal to itself alone."""

    def __init__(self) -> None:
        self.sites: set[Site] = set()


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Note:
    """An edit that changes nothing and notes the sites where it was told a single time."""

    site: Site = field(metadata={"static": True})
    seen: _Seen = field(metadata={"static": True})

    def __call__(self, value: Array, time: Array) -> Array:
        """Return the value."""
        if jnp.ndim(time) == 0:
            self.seen.sites.add(self.site)
        return value


def _shapes(leaves: list) -> tuple:
    # a Python number has neither
    return tuple((getattr(leaf, "shape", ()), getattr(leaf, "dtype", None) or jnp.result_type(leaf)) for leaf in leaves)
