"""Cut a model in two at a site: what leads up to an activation, and what follows from it.

With these maps one method serves inputs, layers and neurons alike: integrated gradients at a hidden layer is
integrated gradients of `above`, at the embedding of one unit it is `between`.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron.edits import Replace
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Forward, Params, Site, Target, Tokens


def below(forward: Forward, params: Params, site: Site) -> Callable[[Tokens], Float[Array, "batch time unit"]]:
    """Return the map from tokens to the activation at `site`."""

    def activation(tokens: Tokens) -> Float[Array, "batch time unit"]:
        activations = forward(params, tokens, {})[1]
        check_site(site, activations)
        return activations[site]

    return activation


def above(
    forward: Forward, params: Params, tokens: Tokens, site: Site, target: Target
) -> Callable[[Float[Array, "batch time unit"]], Float[Array, "batch"]]:
    """Return the map from the activation at `site` to the target's score.

    Replacing a recurrent site fixes it at all steps, so there the map is the direct effect.

    Raises:
        KeyError: the model has no such site.
    """
    check_site(site, sites(forward, params, tokens))

    def score(value: Float[Array, "batch time unit"]) -> Float[Array, "batch"]:
        output, activations = forward(params, tokens, {site: Replace(value)})
        return target(output, activations, tokens)

    return score


def between(
    forward: Forward, params: Params, tokens: Tokens, source: Site, site: Site
) -> Callable[[Float[Array, "batch time unit"]], Float[Array, "batch _time _unit"]]:
    """Return the map from the activation at `source` to the activation at a later `site`.

    Raises:
        KeyError: the model has no such site.
    """
    for name in (source, site):
        check_site(name, sites(forward, params, tokens))

    def activation(value: Float[Array, "batch time unit"]) -> Float[Array, "batch _time _unit"]:
        return forward(params, tokens, {source: Replace(value)})[1][site]

    return activation


def lower(forward: Forward, params: Params, units: Unit, source: Site) -> Along:
    """Rewrite units of a linear site as directions of the site beneath it.

    A unit of a projection is `value[source] . column + bias`. Searching for the input of a few units through the
    whole projection would compute every column: XLA does not push a column selection through a matrix product.

    Args:
        forward: the model.
        params: its weights.
        units: stacked units of one site, `index[target]`.
        source: the site beneath, of which the units' site is an affine function.

    Returns:
        Stacked targets, `direction[target, unit]` and `bias[target]`, equal to `units` on every input.

    Raises:
        KeyError: the model has no such site.
        ValueError: an index is out of range, or the units are no affine function of `source` at their position.
    """
    shapes = sites(forward, params, _word())
    for site in (units.site, source):
        check_site(site, shapes)
    check_units(units, shapes[units.site].shape[-1])
    lowered, equal = _lower(forward, params, units, source)
    if not equal:
        raise ValueError(
            f"{units.site!r} is no affine function of {source!r} at the same position; lower only projections"
        )
    return lowered


@functools.partial(jax.jit, static_argnames=("forward", "source"))
def _lower(forward: Forward, params: Params, units: Unit, source: Site) -> tuple[Along, Bool[Array, ""]]:
    through = between(forward, params, _word(), source, units.site)
    shape = sites(forward, params, _word())[source]
    bias, pull = jax.vjp(through, jnp.zeros(shape.shape, shape.dtype))
    one_hot = jax.nn.one_hot(units.index, bias.shape[-1], dtype=bias.dtype)
    columns = jax.vmap(lambda row: pull(jnp.broadcast_to(row, bias.shape))[0])(one_hot)
    lowered = Along(source, columns[:, 0, 0], bias[0, 0, units.index], units.position)

    # Both must agree on a text of several words, one padded, with random values at the source: a site that
    # bends, or that mixes positions, shows here.
    text = Tokens(jnp.zeros((2, 3), jnp.int32), jnp.array([[True, True, True], [True, True, False]]))
    shape = sites(forward, params, text)[source]
    value = jax.random.normal(jax.random.key(0), shape.shape, shape.dtype)
    output, activations = forward(params, text, {source: Replace(value)})
    exact, linear = (jax.vmap(lambda one: one(output, activations, text))(many) for many in (units, lowered))
    return lowered, jnp.allclose(exact, linear, rtol=1e-3, atol=1e-3 * jnp.max(jnp.abs(exact)))


def _word() -> Tokens:
    return Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))


def check_units(units: Unit, width: int) -> None:
    """Raise a ValueError if an index is not a unit of a site that is `width` units wide."""
    index = jnp.asarray(units.index)
    if jnp.any((index < 0) | (index >= width)):
        wrong = index[(index < 0) | (index >= width)].ravel()[:3].tolist()
        raise ValueError(f"unit {wrong} is out of range: {units.site!r} has the units 0 to {width - 1}")
