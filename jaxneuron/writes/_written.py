"""The direction that a unit writes: how the first site that is a linear function of it changes with it."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.edits import Replace
from jaxneuron.tap import check_site
from jaxneuron.types import Forward, Params, Site, Text
from jaxneuron.writes._course import Course


class Directions(NamedTuple):
    """What units write, and where."""

    rows: Float[Array, "unit width"]  # by one of each unit
    into: Site  # the units' own site, if nothing is a linear function of it: then a unit is its own direction


def written(
    course: Course,
    forward: Forward,
    params: Params,
    text: Text,
    units: Int[np.ndarray, "unit"],
    *,
    site: Site,
    into: Site | None = None,
) -> Directions:
    """Return what units write into the next site, or into one that is named.

    Args:
        course: of the model.
        forward: the model.
        params: its weights.
        text: a short text.
        units: which.
        site: where they are.
        into: where what they write is read; by default the next site if it is linear in them, else their own.

    Raises:
        KeyError: the model has no such site.
        ValueError: the site that is named is no linear function of the units, the same in all texts.
    """
    following = into or course.after(site)
    if into is not None:
        check_site(into, course.shapes)
    if following is not None and following != site and following in course.reached[site]:
        rows, linear = _rows(forward, params, text, jnp.asarray(units), site=site, into=following)
        if linear:
            return Directions(rows, following)
    if into is not None and into != site:
        raise ValueError(
            f"{into!r} is no linear function of {site!r} that is the same in all texts; leave `into` out, or take what "
            "changes with the text: `token_change` or `jacobian_lens`"
        )
    return Directions(jnp.asarray(np.eye(course.shapes[site].shape[-1], dtype=np.float32)[units]), site)


@functools.partial(jax.jit, static_argnames=("forward", "site", "into"))
def _rows(
    forward: Forward, params: Params, text: Text, units: Int[Array, "unit"], *, site: Site, into: Site
) -> tuple[Float[Array, "unit width"], Bool[Array, ""]]:
    """Return what units write in one word, and whether they write it everywhere, and in no other place."""

    def run(some: Text, value: Array) -> Array:
        return forward(params, some, {site: Replace(value)})[1][into]

    one = jax.tree.map(lambda leaf: leaf[:1, :1], text)
    nothing = jnp.zeros_like(forward(params, one, {})[1][site])
    hot = jax.nn.one_hot(units, nothing.shape[-1], dtype=nothing.dtype)
    push = jax.linearize(functools.partial(run, one), nothing)[1]
    rows = jax.vmap(lambda row: push(jnp.broadcast_to(row, nothing.shape))[0, 0])(hot)

    # in another text, around other values, all units together change the first word by what they write, and no other
    there = jax.eval_shape(lambda: forward(params, text, {})[1][site])
    around, change = np.random.default_rng(0).normal(size=(2, *there.shape)).astype(there.dtype)
    change[:, 1:] = 0
    after, before = jax.vmap(functools.partial(run, text))(jnp.stack([around + change, around]))
    if before.shape[1] != there.shape[1]:
        return rows, jnp.zeros((), bool)
    expected = jnp.zeros_like(before).at[:, 0].set(jax.vmap(lambda row: push(row[None, None])[0, 0])(change[:, 0]))
    largest = jnp.max(jnp.abs(expected))
    return rows, (jnp.max(jnp.abs(after - before - expected)) <= 1e-3 * largest) & (largest > 0)
