"""Which directions stand for a variable? Learn those whose interchange makes the answer follow: DAS.

Distributed alignment search: Geiger, Wu, Potts, Icard, Goodman 2023, "Finding alignments between interpretable causal
variables and distributed neural representations" (arXiv 2303.02536). A variable may lie across units. An orthonormal
basis R of some directions is learnt by gradient descent, so that a run whose activation x goes to that of the source s
along them,

    x + R' R (s - x),

answers as if the variable had the source's value. `fit` learns on some pairs, `intervene` interchanges along directions
in others. What is learnt may be no more than what many directions, or a network that knows nothing, would do with as
much training (Makelov et al. 2023, arXiv 2311.17030): `controlled` gives both beside it, on pairs that were held out.
The authors learn a rotation of all units (its first rows); a QR factorisation of those rows is the same and cheaper.

Cost:
    `intervene`: one pass of what is above the site for each set of directions, and one of the sources. `fit`: three
    passes for each of 64 pairs in each of 400 steps. `controlled` fits twice.

Fails:
    Enough training finds directions in a model that knows nothing: only what exceeds `controlled`'s untrained model
    counts, on pairs with other words. Few pairs are learnt by heart.

Peers:
    pyvene and the authors' code rotate all units; here a QR factorisation of the directions that are learnt.

Example:
    import jax
    from docs.tiny import forward, params, pairs
    from jaxneuron.intervene import das

    settings = das.Settings(dimensions=2, steps=30, batch=4)
    found = das.fit(jax.random.key(0), forward, params, pairs, site="stream", settings=settings)
    print(found.directions.shape, bool(found.loss[-1] < found.loss[0]))
    #: (2, 8) True
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron import _keys, batching
from jaxneuron.directions import orthonormal
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.intervene._align import DEFAULTS, Subspace, along, classes
from jaxneuron.intervene._align import Settings as Settings
from jaxneuron.intervene._align import fit as fit
from jaxneuron.intervene._pairs import Accuracy, Preference, accuracy, check_answers, lent
from jaxneuron.intervene._pairs import Counterfactuals as Counterfactuals
from jaxneuron.types import Forward, Params, Site, Target, Tokens


class Controlled(NamedTuple):
    """What was learnt, and how often the answer follows the source in pairs that were held out."""

    aligned: Subspace
    learnt: Accuracy
    random: Accuracy  # directions at random, as many, [set]
    all_units: Accuracy  # the whole activation: what no directions exceed but by chance
    untrained: Accuracy  # directions that were learnt, in the same way, in a model whose weights were shuffled
    untrained_unedited: Accuracy  # nothing is interchanged in that model: what it prefers by chance
    unedited: Accuracy  # nothing is interchanged


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    source: Tokens,
    target: Target | Comparison | Answered,
    directions: Float[Any, "*set direction unit"],
    *,
    site: Site,
    places: Int[Any, "..."] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effect:
    """Go to the activation of another text along each set of directions, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        source: the text that lends its activations to each sentence.
        target: what to read, such as `Answered(Preference(), pairs.answers)`.
        directions: orthonormal within each set.
        site: where.
        places: see `interchange.intervene`.
        budget: bytes for what is computed at a time.
        progress: called after each batch of sentences.

    Returns:
        What the target reads, for each set and without.

    Raises:
        KeyError, ValueError: as `interchange.intervene`; directions of another width than the site, or not orthonormal.

    Source:
        Geiger et al. 2023, definition 3.4.
    """
    units = _run.units(forward, params, tokens, target, site, None).shape[-1]
    sets = _checked(directions, units, site)
    given = lent(forward, params, tokens, source, site=site, places=places, budget=budget)
    flat = sets.reshape(*sets.shape[:-2], -1)
    return _run.run(
        forward, params, tokens, target, _ALONG, flat, tuple(given), site=site, budget=budget, progress=progress
    )


def controlled(
    key: Array,
    forward: Forward,
    params: Params,
    pairs: Counterfactuals,
    held_out: Counterfactuals,
    *,
    site: Site,
    random: int = 20,
    settings: Settings = DEFAULTS,
    budget: int = batching.BUDGET,
) -> Controlled:
    """Learn directions on some pairs, and measure them on others, beside controls.

    Args:
        key: for what is learnt, the random directions, and the shuffled weights.
        forward: the model.
        params: its weights.
        pairs: what is learnt from.
        held_out: what is measured on: pairs with other words, for a direction can tell words that it was learnt on one
            by one, also where weights say nothing of the variable.
        site: where.
        random: sets of directions at random.
        settings: see `fit`.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError, ValueError: as `fit`.
    """
    learn, draw, shuffle, again = jax.random.split(_keys.checked(key), 4)
    target = Answered(Preference(settings.position), np.asarray(held_out.answers))
    aligned = fit(learn, forward, params, pairs, site=site, settings=settings, budget=budget)
    check_answers(held_out, classes(forward, params, pairs.tokens))
    count, units = aligned.directions.shape
    drawn = [orthonormal(one, count, units) for one in jax.random.split(draw, random)]

    def follows(weights: Params, sets: Any) -> Effect:
        texts = (forward, weights, held_out.tokens, held_out.source, target, sets)
        return intervene(*texts, site=site, places=held_out.places, budget=budget)

    effect = follows(params, np.stack([aligned.directions, *drawn]))
    other = shuffled(shuffle, params)
    control = fit(again, forward, other, pairs, site=site, settings=settings, budget=budget)
    untrained = follows(other, control.directions)
    return Controlled(
        aligned,
        accuracy(effect.edited[0]),
        accuracy(effect.edited[1:]),
        accuracy(follows(params, np.eye(units)).edited),
        accuracy(untrained.edited),
        accuracy(untrained.unedited),
        accuracy(effect.unedited),
    )


def shuffled(key: Array, params: Params) -> Params:
    """Return the weights with the numbers of each array in another order: a model that has learnt nothing.

    Args:
        key: for the order.
        params: of a model; arrays of whole numbers stay as they are.
    """
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(_keys.checked(key), max(len(leaves), 1))

    def one(key: Array, leaf: Any) -> Any:
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
            return leaf
        return jax.random.permutation(key, jnp.ravel(leaf)).reshape(jnp.shape(leaf))

    return jax.tree.unflatten(tree, list(map(one, keys, leaves)))


_ALONG = jax.tree_util.Partial(along)


def _checked(directions: Any, units: int, site: Site) -> Float[np.ndarray, "*set direction unit"]:
    found = np.asarray(directions, np.float32)
    if found.ndim < 2 or found.shape[-1] != units or not found.size:
        raise ValueError(f"expected directions [*set direction {units}], as wide as {site!r}, got {found.shape}")
    products = found @ found.swapaxes(-1, -2)
    if not np.allclose(products, np.eye(found.shape[-2]), atol=1e-3):
        raise ValueError(
            "the directions of a set are not orthonormal; `directions.span` makes directions so that span the same"
        )
    return found
