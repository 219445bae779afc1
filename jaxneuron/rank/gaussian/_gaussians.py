"""What a fit finds: a Gaussian for each class."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Gaussians(NamedTuple):
    """A Gaussian for each class; `logits` has the density of any subset of the units."""

    mean: Float[np.ndarray, "label unit"]
    covariance: Float[np.ndarray, "label unit unit"]  # of activations divided by the scale; in all
    # 4 classes units^2 bytes: 10 MB for 384 units and 17 classes
    prior: Float[np.ndarray, "label"]  # share of each class in the training data, 0 where it does not occur
    scale: Float[np.ndarray, "unit"]  # 1 but for a unit of a range beyond 2^40 or below 2^-40
    shrinkage: float  # share of the common covariance in each
