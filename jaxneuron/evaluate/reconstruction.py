"""How much of a site a dictionary keeps: of its variance, and of what the model makes of it.

Cost:
    `kept`: none. `recovered`: four passes over the text, as it is, with the reconstruction, with the mean and with
    zeros.

Fails:
    Much variance explained may still lose what the model needs, and the other way round: look at both. A dictionary
    judged on its own training text looks too good.

Peers:
    SAELens's evaluation: explained variance, L0 and the loss recovered.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.dictionary import Dictionary, check, decode, encode
from jaxneuron.edits import Replace
from jaxneuron.table import Checked, Table, padded, spans
from jaxneuron.targets import scores, text_at
from jaxneuron.types import Forward, Params, Text


class Kept(NamedTuple):
    """What a dictionary keeps of activations that it has not seen."""

    explained: float  # share of the variance, at most 1; below 0, the mean would be better
    active: float  # features at a token, on average
    dead: float  # share of the features that are active at no token
    density: Float[np.ndarray, "feature"]  # share of the tokens at which each is active
    counts: Float[np.ndarray, "feature"]  # tokens with 0, 1, ... active features; the last entry counts all with more


class Recovered(NamedTuple):
    """A model's loss with what the dictionary makes of a site in the site's place, and what that is compared with."""

    clean: float  # the model as it is
    replaced: float  # with the reconstruction
    mean: float  # with the site's mean
    zero: float  # with zeros
    share: float  # (mean - replaced) / (mean - clean): 1 for no loss, 0 for as much as without the site; NaN where the
    # mean does no harm


def kept(
    activations: Table,
    dictionary: Dictionary,
    *,
    outputs: Table | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Kept:
    """Tell how well a dictionary writes activations, and with how many features.

    The share of the variance is `1 - sum |y - written(x)|^2 / sum |y - mean(y)|^2`, over all tokens and units.

    Args:
        activations: what is read, of text that the dictionary was not learnt on.
        dictionary: the dictionary.
        outputs: what is written, of a transcoder; by default the activations.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Raises:
        ValueError: activations of another width, that are not finite or that never change.

    Example:
        >>> both = Dictionary(jnp.array([[1.0, -1.0]]), jnp.zeros(2), jnp.array([[1.0], [-1.0]]), jnp.zeros(1), k=1)
        >>> kept(np.array([[3.0], [-2.0]]), both).explained
        1.0
    """
    check(dictionary)
    read, written = Checked(activations), Checked(activations if outputs is None else outputs)
    widths = (dictionary.encoder.shape[0], dictionary.decoder.shape[1])
    if (read.shape[1], written.shape[1]) != widths or read.shape[0] != written.shape[0]:
        raise ValueError(
            f"the dictionary reads {widths[0]} units and writes {widths[1]}, got the shapes {read.shape} and "
            f"{written.shape}; give the same tokens at the sites that it was learnt on"
        )
    chunk = batching.chunk_size(4 * (3 * sum(widths) + 4 * dictionary.features), read.shape[0], budget)
    first = jnp.asarray(written[:1])  # near enough to the mean that nothing cancels
    sums = None
    for here in spans(read.shape[0], chunk, progress):
        rows, wanted = (jnp.asarray(padded(table[here], chunk)) for table in (read, written))
        found = _sums(dictionary, rows, wanted, first, jnp.arange(chunk) < here.stop - here.start)
        found = jax.tree.map(lambda part: np.asarray(part, np.float64), found)
        sums = found if sums is None else jax.tree.map(np.add, sums, found)
    assert sums is not None
    spread = float(sums["squares"] - sums["sum"] @ sums["sum"] / read.shape[0])
    if not spread > 0:
        raise ValueError("the activations never change: there is no variance that could be explained; give more text")
    density = sums["fired"] / read.shape[0]
    explained = 1 - float(sums["left"]) / spread
    return Kept(explained, float(density.sum()), float(np.mean(density == 0)), density, sums["counts"])


@jax.jit
def _sums(dictionary: Dictionary, rows: Array, wanted: Array, first: Array, valid: Array) -> dict[str, Array]:
    """Return what a block adds to each sum."""
    codes = encode(dictionary, rows)
    left = jnp.where(valid[:, None], wanted - decode(dictionary, codes, rows), 0)
    moved = jnp.where(valid[:, None], wanted - first, 0)
    active = (codes > 0) & valid[:, None]
    count = jnp.where(valid, active.sum(axis=1), -1)
    return {
        "left": jnp.sum(jnp.square(left)),
        "squares": jnp.sum(jnp.square(moved)),
        "sum": moved.sum(axis=0),
        "fired": active.sum(axis=0),
        "counts": jnp.bincount(jnp.maximum(count, 0), weights=valid.astype(jnp.float32), length=codes.shape[1] + 1),
    }


def recovered(
    forward: Forward,
    params: Params,
    tokens: Text,
    dictionary: Dictionary,
    *,
    loss: Callable[[Any, Any, Text], Float[Array, "text"]] | None = None,
    chunk: int = 16,
    progress: batching.Progress | None = None,
) -> Recovered:
    """Tell how much worse a model becomes where a site is what the dictionary makes of it.

    Args:
        forward: the model, as it was before features were attached.
        params: its weights.
        tokens: texts of one padded length, on the host.
        dictionary: of one of its sites, which it names.
        loss: `(output, clean output, tokens) -> [text]`, to be minimised; by default the divergence, in nats, of what
            the model predicts from what it predicts as it is, summed over the words.
        chunk: texts at a time.
        progress: called after each chunk.

    Raises:
        KeyError: the model has no such site.
        ValueError: the dictionary names no site.
    """
    check(dictionary)
    if not dictionary.site:
        raise ValueError("the dictionary does not say of which site it is; give it one: dataclasses.replace(site=...)")
    rows = jax.tree.map(np.asarray, tokens)
    chunk = min(chunk, len(rows.mask))

    def add(carry: tuple[Any, Any], index: Array, valid: Array, some: Text) -> tuple[Any, Any]:
        found = _total(params, some, valid, forward=forward, site=dictionary.written)
        return carry[0] + np.asarray(found[0], np.float64), carry[1] + float(found[1])

    summed, count = batching.fold_rows(add, (0.0, 0.0), rows, chunk=chunk)
    mean_value = jnp.asarray(summed / count, jnp.float32)

    def more(carry: Any, index: Array, valid: Array, some: Text) -> Any:
        found = _losses(params, some, dictionary, mean_value, forward=forward, loss=loss or divergence)
        return carry + np.asarray(jnp.where(valid[None], found, 0).sum(axis=1), np.float64)

    total = batching.fold_rows(more, np.zeros(4), rows, chunk=chunk, progress=progress)
    clean, replaced, mean, zero = (total / count).tolist()
    harm = mean - clean
    return Recovered(clean, replaced, mean, zero, (mean - replaced) / harm if harm > 0 else float("nan"))


def divergence(output: Any, clean: Any, tokens: Text) -> Float[Array, "text"]:
    """Return the divergence of what a model predicts from what it predicts as it is, in nats, summed over the words.

    Args:
        output: of the changed model.
        clean: of the model as it is.
        tokens: what was read.
    """
    before, after = jax.nn.log_softmax(scores(clean)), jax.nn.log_softmax(scores(output))
    apart = jnp.sum(jnp.exp(before) * (before - after), axis=-1)
    if apart.shape[-1] != tokens.mask.shape[-1]:
        return apart.sum(axis=-1)
    return jnp.where(tokens.mask, apart, 0).sum(axis=-1)


def surprise(output: Any, clean: Any, tokens: Text) -> Float[Array, "text"]:
    """Return how unexpected each next word is, in nats, summed over the words: the loss of a language model.

    Args:
        output: of the changed model.
        clean: not used: what is right is in the text.
        tokens: what was read.
    """
    del clean
    log_p = jax.nn.log_softmax(scores(output))[..., :-1, :]
    found = -jnp.take_along_axis(log_p, jnp.asarray(tokens.ids)[..., 1:, None], axis=-1)[..., 0]
    return jnp.where(jnp.asarray(tokens.mask)[..., 1:], found, 0).sum(axis=-1)


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _total(params: Params, tokens: Text, valid: Array, *, forward: Forward, site: str) -> tuple[Array, Array]:
    """Return the sum of a site over real words, and how many there are."""
    value = forward(params, tokens, {})[1][site]
    mask = jnp.asarray(text_at(site, tokens).mask)
    mask = (mask if mask.shape[-1] == value.shape[-2] else jnp.ones(value.shape[:-1], bool)) & valid[:, None]
    return jnp.where(mask[..., None], value, 0).sum(axis=(0, 1)), mask.sum().astype(jnp.float32)


@functools.partial(jax.jit, static_argnames=("forward", "loss"))
def _losses(
    params: Params, tokens: Text, dictionary: Dictionary, mean: Array, *, forward: Forward, loss: Any
) -> Float[Array, "four text"]:
    """Return the loss of each text as it is, and with a site reconstructed, at its mean and at zero."""
    clean, activations = forward(params, tokens, {})
    value = activations[dictionary.site]
    made = decode(dictionary, encode(dictionary, value), value)
    others = [Replace(made), Replace(mean), Replace(0.0)]
    outputs = [clean, *(forward(params, tokens, {dictionary.written: other})[0] for other in others)]
    return jnp.stack([loss(output, clean, tokens) for output in outputs])
