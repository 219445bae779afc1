"""Does a unit say what comes, or only how sure the model is of it? Entropy units and token-frequency units.

Stolfo, Wu, Gurnee, Belinkov, Song, Sachan, Nanda 2024 (Confidence Regulation Neurons in Language Models, arXiv
2406.16254). An *entropy unit* writes where the head reads next to nothing, and so lengthens the stream: the final norm
then divides all scores, and the model is less sure, whatever it thinks. A *token-frequency unit* moves the prediction
along the direction of how frequent words are. Both are told by what is left of their effect when one way is closed:

    scale      = 1 - mean |change of entropy, the norm's scale held| / mean |change of entropy|
    frequency  = 1 - mean |change of KL, scores not moved along log frequency| / mean |change of KL|

where a unit is set to its mean over the text, and KL is that from the prediction to the words' frequencies. They
look at units of the last block, of which all effect goes through the final norm; for others we count what all blocks
after them make of the edit, too. Which units are such we say by numbers that they leave to the eye: more than half of
the effect goes one way, and, of an entropy unit, the scores vary less by what it writes than by 95 % of directions.

Cost:
    One pass for the means; then, for each unit and text, the passes above the site, once as it is and once with the
    final norm held.

Fails:
    A model without a norm before its head, or with one prediction for a text, is an error. Units of early layers act by
    all blocks after them, so that little goes one way only.

Peers:
    The authors' code, for GPT-2 and Llama; it looks at the last block and leaves the classes to the eye.

Example:
    import jax
    from docs.tiny import forward, params, texts
    from jaxneuron.writes import entropy

    found = entropy.write(jax.random.key(0), forward, params, texts, site="mlp/hidden")
    print(found.entropy.shape, found.is_entropy.shape)
    #: (16,) (16,)
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys, batching, chunks
from jaxneuron.edits import Replace
from jaxneuron.jaxpr.memory import peak
from jaxneuron.jaxpr.resume import resume
from jaxneuron.types import Forward, Params, Site, Text, Translation
from jaxneuron.writes import _head, _read, _single
from jaxneuron.writes._course import Course, chosen, course, scored, stream
from jaxneuron.writes._written import written

DIRECTIONS, LEVEL = 256, 0.05
"""Random directions of the stream, and the share of them below whose variance that of an entropy unit lies."""


ROUNDING = 1e-5
"""Nats that are no effect."""


class Regulation(NamedTuple):
    """By which way units change a prediction."""

    norm: Float[np.ndarray, "unit"]  # the length of what one of the unit writes
    variance: Float[np.ndarray, "unit"]  # of the scores by it, for a length of 1
    null: Float[np.ndarray, ""]  # the variance that 5 % of random directions are below
    entropy: Float[np.ndarray, "unit"]  # nats, mean absolute change of the entropy where the unit is at its mean
    entropy_held: Float[np.ndarray, "unit"]  # the same where the final norm holds its scale
    divergence: Float[np.ndarray, "unit"]  # nats, mean absolute change of KL(prediction || frequencies)
    divergence_held: Float[np.ndarray, "unit"]  # the same where scores are not moved along the log frequencies
    unigram: Float[np.ndarray, "unit"]  # cosine of what the unit writes to the scores with the log frequencies
    is_entropy: Bool[np.ndarray, "unit"]
    is_frequency: Bool[np.ndarray, "unit"]


def write(
    key: Array,
    forward: Forward,
    params: Params,
    tokens: Text,
    units: Int[Any, "unit"] | None = None,
    *,
    site: Site,
    frequency: Float[Any, "output"] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Regulation:
    """Return how much of what each unit does to a prediction goes through the final norm, and how much by frequency.

    Args:
        key: one key, for the random directions.
        forward: the model, which predicts at each word.
        params: its weights.
        tokens: the text.
        units: which units; by default all of the site.
        site: where they are, such as the last block's `mlp/hidden`.
        frequency: how often each output occurs, counts or shares; by default counted in the text, each once more.
        budget: bytes for what is computed at a time.
        progress: called after each batch of texts.

    Raises:
        TypeError: no key.
        KeyError: the model has no such site.
        ValueError: no such unit; no head; no norm before the head; a unit that writes after it; frequencies of another
            number of outputs.

    Source:
        arXiv 2406.16254.
    """
    key = _keys.checked(key)
    text, which = chosen(forward, params, tokens, units, site)
    way = course(forward, params, text)
    end = _check(way, forward, params, text, site)
    rows = written(way, forward, params, text, which, site=site)
    drawn = jax.random.normal(key, (DIRECTIONS, way.shapes[end].shape[-1]))
    both = np.concatenate([rows.rows, drawn])
    effect = _read.effect(way, forward, params, tokens, jnp.asarray(both), into=rows.into, budget=budget)
    lengths = np.linalg.norm(both, axis=1)
    variance = effect.var(axis=1) / np.where(lengths > 0, lengths, 1) ** 2
    given = jax.tree.map(np.asarray, tokens)
    log = _log_frequency(given, frequency, effect.shape[1])
    held = jnp.asarray(_mean(forward, params, given, site, budget)[which])

    one = jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), given)
    width = way.shapes[site].shape[-1]
    of = functools.partial(_changes, forward, params, one, jnp.asarray(log), ends=(site, end))
    item = peak(of, *_single.change(jnp.asarray(which[0]), held[0], width))
    fixed = None if isinstance(tokens, Translation) else {width}
    plan = chunks.plan(given.mask, len(which), item=item, budget=budget, fixed=fixed)
    edits = jnp.asarray(which), held

    def work(chunk: chunks.Chunk) -> tuple[Array, Array]:
        some, valid = chunk.part((given, np.ones(len(given.mask), bool)), given.mask.shape[1])
        options: dict[str, Any] = {"ends": (site, end), "width": width, "together": plan.together}
        return jax.block_until_ready(_sum(forward, params, some, jnp.asarray(log), edits, valid, **options))

    total, words = functools.reduce(functools.partial(jax.tree.map, jnp.add), chunks.each(work, plan, progress))
    entropy, entropy_held, divergence, divergence_held = np.asarray(total / words).T
    along = effect[: len(which)] - effect[: len(which)].mean(axis=1, keepdims=True)
    cosine = (
        along @ (log - log.mean()) / np.maximum(np.linalg.norm(along, axis=1) * np.linalg.norm(log - log.mean()), 1e-30)
    )
    null = np.quantile(variance[len(which) :], LEVEL)
    by_scale = (entropy > ROUNDING) & (entropy_held < 0.5 * entropy)
    return Regulation(
        norm=lengths[: len(which)],
        variance=variance[: len(which)],
        null=np.asarray(null),
        entropy=entropy,
        entropy_held=entropy_held,
        divergence=divergence,
        divergence_held=divergence_held,
        unigram=cosine,
        is_entropy=by_scale & (variance[: len(which)] < null),
        is_frequency=(divergence > ROUNDING) & (divergence_held < 0.5 * divergence),
    )


def _check(way: Course, forward: Forward, params: Params, text: Text, site: Site) -> Site:
    """Return the stream before the final norm."""
    if not way.head:
        raise ValueError(_read.NO_HEAD.partition(", or give")[0])
    found = stream(way, forward, params, text)
    if found.site == found.tail or not _forgets_length(forward, params, text, source=found.site, site=found.tail):
        raise ValueError(
            f"no norm stands between {found.site!r} and the scores, so no unit acts by its scale; such units are of "
            "models that normalise once more before the head"
        )
    output = jax.eval_shape(lambda: scored(forward(params, text, {})[0]))
    if output is None or output.shape[1] != text.mask.shape[1]:
        raise ValueError("the model predicts once for a text; these units are of models that predict at each word")
    if site in way.reached[found.site]:
        raise ValueError(f"what is at {site!r} is past the final norm; choose a site before {found.site!r}")
    if _head.bends(forward, params, text, source=found.tail):
        raise ValueError(
            "the model's head is no linear function of the final norm, so that its scale is no way of its own"
        )
    return found.site


@functools.partial(jax.jit, static_argnames=("forward", "source", "site"))
def _forgets_length(forward: Forward, params: Params, text: Text, *, source: Site, site: Site) -> Array:
    """Return whether a site stays as it is where the one before it is four times as long."""
    value = forward(params, text, {})[1][source]
    scaled = jnp.stack([2 * value, 8 * value])
    one, other = jax.vmap(lambda value: forward(params, text, {source: Replace(value)})[1][site])(scaled)
    return jnp.max(jnp.abs(one - other)) <= 0.02 * jnp.max(jnp.abs(one))


def _log_frequency(tokens: Text, frequency: Any, outputs: int) -> Float[np.ndarray, "output"]:
    """Return the logarithms of the words' shares."""
    if frequency is None:
        ids = tokens.ids
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError("soft words cannot be counted; give `frequency`")
        inside = ids[tokens.mask & (ids < outputs)]
        frequency = np.bincount(inside, minlength=outputs) + 1.0
    given = np.asarray(frequency, np.float64)
    if given.shape != (outputs,) or not np.isfinite(given).all() or given.min() <= 0:
        raise ValueError(
            f"expected `frequency` as {outputs} numbers above 0, got the shape {given.shape}; add 1 to counts"
        )
    return np.log(given / given.sum()).astype(np.float32)


