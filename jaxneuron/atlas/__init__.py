"""What does every neuron do, in one pass? Statistics of all units of all sites, that any number of workers can share.

Every module has one verb, `statistic`, which takes its settings and returns a `Statistic`: four functions, so that a
corpus can be read in any parts, in any order, by any number of processes:

- `moments`: mean, variance, skewness, kurtosis and extremes
- `histogram`: how often each value of sixteen bits occurs, and so any quantile
- `exemplars`: the sentences in which a unit is highest, and those in which it is lowest
- `samples`: words drawn at random, with what all units do there
- `saturated`: how often a unit is off, and how often at the end of its range
- `sign_cases`: how often the gate and the input of a gated layer are above and below 0, and what comes of it
- `pairs`: how the units of a site go together
- `label_sums`: each unit's mean where a label holds: what `probeless` and erasure need
- `label_counts`: how often each value occurs where a label holds: average precision, AUROC and IoU at every threshold

States are of what was read; `merge` joins those of two parts. The same states come of any split and any order: exactly
where they are counts or the best few, and to a millionth where they are sums. A state does not grow with the corpus.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.types import Activations, Site

VERB = "statistic"


class Rows(NamedTuple):
    """Whose activations those of a site are: one entry for each of its vectors."""

    text: Int[Any, "batch time"]  # its place in `Places.sentence`; -1: the vector is not counted
    word: Int[Any, "batch time"]  # of the sentence; 0 for a vector of the whole text
    drawn: Int[Any, "batch time"]  # its place among the words that were drawn at random; -1: it was not
    label: Int[Any, "batch time"]  # its class; -1: none


class Places(NamedTuple):
    """Whose activations those of a batch are."""

    sentence: Int[Any, "text"]  # the number in the corpus of each of the batch, or of its like; -1 on padding
    words: Rows  # of sites with a vector for each word
    texts: Rows  # of sites with one for the text, `[batch, 1]`

    def of(self, value: Float[Any, "batch time unit"]) -> Rows:
        """Return those of a site."""
        return self.words if value.shape[-2] == self.words.text.shape[-1] else self.texts


class Beside(NamedTuple):
    """An update in two halves, of which the second needs no compiler: on a CPU, it runs while the model reads on."""

    look: Callable[[Activations, Places], Any]  # what is seen of a batch; compiled together with the model
    add: Callable[[Any, Any, Mapping[Site, Any], Places], Any]  # state, that, the batch: all numpy; may change a state
    settle: Callable[[Any], Any]  # what `add` returned -> state, of all that was added; called before it is shown
    finite: Callable[[Any], dict[Site, Any]] | None = None  # what was seen -> whether that was finite


class Statistic(NamedTuple):
    """What is known of every unit after some text, in four functions without a memory.

    `update` can be compiled together with the model; `merge` and `finish` take states of JAX or numpy.
    """

    init: Callable[[Mapping[Site, int]], Any]  # units of each site -> state, of nothing read
    update: Callable[[Any, Activations, Places], Any]  # state, of a batch beside what it was of
    merge: Callable[[Any, Any], Any]  # state, of what both are of
    finish: Callable[[Any], dict[Site, Any]]  # what the module says of each site, in numpy
    apart: bool = True  # whether each site is a matter of its own, so that `update` may be called with one at a time
    beside: Beside | None = None  # the same as `update`, where compiled code is slow at it on a CPU


class Make(Protocol):
    """The folder's verb."""

    def __call__(self, **settings: Any) -> Statistic:
        """Return a statistic with these settings."""
        ...


class UnitMoments(NamedTuple):
    """The shape of each unit's values; nan before the first one."""

    tokens: int  # values of each unit
    mean: Float[np.ndarray, "unit"]
    variance: Float[np.ndarray, "unit"]  # of these values; exactly 0 for a unit that never changes
    skewness: Float[np.ndarray, "unit"]  # 0 for a unit that never changes, as the kurtosis
    kurtosis: Float[np.ndarray, "unit"]  # 3 for a normal distribution
    low: Float[np.ndarray, "unit"]
    high: Float[np.ndarray, "unit"]


class Histogram(NamedTuple):
    """How often each unit has each value, rounded to bfloat16 or to fewer digits."""

    tokens: int
    level: Float[np.ndarray, "level"]  # ascending: the values that any unit of the site had
    count: Int[np.ndarray, "unit level"]
    exact: Bool[np.ndarray, "unit"]  # whether all its values have a level of their own; else some are tiny or huge


