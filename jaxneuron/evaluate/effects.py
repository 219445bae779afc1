"""What does a change do to a model's predictions, for each class of symbols?

`Predictions` is a target for `intervene` (Sellam et al. 2018 look at the accuracy of digits, of parentheses, ...): it
adds up, for each text and each class of what comes next, how well the model with an edit does and how far it is from
the model without. `summary` makes rates of the sums. `Confidence` is another: by how much an output is less likely, of
which `differences` makes the two measures by which Sajjad, Durrani, Dalvi 2022 ("Neuron-level interpretation of deep
NLP models: a survey", arXiv 2108.13138, and its tutorial) rank units that are ablated one by one.

Cost:
    A comparison for `intervene`, which runs the model: sums over the scores of each pass, once edited and once not.

Fails:
    Sums over few positions of a rare class are noise. A divergence is of all outputs: most of it may be at words that
    nobody asks about.

Peers:
    None that we know of; libraries report a loss or one logit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.targets import logits
from jaxneuron.types import Activations, Output, Tokens


class Sums(NamedTuple):
    """What `Predictions` adds up over the positions of each text at which the right output is of the class."""

    nats: Float[Any, "*text label"]  # -log of the probability of the right output
    right: Float[Any, "*text label"]  # positions at which the right output scores highest
    flips: Float[Any, "*text label"]  # positions at which another output scores highest than without the edit
    divergence: Float[Any, "*text label"]  # nats, KL(unedited || edited)
    probability: Float[Any, "*text label"]  # of the class
    anywhere: Float[Any, "*text label"]  # probability of the class at all positions that have a right output
    count: Float[Any, "*text label"]  # positions of the class
    positions: Float[Any, "*text label"]  # all positions that have a right output


class Predicted(NamedTuple):
    """How well a model predicts each class of outputs; nan for a class that is never right."""

    perplexity: Float[np.ndarray, "*set label"]
    accuracy: Float[np.ndarray, "*set label"]  # share of the class that scores highest where it is right
    flips: Float[np.ndarray, "*set label"]  # share of the class at which the first choice changed
    divergence: Float[np.ndarray, "*set label"]  # bits, KL(unedited || edited), mean over the class
    probability: Float[np.ndarray, "*set label"]  # of the class, mean over where it is right
    anywhere: Float[np.ndarray, "*set label"]  # of the class, mean over all positions
    count: Int[np.ndarray, "*set label"]  # positions of the class


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Predictions:
    """How well the right outputs are predicted, by classes of outputs; a comparison for `intervene`."""

    classes: Any = None  # Bool[label vocab], may overlap; None: one class of everything
    read: Callable[[Output, Activations], Array] = field(default_factory=lambda: jax.tree_util.Partial(logits))
    # scores [batch time output]; a `jax.tree_util.Partial`, whose arrays may change without compiling again

    def compare(
        self,
        edited: tuple[Output, Activations],
        unedited: tuple[Output, Activations],
        tokens: Tokens,
        answers: Int[Any, "batch _time"],
    ) -> Sums:
        """Add up what `Sums` names, for each text.

        Args:
            edited: what the forward returns under the edit.
            unedited: what it returns without.
            tokens: not used.
            answers: the output that is right at each position, -1 where none is asked for.
        """
        after, before = (jax.nn.log_softmax(self.read(*found).astype(jnp.float32)) for found in (edited, unedited))
        asked = answers >= 0
        target = jnp.where(asked, answers, 0)
        best, first = jnp.argmax(after, axis=-1), jnp.argmax(before, axis=-1)
        if self.classes is None:
            here, of_class = asked[None], jnp.ones((1, *asked.shape))  # [label batch time]
        else:
            classes = jnp.asarray(self.classes)
            here = classes[:, target] & asked[None]
            of_class = jnp.einsum("btv,lv->lbt", jnp.exp(after), classes.astype(jnp.float32))

        def within(value: Array) -> Float[Array, "batch label"]:
            return jnp.sum(jnp.where(here, value[None], 0), axis=-1, dtype=jnp.float32).T

        count = jnp.sum(here, axis=-1, dtype=jnp.float32).T
        return Sums(
            nats=within(-jnp.take_along_axis(after, target[..., None], -1)[..., 0]),
            right=within(best == target),
            flips=within(best != first),
            divergence=within(jnp.sum(jnp.exp(before) * (before - after), axis=-1)),
            probability=jnp.sum(jnp.where(here, of_class, 0), axis=-1).T,
            anywhere=jnp.sum(jnp.where(asked[None], of_class, 0), axis=-1).T,
            count=count,
            positions=jnp.broadcast_to(jnp.sum(asked, axis=-1, dtype=jnp.float32)[:, None], count.shape),
        )


def summary(sums: Sums) -> Predicted:
    """Return rates over all texts.

    Args:
        sums: `[*set text label]`, a side of the `Effect` that an intervention returned for `Predictions`.

    Returns:
        An array `[*set label]` each.

    Example:
        >>> one = np.ones((3, 1))
        >>> summary(Sums(0 * one, one, *[0 * one] * 2, one, one, 2 * one, 4 * one)).accuracy.tolist()
        [0.5]
    """
    total = Sums(*(np.asarray(leaf, np.float64).sum(axis=-2) for leaf in sums))

    def rate(value: np.ndarray, of: np.ndarray) -> np.ndarray:
        return np.divide(value, of, out=np.full(value.shape, np.nan), where=of > 0)

    return Predicted(
        perplexity=np.exp(np.minimum(rate(total.nats, total.count), 700)),
        accuracy=rate(total.right, total.count),
        flips=rate(total.flips, total.count),
        divergence=rate(total.divergence, total.count) / np.log(2),
        probability=rate(total.probability, total.count),
        anywhere=rate(total.anywhere, total.positions),
        count=total.count.astype(np.int64),
    )


class Lost(NamedTuple):
    """What `Confidence` adds up over the positions of each text at which something is asked."""

    raw: Float[Any, "*text"]  # probability without the edit - probability with it
    normalised: Float[Any, "*text"]  # the same as a share of the probability without
    before: Float[Any, "*text"]  # probability without the edit
    positions: Float[Any, "*text"]


class Differences(NamedTuple):
    """By how much less sure a model is, mean over the positions of all texts; nan without any."""

    raw: Float[np.ndarray, "*set"]  # in probability, from -1 to 1; above 0 where the edit takes confidence away
    normalised: Float[np.ndarray, "*set"]  # as a share of what it was, 1 at most
    before: Float[np.ndarray, "*set"]  # the probability without the edit


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Confidence:
    """By how much less likely a class is, or else the model's own first choice; a comparison for `intervene`."""

    token: Any = None  # the output whose probability is read; None: what is likeliest without the edit
    read: Callable[[Output, Activations], Array] = field(default_factory=lambda: jax.tree_util.Partial(logits))
    # scores [batch time output], as in `Predictions`

    def compare(
        self,
        edited: tuple[Output, Activations],
        unedited: tuple[Output, Activations],
        tokens: Tokens,
        answers: Int[Any, "batch _time"],
    ) -> Lost:
        """Add up what `Lost` names, for each text, where there is an answer, whatever it is.

        Args:
            edited: what the forward returns under the edit.
            unedited: what it returns without.
            tokens: not used.
            answers: -1 where nothing is asked; what else they are does not count.
        """
        after, before = (jax.nn.log_softmax(self.read(*found).astype(jnp.float32)) for found in (edited, unedited))
        asked = answers >= 0
        return Lost(*(jnp.sum(jnp.where(asked, one, 0), -1) for one in lost(before, after, self.token)))


