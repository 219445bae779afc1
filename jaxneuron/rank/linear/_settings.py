"""How linear probes are fitted: the settings that all probes of one call share, and those of NeuroX."""

from typing import Any, NamedTuple

from jaxtyping import Float

WEAK = 0.1
"""How many tokens' worth the usual L2 penalty has: a prior of the weights, normal, of standard deviation
`sqrt(1 / WEAK)`, about 3 (log odds per standard deviation of a unit).

It is there because labels that can be told apart without an error have no best probe, and vanishes as tokens come.
Ten times as strong, as in scikit-learn, it can be felt: of labels that one unit decides, 2,000 tokens tell 0.92 bits
instead of 0.96, and the loss of 300 noisy tokens of 50 units is 1 % above the lowest instead of 0.02 %. Ten times as
weak, the code of 10,000 labels of which one is different is 230 bits long instead of 54.
"""


class Settings(NamedTuple):
    """How probes are fitted; the defaults go on until they have converged.

    Args:
        l1: penalty of absolute weights, at least 0, of standardised activations if `standardise`; one or `[probe]`.
        l2: penalty of squared weights, as `l1`. None: 0 beside an L1 penalty, and else `WEAK / (2 tokens)`, which is
            scikit-learn's `C = 1 / WEAK` (of two classes, which have two rows here and one there, and of numbers,
            `WEAK / tokens`: Ridge's `alpha = WEAK`); tokens that a probe's `weight` leaves out don't count.
        epochs: passes over the data; None for 10 in batches, and else for as many as it takes, at most 200 and 10 times
            the root of the number of weights of a probe.
        batch: tokens per step, None for all.
        learning_rate: in batches, of the first step; it falls to zero with the last.
        tolerance: a probe has converged when ten steps lower its objective by less than this share of it.
        standardise: subtract each unit's mean over all tokens and divide by its standard deviation, in the precision of
            the activations; without it, units are read in single precision, and refused where that loses what they say.
        patience: passes without improvement on dev data after which a probe is as it is; None to go on.
    """

    l1: float | Float[Any, "probe"] = 0.0
    l2: float | Float[Any, "probe"] | None = None
    epochs: int | None = None
    batch: int | None = None
    learning_rate: float = 1e-3
    tolerance: float = 1e-4
    standardise: bool = True
    patience: int | None = 10

    def check(self) -> None:
        """Check what can be without data.

        Raises:
            ValueError: an option out of range.
        """
        if (self.epochs is not None and self.epochs < 1) or (self.batch is not None and self.batch < 1):
            raise ValueError(f"expected at least one epoch and one token per step, got {self.epochs} and {self.batch}")
        if not 0 < self.learning_rate < float("inf") or not 0 < self.tolerance < float("inf"):
            raise ValueError(
                f"expected a learning rate and a tolerance above 0, got {self.learning_rate} and {self.tolerance}"
            )


NEUROX = Settings(l2=0.0, batch=128, epochs=10, learning_rate=1e-3)
"""NeuroX's defaults."""

DEFAULT = Settings()
"""What is done where nothing is said."""
