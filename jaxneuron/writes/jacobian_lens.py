"""What does a unit write by all ways at once? Its mean effect on the last site, fitted over a text, read by the head.

Lindsey et al. 2026 (the Jacobian lens of Anthropic's workspace paper, transformer-circuits.pub/2026/workspace), for
causal decoders; here the derivatives are those of any model, so bidirectional and recurrent ones have the lens, too:

    J[unit] = mean over words of (sum over places of d last site / d unit at the word),    effect = J read by the head

A word reaches the places after it in a causal or recurrent model, all places of the text in a bidirectional one. They
take every row of the Jacobian of each text; we take some rows of each, drawn at random so that each row is read of as
many texts, which leaves the mean what it is and lets more texts speak for the same work. In a recurrence the derivative
is of the state at one step, with what later steps make of it. They leave out the first 16 words, `skip`; our texts are
sentences, so we leave out none.

Cost:
    One pass and 16 backward passes for each text, whatever the number of units.

Fails:
    Few texts: `error` is large and `settled` false. A mean over words hides that a unit writes one thing here and
    another there.

Peers:
    The authors' description; they take every row of each text's Jacobian, and causal decoders only.

Example:
    import jax
    from docs.tiny import forward, params, texts
    from jaxneuron.writes import jacobian_lens

    found = jacobian_lens.write(jax.random.key(0), forward, params, texts, site="mlp/hidden")
    print(found.effect.shape)  # unit, word
    #: (16, 8)
"""

import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys, batching
from jaxneuron.edits import Add
from jaxneuron.jaxpr.memory import peak
from jaxneuron.tap import check_site
from jaxneuron.targets import text_at
from jaxneuron.types import Forward, Params, Site, Text
from jaxneuron.writes import Promoted, _read, _totals
from jaxneuron.writes._course import chosen, course, stream


class Settings(NamedTuple):
    """How the Jacobian is fitted."""

    last: str | None = None  # the site whose Jacobian it is; None: the stream, before a final norm
    rows: int = 16  # of the Jacobian, read of each text; more where there are so few texts that a row had less than two
    skip: int = 0  # words at the beginning of each text that are left out as places to write from


SETTINGS = Settings()


class _Ends(NamedTuple):
    """From where to where."""

    site: Site
    last: Site
    skip: int