def lost(before: Float[Array, "*batch output"], after: Float[Array, "*batch output"], token: Any = None) -> Lost:
    """Return by how much less likely an output has become, at each place by itself.

    Args:
        before: logarithms of probabilities without an edit.
        after: with it.
        token: which output; None: the likeliest without.

    Example:
        >>> found = lost(jnp.log(jnp.array([0.8, 0.2])), jnp.log(jnp.array([0.6, 0.4])))
        >>> [round(float(one), 3) for one in found[:3]]
        [0.2, 0.25, 0.8]
    """
    index = jnp.argmax(before, -1) if token is None else jnp.broadcast_to(jnp.asarray(token), before.shape[:-1])
    was, now = (jnp.take_along_axis(side, index[..., None], -1)[..., 0] for side in (before, after))
    return Lost(jnp.exp(was) - jnp.exp(now), 1 - jnp.exp(now - was), jnp.exp(was), jnp.ones_like(was))


def differences(sums: Lost) -> Differences:
    """Return the raw and the normalised difference of confidence; `ranking.ranked` puts units in their order.

    Args:
        sums: `[*set text]`, a side of the `Effect` that an intervention returned for `Confidence`.

    Returns:
        An array `[*set]` each.

    Example:
        >>> differences(Lost(*np.array([[0.2, 0.4], [0.5, 1.5], [0.4, 0.8], [1, 3]]))).normalised.tolist()
        0.5
    """
    total = Lost(*(np.asarray(leaf, np.float64).sum(axis=-1) for leaf in sums))
    count = np.where(total.positions > 0, total.positions, np.nan)
    return Differences(*(np.asarray(leaf / count) for leaf in total[:3]))
