"""Does the model use a concept that a probe finds in it? Take the concept out, and see what the model can no longer do.

Amnesic probing: Elazar, Ravfogel, Jacovi, Goldberg 2021, "Amnesic probing: behavioral explanation with amnesic
counterfactuals" (arXiv 2006.00995). A concept's erasure acts at a site inside the model, and what is lost are right
answers, nats, and what the model said before. Two controls say what that means:

- `random`: as many directions at random, in units scaled to a deviation of 1. What they lose is lost because anything
  was taken out; `p` and `interval` compare with it.
- `returned`: the erasure, but each word keeps what its label is on average along the directions. What is lost then is
  not the concept, but what else lay there (the authors' selectivity, who give labels back as vectors and train on).

The authors erase by iterated probes; any erasure will do, such as those of `jaxneuron.erase`.

Cost:
    The passes above the site once for each concept and each of its 20 random erasures, once more for a concept with
    labels, and one of the model as it is.

Fails:
    What is lost may be lost for what else lay in the directions (`returned` says), or because later layers have the
    concept by another way. An erasure is linear: what is coded otherwise stays.

Peers:
    The authors' code, with iterated probes in torch; no library has it that we know of.

Example:
    import jax
    import numpy as np
    from docs.tiny import forward, params, texts
    from jaxneuron.concepts import amnesic
    from jaxneuron.erase import leace

    animal = np.isin(texts.ids, (2, 3))
    states = np.asarray(forward(params, texts, {})[1]["stream"]).reshape(-1, 8)
    erasers = {"animal": leace.erase(None, states, animal.ravel())}
    settings = amnesic.Settings(controls=4, resamples=10)
    found = amnesic.explain(jax.random.key(0), forward, params, texts, erasers, site="stream", settings=settings)
    print(found.score.loss.shape, found.random.loss.shape)
    #: (1,) (4, 1)
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from jaxneuron import _keys, batching, tap
from jaxneuron.concepts._amnesia import OWN, Said, said, stacked
from jaxneuron.directions import orthonormal
from jaxneuron.edits import Project
from jaxneuron.split import above
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import Logit, scores
from jaxneuron.types import Forward, Params, Site, Tokens


class Lost(NamedTuple):
    """What an erasure costs, a mean over the places that have an answer; below 0 where it helps."""

    loss: Float[np.ndarray, "*more concept"]  # nats of the right answers
    divergence: Float[np.ndarray, "*more concept"]  # nats, KL(as it is || erased)
    accuracy: Float[np.ndarray, "*more concept"]  # share of places at which the right answer is no longer first


class Truth(NamedTuple):
    """What is known of the texts."""

    answers: Int[Any, "text place"] | None = None  # the output that is right at each place, -1 where none is asked for,
    # such as the next symbol; None: what the model itself says of each token
    labelled: Mapping[str, Shaped[Any, "text time"]] = MappingProxyType({})  # for `returned`, the label of each token
    # by concept: whole numbers or booleans; -1 for none


NOTHING = Truth()


class Settings(NamedTuple):
    """What an erasure is compared with."""

    controls: int = 20  # random erasures of each concept's rank; the smallest p is 1 / (controls + 1)
    resamples: int = 1000  # of the texts, for the interval


DEFAULTS = Settings()


class Amnesic(NamedTuple):
    """Concepts (columns) that were taken out."""

    concepts: tuple[str, ...]
    score: Lost  # [concept], without the concept
    random: Lost  # [control concept], without as many directions at random
    returned: Lost  # [concept], without the concept, but with the labels' means; nan where none are given
    p: Lost  # [concept], one-sided: how often a random erasure loses as much
    interval: Lost  # [2 concept], 95 % of `score` less the mean of `random`, over resampled texts
    rank: Int[np.ndarray, "concept"]  # directions that were taken out
    nats: float  # of the right answers, of the model as it is
    accuracy: float  # of the model as it is
    places: int  # that have an answer


def explain(
    key: Array,
    forward: Forward,
    params: Params,
    tokens: Tokens,
    erasers: Mapping[str, Project],
    *,
    site: Site,
    truth: Truth = NOTHING,
    settings: Settings = DEFAULTS,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Amnesic:
    """Take each concept out at a site, and measure what the model loses.

    Args:
        key: for the random directions and the resampled texts.
        forward: the model, whose output is scores or has such `logits`.
        params: its weights.
        tokens: texts, other ones than the erasures were fitted on.
        erasers: the erasure of each concept, as `erase` returns it.
        site: where they act, on every token.
        truth: what is right at each place, and the labels of each token.
        settings: how many controls there are.
        budget: bytes for what is computed at a time.
        progress: called after each chunk of texts.

    Raises:
        KeyError: the model has no such site, or labels are of another concept.
        ValueError: a model without a head; a site that no output depends on; an erasure of another width than the site;
            answers or labels of another shape, no place with an answer, or activations that are not finite.

    Source:
        Elazar et al. 2021, sections 3 and 4.
    """
    controls, resamples = settings
    draw, resample = jax.random.split(_keys.checked(key))
    units, right = _checked(forward, params, tokens, erasers, site, truth, controls)
    states = tap.read(forward, params, tokens, site, budget=budget)
    whole = states.shape[1] == 1 and tokens.mask.shape[1] > 1
    mask = np.ones(states.shape[:2], bool) if whole else np.asarray(tokens.mask, bool)
    seen = states[mask].astype(np.float64)
    if not np.isfinite(seen).all():
        raise ValueError(f"activations at {site!r} are not finite; find out where they arise in the model")
    mean, scale = seen.mean(axis=0), np.where(np.ptp(seen, axis=0) > 0, seen.std(axis=0), 1)
    ranks = [np.shape(edit.read)[0] for edit in erasers.values()]
    keys = jax.random.split(draw, len(ranks) * controls).reshape(len(ranks), controls, *jnp.shape(draw))

    def at_random(key: Array, rank: int) -> Project:
        basis = orthonormal(key, rank, units)
        return Project(mean, basis / scale, basis * scale)

    sets = [[at_random(one, rank) for one in row] for row, rank in zip(keys, ranks, strict=True)]
    every = stacked([edit for own, others in zip(erasers.values(), sets, strict=True) for edit in (own, *others)])
    run = {"site": site, "budget": budget}
    found = said(forward, params, tokens, right, every, None, progress=progress, **run)
    back = []
    for name, edit in erasers.items():
        if name not in truth.labelled:
            back.append(Said(*(np.full((1, len(right)), np.nan) for _ in Said._fields)))
            continue
        points = _means(states, mask, np.asarray(truth.labelled[name]), mean)
        back.append(said(forward, params, tokens, right, stacked([edit]), points, progress=None, **run))
    places = found.places[0]
    texts = jax.random.randint(resample, (resamples, len(places)), 0, len(places))
    drawn = np.stack([np.bincount(row, minlength=len(places)) for row in np.asarray(texts)])
    sums = [leaf.reshape(len(ranks), controls + 1, -1) for leaf in found[:3]]  # [concept set text]
    rates = [leaf.sum(axis=-1) / places.sum() for leaf in sums]
    apart = [leaf[:, 0] - leaf[:, 1:].mean(axis=1) for leaf in sums]
    spread = [drawn @ leaf.T / np.maximum(drawn @ places, 1)[:, None] for leaf in apart]
    return Amnesic(
        tuple(erasers),
        Lost(*(rate[:, 0] for rate in rates)),
        Lost(*(rate[:, 1:].T for rate in rates)),
        Lost(*(np.array([one[i].sum() / places.sum() for one in back]) for i in range(3))),
        Lost(*((1 + (rate[:, 1:] >= rate[:, :1]).sum(axis=1)) / (1 + controls) for rate in rates)),
        Lost(*(np.quantile(leaf, [0.025, 0.975], axis=0) for leaf in spread)),
        np.array(ranks),
        float(found.nats[0].sum() / places.sum()),
        float(found.right[0].sum() / places.sum()),
        int(places.sum()),
    )


def _means(
    states: Float[np.ndarray, "text time unit"], mask: np.ndarray, labels: np.ndarray, mean: np.ndarray
) -> Float[np.ndarray, "text time unit"]:
    """Return what the label of each token is on average; of a token without one, the mean of all."""
    found = np.broadcast_to(mean.astype(np.float32), states.shape).copy()
    for label in np.unique(labels[mask & (labels >= 0)]):
        here = mask & (labels == label)
        found[here] = states[here].mean(axis=0, dtype=np.float64)
    return found


def _checked(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    erasers: Mapping[str, Project],
    site: Site,
    truth: Truth,
    controls: int,
) -> tuple[int, Int[np.ndarray, "text place"]]:
    """Return the width of the site, and the right answers."""
    one = jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), Tokens(*tokens[:2]))
    shapes = sites(forward, params, one)
    check_site(site, shapes)
    above(forward, params, one, site, Logit(0, 0))
    units, time = shapes[site].shape[-1], shapes[site].shape[-2]
    if not erasers or controls < 1:
        raise ValueError(f"expected at least one erasure and one control, got {len(erasers)} and {controls}")
    for name, edit in erasers.items():
        if np.shape(edit.read)[-1] != units:
            raise ValueError(f"{site!r} has {units} units, the erasure of {name!r} has {np.shape(edit.read)[-1]}")
    count = len(tokens.mask)
    for name, given in truth.labelled.items():
        if name not in erasers:
            raise KeyError(f"labels of {name!r}, which is no concept; there are {', '.join(erasers)}")
        if np.shape(given) != (count, time if time == 1 else tokens.mask.shape[1]):
            raise ValueError(f"expected labels of {name!r} for each token, {tokens.mask.shape}, got {np.shape(given)}")
    output = jax.eval_shape(lambda: scores(forward(params, one, {})[0]))
    places = (count, output.shape[1] if output.shape[1] == 1 else tokens.mask.shape[1])
    if truth.answers is None:
        here = True if places[1] == 1 else np.asarray(tokens.mask, bool)
        return units, np.where(np.broadcast_to(here, places), OWN, -1)
    right = np.asarray(truth.answers)
    if right.shape != places or right.dtype.kind not in "iu":
        raise ValueError(f"expected answers as whole numbers {places}, got {right.dtype} {right.shape}")
    if not (right >= 0).any() or right.max() >= output.shape[-1]:
        raise ValueError(
            f"expected answers from 0 to {output.shape[-1] - 1}, at least one (-1 is none), got {right.min()} to "
            f"{right.max()}"
        )
    return units, right