def _mean(forward: Forward, params: Params, tokens: Text, site: Site, budget: int) -> Float[np.ndarray, "unit"]:
    """Return the mean of each unit over the words."""
    shape = jax.eval_shape(
        lambda: forward(params, jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), tokens), {})[1][site]
    )
    chunk = batching.chunk_size(8 * shape.size, len(tokens.mask), budget)

    def update(sums: Any, index: Array, valid: Array, some: Text) -> Any:
        return jax.tree.map(jnp.add, sums, _total(forward, params, some, valid, site=site))

    total, words = batching.fold_rows(update, (jnp.zeros(shape.shape[-1]), jnp.zeros(())), tokens, chunk=chunk)
    return np.asarray(total / words)


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _total(forward: Forward, params: Params, tokens: Text, valid: Array, *, site: Site) -> tuple[Array, Array]:
    states = forward(params, tokens, {})[1][site]
    real = _read.real(tokens, site, states.shape[1]) & valid[:, None]
    return jnp.sum(jnp.where(real[..., None], states, 0), axis=(0, 1)), jnp.sum(real, dtype=states.dtype)


@functools.partial(jax.jit, static_argnames=("forward", "ends", "width", "together"))
def _sum(
    forward: Forward,
    params: Params,
    tokens: Text,
    log: Float[Array, "output"],
    edits: tuple[Int[Array, "unit"], Float[Array, "unit"]],
    valid: Bool[Array, "text"],
    *,
    ends: tuple[Site, Site],
    width: int,
    together: int,
) -> tuple[Float[Array, "unit way"], Float[Array, ""]]:
    """Return the sums over the words of how far entropy and divergence move, by all ways and with one closed.

    `edits` are units and what they are held at. What they cannot change, such as the layers below, is computed once.
    """

    def sums(change: tuple[Array, Array]) -> Float[Array, "way"]:
        return _over(_changes(forward, params, tokens, log, *change, ends=ends), tokens, valid)

    rest = resume(sums, _single.change(edits[0][0], edits[1][0], width), few=1)
    found = jax.lax.map(lambda one: rest(_single.change(one[0], one[1], width)), edits, batch_size=together)
    return found, _over(jnp.ones((1, *tokens.mask.shape)), tokens, valid)[0]


