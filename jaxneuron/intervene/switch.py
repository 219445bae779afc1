"""Turn units that tell one value of a property from the other, such as singular from plural: what does a model prefer?

The switch neurons of Bau et al. 2019 and of Dalvi et al. 2019: units that are high for one value (past tense) and low
for the other, which turn what a translation says in 67% (tense), 33% (number) and 21% (gender) of the cases when they
are set to the other side. Here units are turned at chosen words, such as the one before the verb, in any model; a text
has one value, so that each is turned the other way. All sets of units are one call.

Set: `x := mean_other + beyond (mean_other - mean_own)`. Mirror: `x := mean_own + mean_other - x`, and as much beyond,
which keeps how far a unit is from its mean. Inside a recurrence the edit acts on each step that is to be turned, and
the steps after it read what it left.

Cost:
    One pass of what is above the site for each set of units, and one of the whole for each text; `means` takes one
    pass.

Fails:
    Only pairs whose right form the model prefers can flip, and few may be left. Means over frames unlike the tested
    ones are off; far beyond the other mean the model breaks.

Peers:
    The authors' code, for their LSTM translator (NeuroX's predecessor); here any site of any model.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from jaxneuron import batching
from jaxneuron.edits import Affine
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.targets import logits
from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Target, Tokens


class Sides(NamedTuple):
    """What a site's units are under each of two values, and which value each text has."""

    means: Float[Any, "2 unit"]  # see `means`
    own: Int[Any, "batch"]  # 0 or 1
    where: Bool[Any, "batch time"] | None = None  # the words at which units are turned; None: all


class Turn(NamedTuple):
    """How a unit is taken to the other side."""

    how: Literal["set", "mirror"] = "set"  # to the other mean; or to its mirror image between both
    beyond: float = 0.0  # distances of the means by which it goes past the other one


class Likely(NamedTuple):
    """How likely the right outputs of each text are."""

    nats: Float[Any, "*text"]  # minus the logarithm of their probability, summed over the text
    count: Float[Any, "*text"]  # how many they are


