"""Texts as examples of a concept: their activations at some sites, and what a target's gradient is there."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import _numbers, batching
from jaxneuron.split import above
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import at_word
from jaxneuron.types import Forward, Params, Site, Target, Tokens

Pool = Literal["mean", "token"] | int
"""What of a text is an example: the mean over its tokens, each token by itself, or the token at a position."""


class Examples(NamedTuple):
    """Activations of examples at some sites; made by `examples`, or by hand of arrays `[example unit]`."""

    activations: Mapping[Site, Float[Any, "example unit"] | Float[Any, "example token unit"]]
    mask: Bool[Any, "example token"] | None = None  # where there is a token; None where there is one each


def gradients(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target,
    names: Sequence[Site],
    *,
    pool: Pool,
    budget: int = batching.BUDGET,
) -> dict[Site, Float[Array, "batch unit"]]:
    """Return the target's gradient with respect to each site, one vector per text.

    The derivative along a vector is that of moving every token of the text along it, `sum over tokens of gradient .
    vector`; with a position, of moving that token only.

    Args:
        forward: the model.
        params: its weights.
        tokens: the inputs to explain.
        target: what is predicted.
        names: sites.
        pool: as for `examples`.
        budget: bytes of working memory.

    Raises:
        KeyError: the model has no such site.
        ValueError: another pool.
    """
    return {name: _pooled(_gradient, forward, params, tokens, name, pool, budget, target)[:, 0] for name in names}


def examples(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    names: Sequence[Site],
    *,
    pool: Pool,
    budget: int = batching.BUDGET,
) -> Examples:
    """Return the activations of texts, to make concepts and random examples of.

    Args:
        forward: the model.
        params: its weights.
        tokens: one text per example.
        names: sites.
        pool: what an example is; there is no default, because it decides what the vector means. "mean" of its words,
            "token" for every word by itself, or the word at a position (0 the first, -1 the last).
        budget: bytes of working memory.

    Raises:
        KeyError: the model has no such site.
        ValueError: another pool.
    """
    values = {name: _pooled(_activation, forward, params, tokens, name, pool, budget, None) for name in names}
    mask = np.asarray(tokens.mask) if pool == "token" else None
    if mask is not None and any(value.shape[1] != mask.shape[1] for value in values.values()):
        raise ValueError(f"a site among {list(names)} has one vector per text, not per token; pool it by 'mean'")
    return Examples(values, mask)


def padded(arrays: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Stack arrays whose first two axes are filled up with zeros to one size."""
    filled = np.zeros((len(arrays), *size, *arrays[0].shape[2:]), arrays[0].dtype)
    for whole, array in zip(filled, arrays, strict=True):
        whole[: array.shape[0], : array.shape[1]] = array
    return filled


def count(name: str, given: Examples) -> int:
    """Return how many examples there are, the same at each site."""
    sizes = {np.shape(value)[0] for value in given.activations.values()}
    if len(sizes) != 1 or min(sizes) < 4:
        raise ValueError(f"expected four or more examples of {name!r}, as many at each site; got {sorted(sizes)}")
    return sizes.pop()


def values(name: str, given: Examples, site: Site, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `[example token unit]` and its mask, checked."""
    check_site(site, given.activations)
    value = _numbers.exact(given.activations[site])
    value = value[:, None] if value.ndim == 2 else value
    mask = np.ones(value.shape[:2], bool) if given.mask is None else np.asarray(given.mask, bool)
    if mask.shape != value.shape[:2] or not mask.any(axis=1).all():
        raise ValueError(
            f"expected a mask with a token in each of the {value.shape[:2]} examples of {name!r}, got {mask.shape}"
        )
    if value.shape[-1] != units:
        raise ValueError(f"expected {units} units at {site!r}, as the gradients have; {name!r} has {value.shape[-1]}")
    value = np.where(mask[..., None], value, 0)
    if not np.isfinite(value).all():
        raise ValueError(f"the activations of {name!r} at {site!r} are not finite; leave those texts out")
    return value, mask


def _pooled(
    run: Any, forward: Forward, params: Params, tokens: Tokens, site: Site, pool: Pool, budget: int, target: Any
) -> Array:
    if pool not in ("mean", "token") and not isinstance(pool, int):
        raise ValueError(f"expected a pool of 'mean', 'token' or a position, got {pool!r}")
    shapes = sites(forward, params, tokens)
    check_site(site, shapes)
    total = sum(4 * np.prod(shape.shape[1:]) for shape in shapes.values())
    chunk = batching.chunk_size(4 * float(total), len(tokens.mask), budget)
    one = functools.partial(run, forward, params, site, pool, target)
    return batching.map_chunks(one, tokens, chunk=chunk)


@functools.partial(jax.jit, static_argnums=(0, 2, 3))
def _activation(forward: Forward, params: Params, site: Site, pool: Pool, target: None, tokens: Tokens) -> Array:
    value = forward(params, tokens, {})[1][site]
    if pool == "token":
        return value
    if value.shape[-2] == 1:
        return value
    if pool == "mean":
        mask = tokens.mask[..., None].astype(value.dtype)
        return jnp.sum(value * mask, axis=-2, keepdims=True) / jnp.sum(mask, axis=-2, keepdims=True)
    return at_word(value, tokens, pool)[:, None]


@functools.partial(jax.jit, static_argnums=(0, 2, 3))
def _gradient(forward: Forward, params: Params, site: Site, pool: Pool, target: Target, tokens: Tokens) -> Array:
    value = forward(params, tokens, {})[1][site]
    score = above(forward, params, tokens, site, target)
    gradient = jax.grad(lambda value: jnp.sum(score(value)))(value)
    if isinstance(pool, int):
        return at_word(gradient, tokens, pool)[:, None]
    if value.shape[-2] > 1:
        gradient = jnp.where(tokens.mask[..., None], gradient, 0)
    return jnp.sum(gradient, axis=-2, keepdims=True)
