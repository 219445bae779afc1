"""A method of attribution with what it is told, as one map that JAX can follow and compiles once for many texts."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Explain:
    """From features, or from weights and features, to what a method says of them, `[1 time unit]`."""

    attribute: Callable[..., Any] = field(metadata={"static": True})
    kind: str = field(metadata={"static": True})  # gradient: for a unit of each feature; difference: from the baseline;
    # input: of the features as they are
    f: Any
    baseline: Any
    mask: Any
    key: Any

    def __call__(self, *given: Any) -> Array:
        """Return the shares; what a method says of a whole token is spread over its units."""
        *weights, x = given
        f = replace(self.f, params=weights[0]) if weights else self.f
        parameters = inspect.signature(self.attribute).parameters
        known = {"key": self.key, "f": f, "x": x, "baseline": self.baseline, "baselines": self.baseline}
        groups = np.broadcast_to(np.arange(x.shape[1])[:, None], x.shape[1:])
        options = {name: value for name, value in (("groups", groups), ("mask", self.mask)) if name in parameters}
        taken = [known[name] for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
        found = self.attribute(*taken, **options)
        value = jnp.asarray(getattr(found, "attribution", found))
        return value / x.shape[-1] if {"groups", "window"} & set(parameters) else value


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class OfWeights:
    """From weights to the score of some features."""

    f: Any
    x: Any

    def __call__(self, params: Any) -> Array:
        """Return the score."""
        return replace(self.f, params=params)(self.x)