class Flips(NamedTuple):
    """What becomes of the preference between two forms of a word."""

    share: Float[np.ndarray, "*set"]  # of the pairs whose form was preferred, those where the other one is now
    before: Float[np.ndarray, "pair"]  # nats by which the right form is likelier, unedited
    after: Float[np.ndarray, "*set pair"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Likelihood:
    """How likely the answers are, summed over each text; a comparison for `intervene`."""

    read: Any = field(default_factory=lambda: jax.tree_util.Partial(logits))  # scores, as `Sampling` has it

    def compare(
        self,
        edited: tuple[Output, Activations],
        unedited: tuple[Output, Activations],
        tokens: Tokens,
        answers: Int[Any, "batch _time"],
    ) -> Likely:
        """Return sums over the places that have an answer.

        Args:
            edited: what the forward returns under the edit.
            unedited: not used.
            tokens: not used.
            answers: the output that is right at each position, -1 where none is asked for.
        """
        del unedited, tokens
        scores = jax.nn.log_softmax(self.read(*edited).astype(jnp.float32))
        asked = answers >= 0
        right = jnp.take_along_axis(scores, jnp.where(asked, answers, 0)[..., None], -1)[..., 0]
        return Likely(-jnp.sum(jnp.where(asked, right, 0), -1), jnp.sum(asked, -1, dtype=jnp.float32))


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    sides: Sides,
    masks: Bool[Any, "*set unit"] | None = None,
    *,
    site: Site,
    turn: Turn = Turn(),  # noqa: B008 (it cannot be changed)
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effect:
    """Take each set of units to the side of the other value, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read; for `flips`, a `Likelihood` with the answers of two forms of a word.
        sides: the mean of each unit under each value, which value each text has, and at which words to turn.
        masks: true where a unit is turned; None: each unit of the site alone.
        site: where the units are.
        turn: how.
        budget: bytes for what is computed at a time.
        progress: called with the sentences that are done, and all.

    Returns:
        What the target reads under each turned set, and of the model as it is; see `flips` and `rise`.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: a model without a head, where the target reads scores; a target that the site does not reach; masks
            or means of another width than the site; values that are neither 0 nor 1; a site without a vector for each
            word, where words are chosen.

    Source:
        Bau, Belinkov, Sajjad, Durrani, Dalvi, Glass 2019, "Identifying and controlling important neurons in neural
        machine translation" (arXiv 1811.01157).
    """
    sets = _run.units(forward, params, tokens, target, site, masks)
    means, own = np.asarray(sides.means, np.float32), np.asarray(sides.own)
    where = None if sides.where is None else np.asarray(sides.where)
    units, shape = sets.shape[-1], np.shape(tokens.mask)
    if means.shape != (2, units) or not np.isfinite(means).all():
        raise ValueError(
            f"expected two finite means of each of the {units} units of {site!r}, [2, {units}], got {means.shape}"
            f"{'' if np.isfinite(means).all() else ' with some that are no numbers'}; see `switch.means`"
        )
    if own.shape != shape[:1] or not np.isin(own, (0, 1)).all():
        raise ValueError(f"expected which value each of {shape[0]} texts has, 0 or 1, got {own.dtype} {own.shape}")
    if where is not None and where.shape != shape:
        raise ValueError(f"expected the words to turn at, {[*shape]}, got the shape {where.shape}")
    if turn.how not in ("set", "mirror"):
        raise ValueError(f"units are turned by set or mirror, got {turn.how!r}")
    mean, other = means[own], means[1 - own]
    amount = other + turn.beyond * (other - mean) + (mean if turn.how == "mirror" else 0)
    edit = jax.tree_util.Partial(_turned, jnp.float32(-1 if turn.how == "mirror" else 0))
    options = {"site": site, "budget": budget, "progress": progress}
    return _run.run(forward, params, tokens, target, edit, sets, (amount.astype(np.float32), where), **options)


def _turned(factor: Array, units: Bool[Array, "unit"], rows: tuple[Array, Array | None]) -> Edit:
    """Return the edit that turns `units` of each text, at some words only."""
    amount, where = rows
    here = units[None, None] if where is None else where[..., None] & units[None, None]
    shape = np.broadcast_shapes(here.shape, (len(amount), 1, len(units)))
    here = jnp.broadcast_to(here, shape)
    return Affine(jnp.where(here, factor, 1), jnp.where(here, jnp.broadcast_to(amount[:, None], shape), 0))


def means(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    own: Int[Any, "batch"],
    where: Bool[Any, "batch time"] | None = None,
    *,
    site: Site,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "2 unit"]:
    """Return the mean activation of each unit under each value, over the chosen words or all.

    Args:
        forward: the model.
        params: its weights.
        tokens: texts, each with one value.
        own: which value, 0 or 1.
        where: the words that count.
        site: where the units are.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError: the model has no such site.
        ValueError: a site without a vector for each word, or no word with one of the values.
    """
    states = _run.states(forward, params, tokens, site, budget=budget)
    here = np.asarray(tokens.mask if where is None else where) & np.asarray(tokens.mask)
    found = []
    for value in (0, 1):
        rows = states[here & (np.asarray(own) == value)[:, None]]
        if not len(rows):
            raise ValueError(f"no text has the value {value} at a word that counts; both values are needed")
        found.append(rows.mean(axis=0, dtype=np.float64))
    return np.stack(found).astype(np.float32)


def flips(effect: Effect) -> Flips:
    """Return how often the other of two forms is preferred once units are turned.

    Args:
        effect: of a `Likelihood`, on texts in pairs: the one with the right form, then the one with the other form.

    Raises:
        ValueError: an odd number of texts, or no pair whose right form the model prefers, so that none can flip.

    Example:
        >>> nats, count = np.array([1.0, 2.0, 1.0, 3.0]), np.ones(4)
        >>> flips(Effect(Likely(np.array([[2.0, 1.0, 1.0, 3.0]]), count[None]), Likely(nats, count))).share.tolist()
        [0.5]
    """
    before, after = (_margin(side) for side in (effect.unedited, effect.edited))
    right = before > 0
    if not right.any():
        raise ValueError(f"of {len(right)} pairs the model prefers the right form in none, so that none can flip")
    return Flips((after[..., right] < 0).mean(axis=-1), before, after)


def _margin(read: PyTree) -> Float[np.ndarray, "*set pair"]:
    nats = np.asarray(read.nats, np.float64)
    if nats.shape[-1] % 2:
        raise ValueError(f"expected texts in pairs, a right and a wrong one each, got {nats.shape[-1]}")
    return nats[..., 1::2] - nats[..., ::2]


def rise(effect: Effect) -> Float[np.ndarray, "*set"]:
    """Return by which factor, less 1, the perplexity is higher under each edit; `effect` is of a `Likelihood`.

    Example:
        >>> one = np.ones(1)
        >>> rise(Effect(Likely(np.log([[1.5]]), one[None]), Likely(0 * one, one))).round(3).tolist()
        [0.5]
    """

    def mean(side: PyTree) -> Any:
        return np.asarray(side.nats, np.float64).sum(-1) / np.asarray(side.count, np.float64).sum(-1)

    return np.expm1(np.minimum(mean(effect.edited) - mean(effect.unedited), 700))