def _over(changes: Float[Array, "way text time"], tokens: Text, valid: Bool[Array, "text"]) -> Float[Array, "way"]:
    return jnp.sum(jnp.where((jnp.asarray(tokens.mask) & valid[:, None])[None], changes, 0), axis=(1, 2))


def _changes(
    forward: Forward, params: Params, tokens: Text, log: Array, here: Array, value: Array, *, ends: tuple[Site, Site]
) -> Float[Array, "way text time"]:
    """Return how far entropy and divergence move at each word where a unit is held, by all ways and with one closed."""
    site, stream = ends
    output, activations = forward(params, tokens, {})
    edited, changed = forward(params, tokens, {site: _single.edit(here, value)})
    before, after = scored(output), scored(edited)
    assert before is not None and after is not None
    flat = activations[stream].reshape(-1, activations[stream].shape[-1])
    move = _head.held(forward, params, tokens, flat, source=stream, end=None)
    held = before + move((changed[stream] - activations[stream]).reshape(flat.shape)).reshape(before.shape)
    along = log - jnp.mean(log)
    along = along / jnp.maximum(jnp.linalg.norm(along), 1e-30)
    beside = after - ((after - before) @ along)[..., None] * along[None, None]

    def entropy(scores: Array) -> Array:
        shares = jax.nn.log_softmax(scores)
        return -jnp.sum(jnp.exp(shares) * shares, axis=-1)

    def divergence(scores: Array) -> Array:
        shares = jax.nn.log_softmax(scores)
        return jnp.sum(jnp.exp(shares) * (shares - log[None, None]), axis=-1)

    pairs = [(entropy, after), (entropy, held), (divergence, after), (divergence, beside)]
    return jnp.stack([jnp.abs(measure(scores) - measure(before)) for measure, scores in pairs])
