"""What a model says of texts under many erasures at once: right answers, nats and divergence of each text."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron import batching, chunks
from jaxneuron.edits import Project
from jaxneuron.jaxpr.resume import resume
from jaxneuron.targets import scores
from jaxneuron.types import Forward, Params, Site, Tokens

OWN = -2
"""The answer that stands for what the model says as it is."""


class Said(NamedTuple):
    """Sums over the places of each text that have an answer; a change is that from the model as it is."""

    loss: Float[Any, "*set text"]  # nats of the answers, the change
    divergence: Float[Any, "*set text"]  # nats, KL(as it is || erased)
    accuracy: Float[Any, "*set text"]  # places whose answer scores highest: how many fewer
    nats: Float[Any, "*set text"]  # of the answers, as it is
    right: Float[Any, "*set text"]  # places whose answer scores highest, as it is
    places: Float[Any, "*set text"]


def stacked(edits: Sequence[Project]) -> Project:
    """Return erasures of any ranks as one with a leading axis: rows of zeros take nothing out."""
    rank = max(np.shape(edit.read)[0] for edit in edits)

    def filled(leaf: Any) -> np.ndarray:
        return np.pad(np.asarray(leaf, np.float32), [(0, rank - len(leaf)), (0, 0)])

    points = [np.broadcast_to(np.asarray(edit.point, np.float32), np.shape(edit.read)[1:]) for edit in edits]
    return Project(
        np.stack(points),
        np.stack([filled(edit.read) for edit in edits]),
        np.stack([filled(edit.write) for edit in edits]),
        np.ones(len(edits), np.float32),
    )


def said(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    answers: Int[np.ndarray, "text place"],
    edits: Project,
    points: Float[Any, "text time unit"] | None,
    *,
    site: Site,
    budget: int,
    progress: batching.Progress | None,
) -> Said:
    """Return what a model says under each of some erasures.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts.
        answers: the output that is right at each place, -1 where none is asked for, or `OWN`.
        edits: as `stacked` returns them.
        points: where the erasures go at each place, instead of their own point.
        site: where they are.
        budget: bytes for what is computed at a time.
        progress: called after each chunk of texts.
    """
    host = jax.tree.map(np.asarray, Tokens(*tokens[:2]))
    one = jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), host)
    output = jax.eval_shape(lambda: scores(forward(params, one, {})[0]))
    sets, units = len(edits.read), edits.read.shape[-1]
    item = 4 * (4 * output.size + 6 * host.mask.shape[1] * units)
    plan = chunks.plan(host.mask, sets, item=item, budget=budget, fixed={sets, units, edits.read.shape[1]})
    time, together = host.mask.shape[1], plan.together
    padded = jax.tree.map(lambda leaf: np.pad(leaf, [(0, -sets % together)] + [(0, 0)] * (leaf.ndim - 1)), edits)

    def work(chunk: chunks.Chunk) -> Said:
        rows = chunk.part((host, answers, points), time)
        return jax.device_get(_said(forward, params, padded, *rows, site=site, together=together))

    back = np.argsort(np.concatenate([chunk.numbers for chunk in plan.chunks]))
    parts = chunks.each(work, plan, progress)
    joined = (np.concatenate(leaves, -1)[:sets] for leaves in zip(*parts, strict=True))
    return Said(*(leaf[:, back].astype(np.float64) for leaf in joined))


@partial(jax.jit, static_argnames=("forward", "site", "together"))
def _said(
    forward: Forward,
    params: Params,
    edits: Project,
    tokens: Tokens,
    answers: Int[Array, "text place"],
    points: Float[Array, "text time unit"] | None,
    *,
    site: Site,
    together: int,
) -> Said:
    first = (jnp.arange(tokens.mask.shape[1]) == 0)[None]
    tokens = tokens._replace(mask=tokens.mask | first)  # padded texts keep one word
    before = jax.nn.log_softmax(scores(forward(params, tokens, {})[0]).astype(jnp.float32))
    asked, right = answers != -1, jnp.where(answers == OWN, jnp.argmax(before, axis=-1), jnp.maximum(answers, 0))

    def total(value: Array) -> Float[Array, "text"]:
        return jnp.sum(jnp.where(asked, value, 0), axis=-1, dtype=jnp.float32)

    def nats(logs: Array) -> Float[Array, "text place"]:
        return -jnp.take_along_axis(logs, right[..., None], axis=-1)[..., 0]

    hit = jnp.argmax(before, axis=-1) == right

    def one(edit: Project) -> tuple[Array, Array, Array]:
        edit = edit if points is None else replace(edit, point=points)
        after = jax.nn.log_softmax(scores(forward(params, tokens, {site: edit})[0]).astype(jnp.float32))
        fewer = hit.astype(jnp.float32) - (jnp.argmax(after, axis=-1) == right)
        divergence = jnp.sum(jnp.exp(before) * (before - after), axis=-1)
        return total(nats(after) - nats(before)), total(divergence), total(fewer)

    lost = jax.lax.map(resume(one, jax.tree.map(lambda leaf: leaf[0], edits)), edits, batch_size=together)
    same = (total(nats(before)), total(hit), total(jnp.ones_like(right)))
    return Said(*lost, *(jnp.broadcast_to(leaf[None], lost[0].shape) for leaf in same))