def write(
    key: Array,
    forward: Forward,
    params: Params,
    tokens: Text,
    units: Int[Any, "unit"] | None = None,
    *,
    site: Site,
    head: Float[Any, "width output"] | None = None,
    settings: Settings = SETTINGS,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Promoted:
    """Return how much one of each unit at a word raises the score of each output, at all places together.

    Args:
        key: one key, for which rows are read of which text.
        forward: the model.
        params: its weights.
        tokens: the text.
        units: which units; by default all of the site.
        site: where they are.
        head: for a model without one, the matrix from its last site to outputs; see `vocabulary.embedding`.
        settings: how the Jacobian is fitted.
        budget: bytes for what is computed at a time.
        progress: called after each batch of texts.

    Returns:
        Effects in the score's unit for one of the unit's, and the error of the mean Jacobian.

    Raises:
        TypeError: no key.
        KeyError: the model has no such site.
        ValueError: no such unit; no head; texts that are all shorter than `skip`; or a site that does not reach `last`.

    Source:
        https://transformer-circuits.pub/2026/workspace/
    """
    key = _keys.checked(key)
    text, which = chosen(forward, params, tokens, units, site)
    way = course(forward, params, text)
    last = settings.last or stream(way, forward, params, text).site
    check_site(last, way.shapes)
    if last != site and last not in way.reached[site]:
        raise ValueError(f"nothing at {site!r} reaches {last!r}; choose a site before it, or another `last`")
    width = way.shapes[last].shape[-1]
    _read.entrance(way, forward, params, text, last, width, head)
    ends, given = _Ends(site, last, settings.skip), jax.tree.map(np.asarray, tokens)
    source, texts = np.asarray(text_at(site, given).mask), len(given.mask)
    if settings.rows < 1 or settings.skip < 0:
        raise ValueError(f"expected at least 1 row and no negative skip, got {settings.rows} and {settings.skip}")
    if not (source.sum(axis=1) > settings.skip).any():
        raise ValueError(f"no text is longer than the {settings.skip} words that are skipped; skip less of each")
    rows = min(max(settings.rows, math.ceil(2 * width / texts)), width)
    # each row in turn, in an order of its own: as many texts for each, and never one of them twice
    order = np.asarray(jax.random.permutation(key, width))
    choice = order[(np.arange(texts)[:, None] * rows + np.arange(rows)) % width]
    one, columns = jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), given), jnp.asarray(which)
    item = peak(functools.partial(_pulled, forward, params, one, columns, ends=ends), jnp.asarray(choice[:1, 0]))
    chunk = batching.chunk_size(item, texts, budget)
    together = batching.chunk_size(item * chunk, rows, budget)

    def update(sums: _totals.Totals, index: Array, valid: Array, some: Text, row: Array) -> _totals.Totals:
        return _add(forward, params, some, columns, sums, row, valid, ends=ends, together=together)

    wide, narrow = (width, len(which)), (width, 1)
    start = _totals.Totals(*(jnp.zeros(shape) for shape in (wide, wide, wide, narrow, narrow, narrow)))
    found, variance = _totals.mean(batching.fold_rows(update, start, given, choice, chunk=chunk, progress=progress))
    effect = _read.effect(way, forward, params, tokens, found.T, into=last, head=head, budget=budget)
    return _read.promoted(effect, _totals.relative_error(found.T, variance.T))


@functools.partial(jax.jit, static_argnames=("forward", "ends", "together"), donate_argnames="sums")
def _add(
    forward: Forward,
    params: Params,
    tokens: Text,
    units: Int[Array, "unit"],
    sums: _totals.Totals,
    choice: Int[Array, "text row"],
    valid: Bool[Array, "text"],
    *,
    ends: _Ends,
    together: int,
) -> _totals.Totals:
    """Add some rows of the Jacobian of some texts."""
    pulled = functools.partial(_pulled, forward, params, tokens, units, ends=ends)
    found, words = (leaf.reshape(choice.size, -1) for leaf in jax.lax.map(pulled, choice.T, batch_size=together))
    words = jnp.where(jnp.tile(valid, choice.shape[1])[:, None], words, 0)
    found = jnp.where(words > 0, found, 0)
    parts = jax.vmap(lambda total, count: _totals.of(total[None], count))(found, words)
    return jax.tree.map(lambda whole, part: whole.at[choice.T.reshape(-1)].add(part), sums, parts)


def _pulled(
    forward: Forward,
    params: Params,
    tokens: Text,
    units: Int[Array, "unit"],
    choice: Int[Array, "text"],
    *,
    ends: _Ends,
) -> tuple[Float[Array, "text unit"], Float[Array, "text"]]:
    """Return a row of the Jacobian of each text, summed over all places and the words written from, and how many."""
    shape = jax.eval_shape(lambda: forward(params, tokens, {})[1][ends.site])
    value, pull = jax.vjp(
        lambda amount: forward(params, tokens, {ends.site: Add(amount)})[1][ends.last],
        jnp.zeros(shape.shape, shape.dtype),
    )
    row = jax.nn.one_hot(choice, value.shape[-1], dtype=value.dtype)[:, None]
    there = _read.real(tokens, ends.last, value.shape[1])
    slope = pull(jnp.where(there[..., None], row, 0))[0]
    real = _read.real(tokens, ends.site, shape.shape[1]) & (jnp.arange(shape.shape[1]) >= ends.skip)[None]
    return jnp.sum(jnp.where(real[..., None], slope, 0), axis=1)[:, units], jnp.sum(real, axis=1).astype(slope.dtype)
