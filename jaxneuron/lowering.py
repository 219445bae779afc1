"""A few units of a wide linear site are directions of the site beneath it: read those, and nothing else is computed."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from jaxneuron.edits import Replace
from jaxneuron.split import between, check_units
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Forward, Params, Site, Tokens


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
