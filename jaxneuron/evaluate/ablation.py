"""What is lost without these units? In the representation that a probe reads, and in the model itself.

A ranking is good if its first units are missed and its last ones are not. `masks` makes the sets: the top, the bottom
and a random k of a ranking, for every k. `in_representation` takes them away from what a trained probe sees.
`in_model` takes them away inside the model, so that everything after the site is computed without them: what a probe
can read and what the model uses are not the same (Antverg and Belinkov 2022, "On the Pitfalls of Analyzing Individual
Neurons in Language Models", arXiv 2110.07483). All sets are evaluated in one call: a linear probe without some units
is another row of weights, and a model without some units another leaf of one edit.

Cost:
    `in_representation`: none, one product with the probe's weights for each set. `in_model`: one pass of what is above
    the site for each set, and one of the whole.

Fails:
    A probe's loss is not the model's. Zero is a value that many units never have; give the mean. Other units stand in
    for those that are gone.

Peers:
    NeuroX's ablation (of a probe, zeros or kept units), one set at a time; nothing there runs the model.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.evaluate.effects import Predictions, logits, summary
from jaxneuron.intervene import Answered, ablate
from jaxneuron.table import Checked, Table, padded
from jaxneuron.types import Activations, Forward, Output, Params, Probe, Site, Tokens

Value = float | Float[Any, "unit"]
"""What an ablated unit is set to: 0, or the mean of each unit."""


class Masks(NamedTuple):
    """Sets of units to be taken away, of k units each."""

    top: Bool[np.ndarray, "k unit"]
    bottom: Bool[np.ndarray, "k unit"]
    random: Bool[np.ndarray, "repeat k unit"]  # nested, like the others: the first k of an order


class Effects(NamedTuple):
    """What the model does without a set of units, for each set."""

    perplexity: Float[np.ndarray, "*mask"]  # of the targets
    accuracy: Float[np.ndarray, "*mask"]  # share of the targets that score highest
    flips: Float[np.ndarray, "*mask"]  # share of the targets at which another output scores highest than before
    divergence: Float[np.ndarray, "*mask"]  # bits, KL(unedited || edited), mean over the targets
    unedited: tuple[float, float]  # perplexity and accuracy of the model as it is


def masks(key: Array, order: Int[Any, "*label unit"], counts: Sequence[int], *, repeats: int = 1) -> Masks:
    """Return the first, the last and random k units of an order, for each k.

    Args:
        key: one key, for the random ones.
        order: units from best to worst; 1-D.
        counts: the values of k, from 0 to all units.
        repeats: random orders.

    Raises:
        ValueError: an order of several labels, or a count out of range.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> masks(jax.random.key(0), jnp.array([2, 0, 1]), [1, 2]).top.tolist()
        [[False, False, True], [True, False, True]]
    """
    order, sizes = np.asarray(order), np.asarray(counts, int)
    if order.ndim != 1:
        raise ValueError(f"expected one order of units, got the shape {order.shape}; `ranking.overall` makes one")
    units = len(order)
    if sizes.size and (sizes.min() < 0 or sizes.max() > units):
        raise ValueError(f"there are {units} units, so k must be from 0 to {units}, got {sizes.tolist()}")
    shuffled = np.asarray(jax.vmap(lambda key: jax.random.permutation(key, units))(jax.random.split(key, repeats)))

    def first(order: np.ndarray) -> np.ndarray:
        return np.argsort(order)[None] < sizes[:, None]  # argsort: the place of each unit in the order

    return Masks(first(order), first(order[::-1]), np.stack([first(row) for row in shuffled]))


def in_representation(
    probe: Probe,
    activations: Table,
    labels: Int[Any, "_token"] | Bool[Any, "_token *label"],
    masks: Bool[Any, "*mask _unit"],
    *,
    value: Value = 0.0,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Float[np.ndarray, "*mask"]:
    """Return the accuracy of a trained probe without each set of units.

    Args:
        probe: one linear probe, `weights[label unit]`.
        activations: of each token; read once.
        labels: classes (the highest logit counts), or concepts (each logit above 0 counts).
        masks: true where a unit is taken away.
        value: what it is set to, as an activation; `probe.mean` is the mean over the training words.
        budget: bytes for a block of words and its logits.
        progress: called after each block.

    Returns:
        Share of the words (of all concepts) that are right.

    Raises:
        ValueError: several probes, or shapes that do not fit.
    """
    weights, masks = np.asarray(probe.weights), np.asarray(masks)
    if weights.ndim != 2 or masks.shape[-1] != weights.shape[-1] or activations.shape[-1] != weights.shape[-1]:
        raise ValueError(
            f"expected one probe [label unit], activations and masks of as many units, got {weights.shape}, "
            f"{activations.shape} and {masks.shape}; pick one of several probes first"
        )
    sets, ids = masks.reshape(-1, masks.shape[-1]), np.asarray(labels)
    if len(ids) != activations.shape[0]:
        raise ValueError(f"expected a label for each of the {activations.shape[0]} words, got {len(ids)}")
    truth = ids.astype(np.int32) if ids.dtype.kind in "iu" else ids.reshape(len(ids), -1)
    bias, mean, scale = (np.asarray(leaf) for leaf in probe[1:4])
    # (x - mean) / scale with a unit set to `value` adds the same to every logit: another bias, and no weight
    standard = (np.broadcast_to(np.asarray(value), mean.shape) - mean) / scale
    kept = (weights[None] * ~sets[:, None]).reshape(-1, weights.shape[-1])
    bias = jnp.asarray(bias + (weights[None] * sets[:, None] * standard).sum(axis=-1), jnp.float32)
    right = partial(_right, jnp.asarray(kept), bias)
    chunk = batching.chunk_size(4 * (5 * sets.shape[1] + 3 * bias.size), len(ids), budget)
    total = jnp.zeros(len(sets))
    for here, block in Checked(activations, exact=True).blocks(chunk, progress):
        part = ((block - mean) / scale).astype(np.float32)  # here, as the device may not hold all digits
        part, own = (jnp.asarray(padded(rows, chunk)) for rows in (part, truth[here]))
        total = right(total, jnp.arange(chunk) < len(block), part, own)
    return np.asarray(np.asarray(total).reshape(masks.shape[:-1]) / truth.size)


@jax.jit
def _right(
    weights: Array, bias: Float[Array, "mask label"], total: Array, valid: Array, x: Array, truth: Array
) -> Float[Array, "mask"]:
    logits = (x @ weights.T).reshape(len(x), *bias.shape) + jnp.broadcast_to(bias, (len(x), *bias.shape))
    if truth.ndim == 1:
        hits = (jnp.argmax(logits, axis=-1) == truth[:, None])[..., None]
    else:
        hits = (logits > 0) == truth[:, None]
    return total + jnp.sum(hits & valid[:, None, None], axis=(0, 2))


def in_model(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    answers: Int[Any, "batch time"],
    masks: Bool[Any, "*mask unit"],
    *,
    site: Site,
    value: Value = 0.0,
    where: Bool[Any, "batch time"] | None = None,
    read: Callable[[Output, Activations], Float[Array, "batch time output"]] = logits,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effects:
    """Return what the model predicts without each set of units of one site.

    What comes before the site is computed once for many sets. At a recurrent site the units are gone at every step.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences; for a masked language model, with words already hidden.
        answers: the output that is right at each position, -1 where none is asked for. For a causal language model,
            the next word; for a classifier of sentences, `[batch 1]`.
        masks: true where a unit is taken away.
        site: where the units are.
        value: what they are set to.
        where: the positions at which they are taken away, such as the words of one class; by default all.
        read: scores of the outputs, a function (with arrays in it: a `jax.tree_util.Partial`). With a probe for a
            later site in it, a model without a head has one.
        budget: bytes for the logits computed at a time.
        progress: called after each batch of sentences.

    Returns:
        Plain arrays, one number for each set.

    Raises:
        KeyError: the model has no such site.
        ValueError: masks of another width than the site, or no answers.
    """
    if not (np.asarray(answers) >= 0).any():
        raise ValueError("no position has a target; expected the index of an output at some, and -1 elsewhere")
    reading = read if isinstance(read, jax.tree_util.Partial) else jax.tree_util.Partial(read)
    found = ablate.intervene(
        forward,
        params,
        tokens,
        Answered(Predictions(read=reading), answers),
        np.asarray(masks, bool),
        site=site,
        value=value,
        where=None if where is None else np.broadcast_to(np.asarray(where), tokens.mask.shape),
        budget=budget,
        progress=progress,
    )
    after, before = summary(found.edited), summary(found.unedited)
    unedited = float(before.perplexity[0]), float(before.accuracy[0])
    perplexity, accuracy, flips, divergence = (rate[..., 0] for rate in after[:4])
    return Effects(perplexity, accuracy, flips, divergence, unedited)