class Extremes(NamedTuple):
    """The best word of each of the best sentences, the best first; -1 and nan where there were fewer sentences."""

    value: Float[np.ndarray, "unit k"]
    sentence: Int[np.ndarray, "unit k"]
    word: Int[np.ndarray, "unit k"]


class Exemplars(NamedTuple):
    """Where each unit is farthest up and farthest down; of equal values the earlier sentence, then the earlier word."""

    highest: Extremes
    lowest: Extremes


class Samples(NamedTuple):
    """Words drawn at random, each as likely as any other, and what all units of the site do there."""

    sentence: Int[np.ndarray, "sample"]
    word: Int[np.ndarray, "sample"]
    value: Float[np.ndarray, "sample unit"]


class Saturation(NamedTuple):
    """How often each unit is at an end of its range; shares from 0 to 1."""

    tokens: int
    off: Float[np.ndarray, "unit"]  # the value is 0
    positive: Float[np.ndarray, "unit"]
    low: Float[np.ndarray, "unit"]  # at or below the lower bound
    high: Float[np.ndarray, "unit"]  # at or above the upper bound
    dead: Bool[np.ndarray, "unit"]  # the value never changes
    bounds: tuple[float, float]


class SignCases(NamedTuple):
    """What a gated unit does by the signs of its gate and of its input; the first of each axis is at or above 0.

    Of a gate that is a share, the first is at or above a half.
    """

    tokens: int
    share: Float[np.ndarray, "gate in unit"]  # of the words
    mean: Float[np.ndarray, "gate in unit"]  # of the product of both; nan where the share is 0, as what follows
    low: Float[np.ndarray, "gate in unit"]
    high: Float[np.ndarray, "gate in unit"]


class Neighbours(NamedTuple):
    """The units of the same site that go with each unit most, by Pearson's correlation, the strongest first."""

    unit: Int[np.ndarray, "unit k"]  # -1 where there are fewer
    correlation: Float[np.ndarray, "unit k"]


class LabelMeans(NamedTuple):
    """What each unit does where a label holds."""

    tokens: int
    count: Int[np.ndarray, "label"]
    mean: Float[np.ndarray, "label unit"]  # nan where the label never holds
    others: Float[np.ndarray, "label unit"]  # where it does not; nan where it always holds

    @property
    def difference(self) -> Float[np.ndarray, "label unit"]:
        """Return by how much each unit is higher where a label holds than where it does not."""
        return self.mean - self.others


class LabelThresholds(NamedTuple):
    """How well a threshold on each unit tells each label; 0 (auroc: 0.5) for a label that never or always holds."""

    tokens: int
    rising: Float[np.ndarray, "label unit"]  # average precision of the value
    falling: Float[np.ndarray, "label unit"]  # average precision of minus the value
    auroc: Float[np.ndarray, "label unit"]
    iou: Float[np.ndarray, "label unit"]  # of the best threshold, `value >= threshold`
    threshold: Float[np.ndarray, "label unit"]  # that one


class LabelledCounts(NamedTuple):
    """What follows from how often each unit has each value with each label."""

    histogram: Histogram  # of all values, with a label or without
    thresholds: LabelThresholds


class Quantiles(NamedTuple):
    """The value below which a share of a unit's values are."""

    share: Float[np.ndarray, "share"]  # ascending, from 0 to 1
    value: Float[np.ndarray, "unit share"]
    count: Int[np.ndarray, "unit share"]  # how many of the unit's values are no higher than this one


class Bars(NamedTuple):
    """A histogram to draw: equally wide bars from each unit's lowest value to its highest."""

    edge: Float[np.ndarray, "unit edge"]  # one more than bars; bar i is from edge i to just below i + 1, the last to it
    count: Int[np.ndarray, "unit bar"]


class Excerpts(NamedTuple):
    """What a unit does at the words around each exemplar."""

    first: Int[np.ndarray, "unit k"]  # the first word of the sentence that is shown
    value: Float[np.ndarray, "unit k shown"]  # at that word and those after it; nan beyond the sentence's end


class SiteSummary(NamedTuple):
    """All that is known of the units of one site: what pages are made of."""

    site: Site
    per_text: bool  # one vector for a text: each sentence then counts as one word, number 0
    moments: UnitMoments
    quantiles: Quantiles
    bars: Bars
    saturation: Saturation
    exemplars: Exemplars
    highest: Excerpts | None  # of `exemplars.highest`
    lowest: Excerpts | None
    samples: Samples
    sign_cases: SignCases | None = None  # of a gated layer's product, else None
    neighbours: Neighbours | None = None
    labels: tuple[str, ...] | None = None  # what the labels of what follows are called, where they were asked for
    thresholds: LabelThresholds | None = None
    means: LabelMeans | None = None
