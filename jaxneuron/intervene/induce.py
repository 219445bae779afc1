"""Make a model write of a concept: force its k best units to what they are where the concept is, beside random ones.

Suau, Zappella, Apostoloff 2020: units are ordered by how well each detects sentences of the concept (by average
precision, `rank.average_precision`, of its highest value in each sentence), and the first k, the experts, are forced
to their typical value in such sentences while the model writes. More experts, more of the concept, until the text falls
apart: so what is written is read again by the model as it was, whose perplexity says by how much.

Cost:
    One step of the model for each symbol, for each number of experts and each draw of random units (15 sets by
    default), and one more to read what was written.

Fails:
    Text falls apart before it has more of the concept, which its perplexity shows. Experts that were found on sentences
    of one topic write that topic.

Peers:
    The authors' code (`ml-selfcond`), for models of transformers; here any model with a step.

Example:
    import jax
    import numpy as np
    from docs.tiny import begin, params, step
    from jaxneuron.intervene import Sampling, induce
    from jaxneuron.types import Tokens

    prompt = Tokens(np.zeros((1, 1), int), np.ones((1, 1), bool))
    experts = induce.Experts(np.arange(16), np.ones(16))
    asked = {"site": "mlp/hidden", "tried": induce.Tried(counts=(1, 4), draws=1), "sampling": Sampling(length=4)}
    found = induce.intervene(jax.random.key(0), step, params, begin(1), prompt, experts, **asked)
    print(found.counts, found.perplexity.shape)
    #: (0, 1, 4) (2, 3)
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from jaxneuron import _keys, batching
from jaxneuron.intervene import Sampling, Step, Written, _held
from jaxneuron.types import Params, Site, Tokens


class Experts(NamedTuple):
    """The units of some sites, counted through, as they stand to a concept."""

    order: Int[Any, "unit"]  # the best first, as a Ranking has it; the first ones are forced
    value: Float[Any, "unit"]  # what each is where the concept is, such as its median


class Tried(NamedTuple):
    """What is forced, one after the other."""

    counts: tuple[int, ...] = (1, 3, 10, 30)  # units that are forced
    draws: int = 2  # times that as many random units are forced


class Induced(NamedTuple):
    """What a model writes while units are forced; side 0 are the experts, the others random units."""

    counts: tuple[int, ...]  # of units: none, then what was asked for
    effect: Written  # [side count batch time]
    perplexity: Float[np.ndarray, "side count"]  # of what was written, in the model as it is


def intervene(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    experts: Experts,
    *,
    site: Site | tuple[Site, ...],
    tried: Tried = Tried(),  # noqa: B008 (it cannot be changed)
    sampling: Sampling,
    budget: int = batching.BUDGET,
) -> Induced:
    """Write after each prompt while the first k experts are forced, for each k, and as many random units.

    Args:
        key: draws the random units and the symbols; all sets see the same random numbers.
        step: as in `generate`.
        params: the model's weights.
        state: of the texts before their prompts.
        prompt: `[batch time]`.
        experts: the units in their order, and what each is forced to.
        site: where the units are; of several sites they are counted through.
        tried: how many are forced, and how often as many random ones.
        sampling: how much is written, and how.
        budget: bytes for the states and scores of the sets written at a time.

    Returns:
        Texts, without a forced unit first; random units are forced to their values in the concept's sentences, too.

    Raises:
        KeyError: the model has no such site.
        ValueError: an order that is not one of all units of the sites, values of another number, or more units than
            there are; an option out of range, or an empty prompt.

    Source:
        Suau, Zappella, Apostoloff 2020, "Finding experts in transformer models" (arXiv 2005.07647).
    """
    sites = (site,) if isinstance(site, str) else tuple(site)
    widths, size = _held.checked(step, params, state, prompt, sites, sampling)
    order, value = np.asarray(experts.order), np.asarray(experts.value, np.float32)
    units, counts = sum(widths.values()), (0, *tried.counts)
    if order.shape != (units,) or not np.array_equal(np.sort(order), np.arange(units)) or value.shape != (units,):
        raise ValueError(
            f"expected the {units} units of {', '.join(sites)} in an order, each once, and a value for each, got "
            f"{order.dtype} {order.shape} and {value.shape}"
        )
    if not tried.counts or min(tried.counts) < 1 or max(tried.counts) > units or tried.draws < 0:
        raise ValueError(
            f"expected counts from 1 to the {units} units that there are, beside 0 or more draws, got "
            f"{', '.join(map(str, tried.counts)) or 'no counts'} with {tried.draws} draws"
        )
    draw, write = jax.random.split(_keys.checked(key))
    random = [jax.random.permutation(each, units) for each in jax.random.split(draw, max(tried.draws, 1))]
    orders = np.stack([order, *map(np.asarray, random[: tried.draws])])
    sets = np.argsort(orders, axis=-1)[:, None] < np.array(counts)[None, :, None]
    edges = np.cumsum([0, *widths.values()])
    parts = {name: slice(*edges[place : place + 2]) for place, name in enumerate(widths)}
    held = {name: (sets[..., part], value[part]) for name, part in parts.items()}
    options = {"sampling": sampling, "size": size, "budget": budget}
    found = _held.write(write, step, params, state, prompt, held, **options)
    together = batching.chunk_size(8 * size * found.sampled.shape[-1], sets.shape[0] * sets.shape[1], budget)
    read = sampling.read if isinstance(sampling.read, jax.tree_util.Partial) else jax.tree_util.Partial(sampling.read)
    flat = [leaf.reshape(-1, *leaf.shape[2:]) for leaf in (found.tokens.ids, found.sampled)]
    nats = np.asarray(_nats(step, params, state, *flat, read, together=together)).reshape(sets.shape[:2])
    return Induced(counts, found, np.exp(np.minimum(nats, 700)))


@partial(jax.jit, static_argnames=("step", "together"))
def _nats(
    step: Step,
    params: Params,
    state: PyTree,
    ids: Int[Array, "set batch time"],
    sampled: Bool[Array, "set batch time"],
    read: jax.tree_util.Partial,
    *,
    together: int,
) -> Float[Array, "set"]:
    """Return the mean nats of the symbols that were written, in the unedited model."""

    def one(row: tuple[Array, Array]) -> Array:
        ids, sampled = row
        output, activations, _ = step(params, state, ids[:, :-1], {})
        log_p = jax.nn.log_softmax(read(output, activations).astype(jnp.float32))
        nats = -jnp.take_along_axis(log_p, ids[:, 1:, None], -1)[..., 0]
        return jnp.sum(jnp.where(sampled[:, 1:], nats, 0)) / jnp.maximum(jnp.sum(sampled[:, 1:]), 1)

    return jax.lax.map(one, (ids, sampled), batch_size=together)
