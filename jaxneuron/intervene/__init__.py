"""What changes if we change it? Take units away, give them another value, or make them follow a hypothesis.

Every module has one verb, `intervene`. Some change what a model makes of a text that is there:

- `ablate`: sets of units at 0, at their mean, at what they were elsewhere, or at any value
- `oracle`: units that follow a hypothesis instead of what they computed
- `greedy`, `beam`, `evolutionary`: the units that are missed most together, found one by one, in several sets that grow
  side by side, or in sets that are bred
- `patch`: activations of another text in the place of a text's own, at every site and position
- `steer`: a direction added at a site, by amounts
- `switch`: units that tell one value of a property from the other, turned to the other side
- `interchange`: sets of units that have the values of another text
- `das`: directions along which they have them, learnt so that the answer follows

and return, for each set of units, what a target reads (`Effect`): any of `jaxneuron.targets`, or an object with a
method `compare`, such as `evaluate.effects.Predictions`, which sees the unedited pass too, and what is right: the next
symbol, unless it comes with answers (`Answered`). The others write text (`Written`), as `Sampling` says:

- `generate`: text sampled under any edits
- `force`: text sampled while sets of units are held at a value
- `induce`: text sampled while the units that detect a concept are forced, more and more of them

At a recurrent site a change acts at every step, and on what the next step reads.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from jaxneuron.targets import logits
from jaxneuron.types import Activations, Edit, Output, Params, Site, Tokens


@runtime_checkable
class Comparison(Protocol):
    """A small frozen pytree that reads what an edit did to each sequence, knowing the model without it."""

    def compare(
        self,
        edited: tuple[Output, Activations],
        unedited: tuple[Output, Activations],
        tokens: Tokens,
        answers: Int[Any, "batch _time"],
    ) -> PyTree:
        """Return arrays with a leading axis over the sequences; what stands at padding says nothing.

        Args:
            edited: what the forward returns under the edit.
            unedited: what it returns without.
            tokens: what was read.
            answers: the output that is right at each position, -1 where none is asked for.
        """
        ...


class Answered(NamedTuple):
    """A comparison, and what is right in the texts that it reads."""

    comparison: Comparison
    answers: Int[Any, "batch _time"]  # the output that is right at each position, -1 where none is asked for


class Effect(NamedTuple):
    """What a target reads under each edit, and without: one score per sequence, or what a comparison returns."""

    edited: PyTree  # [*set batch ...], numpy
    unedited: PyTree  # [batch ...], numpy


def mean_score(read: PyTree) -> Float[np.ndarray, "*set"]:
    """Return the mean over the sequences of what a target reads."""
    return np.asarray(read, np.float64).mean(axis=-1)


class Taking(NamedTuple):
    """What is taken away in a search for units that are missed."""

    count: int  # units to take
    value: float | Float[Any, "..."] = 0.0  # what a unit is set to that is taken away, as in `ablate`
    score: Callable[[PyTree], Float[np.ndarray, "*set"]] = mean_score  # from what the target reads, [*set batch ...],
    # to the number that should fall, [*set]; for `evaluate.effects.Predictions` such as
    # `lambda sums: summary(sums).accuracy[..., 0]`


class Taken(NamedTuple):
    """Units in the order in which they were taken away."""

    order: Int[np.ndarray, "step"]
    score: Float[np.ndarray, "step"]  # without this unit and those before it
    alone: Float[np.ndarray, "step"]  # without this unit only
    unedited: float  # with all units
    effect: Effect  # what the target reads: edited [step batch ...]


class Sampling(NamedTuple):
    """How text is drawn from a model."""

    length: int = 20  # symbols to write after each prompt, at least 1
    temperature: float = 1.0  # divides the scores; 0 takes the likeliest symbol
    top_k: int | None = None  # draw among so many of the likeliest; None: among all
    end: int | None = None  # a text stops after this symbol
    read: Callable[[Output, Activations], Array] = logits  # the scores of the next symbol, [batch time vocab]; a
    # function, with arrays in it a `jax.tree_util.Partial`


class Written(NamedTuple):
    """Text that a model wrote, after the prompt."""

    tokens: Tokens  # [*set batch time], the prompt and what follows it
    sampled: Bool[Any, "*batch time"]  # true where the symbol is the model's own, prompt and padding aside
    log_probability: Float[Any, "*batch time"]  # nats, of each sampled symbol under the edited model; 0 elsewhere


@runtime_checkable
class Step(Protocol):
    """A model that reads on from where it stopped: what it has read is its recurrent state, or keys and values.

    A state that takes so many symbols and no more, such as a cache, has an attribute `room` that says how many.
    """

    def __call__(
        self, params: Params, state: PyTree, ids: Int[Array, "batch time"], edits: Mapping[Site, Edit]
    ) -> tuple[Output, Activations, PyTree]:
        """Read the next symbols of each text; return the output, the activations and the state after them."""
        ...
