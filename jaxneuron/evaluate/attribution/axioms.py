"""Nothing for what is not used, the same for equal parts, and for the same function written differently.

The axioms of Sundararajan, Taly, Yan 2017 (arXiv:1703.01365) and of Shapley values, as measurements: each result has
the *premise* (how far the function is from what the axiom supposes) beside the *violation*, since an attribution may
only be blamed where the premise holds.

Cost:
    A few evaluations of `f`, and two of the method.

Fails:
    A violation may only be blamed where the premise holds: read both numbers.

Peers:
    Quantus has completeness and input invariance; the premise is reported here, too.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron import _keys, _numbers, games
from jaxneuron.evaluate.attribution._found import array
from jaxneuron.split import traceable
from jaxneuron.types import Path

Explain = Callable[[Any, Float[Array, "batch *feature"]], Float[Array, "batch *feature"] | Path]
"""A method: from a score and an input to an attribution, as `saliency.attribute`, or a partial of others."""


class Axiom(NamedTuple):
    """How far an axiom is from holding."""

    premise: Float[Array, "*case"]  # largest violation of what the axiom supposes; 0 where it applies
    violation: Float[Array, "*case"]  # largest violation of the axiom


def dummy(
    key: Array,
    f: games.Score,
    x: Float[Any, "batch *feature"],
    attribution: Float[Any, "batch *feature"],
    unused: Bool[Any, "*feature"],
    *,
    deviation: float = 1.0,
    samples: int = 10,
) -> Axiom:
    """Check that features which the score does not use get nothing.

    Args:
        key: for the noise that tests the premise.
        f: the score.
        x: the input.
        attribution: of the input.
        unused: the features in question.
        deviation: of the noise, in the unit of the input.
        samples: noises.

    Returns:
        The largest change of the score when these features are noise, and their largest absolute attribution.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> x = jnp.ones((1, 2))
        >>> found = dummy(jax.random.key(0), lambda x: x[:, 0], x, jnp.array([[1.0, 0.5]]), jnp.array([False, True]))
        >>> found.premise.tolist(), found.violation.tolist()
        (0.0, 0.5)
    """
    x, unused = _numbers.real(x, "x"), jnp.asarray(unused)
    if unused.shape != x.shape[1:] or jnp.shape(attribution) != x.shape:
        raise ValueError(
            f"expected an attribution {x.shape} and which features are unused {x.shape[1:]}, got "
            f"{jnp.shape(attribution)} and {unused.shape}"
        )
    keys = jax.random.split(_keys.checked(key), samples)
    return _dummy(keys, traceable(f), x, jnp.asarray(attribution), unused[None], deviation)


@jax.jit
def _dummy(keys: Array, f: Any, x: Array, attribution: Array, unused: Array, deviation: Any) -> Axiom:
    whole = f(x)

    def change(key: Array) -> Array:
        noisy = jnp.where(unused, x + deviation * jax.random.normal(key, x.shape, x.dtype), x)
        return jnp.max(jnp.abs(f(noisy) - whole))

    return Axiom(jnp.max(jax.lax.map(change, keys)), jnp.max(jnp.where(unused, jnp.abs(attribution), 0)))


def symmetry(f: games.Score, x: Float[Any, "batch feature"], explain: Explain, first: int, second: int) -> Axiom:
    """Check that two features which the score treats alike get the same, where they have the same value.

    The second feature is given the first's value. The premise is tested by exchanging the two in `x` as it is.

    Args:
        f: the score.
        x: the input, with one axis of features.
        explain: the method; a baseline that it has must be alike in the two features, too.
        first: a feature.
        second: another.

    Raises:
        ValueError: no such features.

    Example:
        >>> grad_times_input = lambda f, x: x * jax.grad(lambda x: jnp.sum(f(x)))(x)
        >>> found = symmetry(lambda x: x[:, 0] * x[:, 1], jnp.array([[2.0, 3.0]]), grad_times_input, 0, 1)
        >>> found.premise.tolist(), found.violation.tolist()
        (0.0, 0.0)
    """
    x = jnp.asarray(x)
    if x.ndim != 2 or not (0 <= first < x.shape[1] and 0 <= second < x.shape[1]):
        raise ValueError(f"expected two features of an input [batch feature], got {first}, {second} and {x.shape}")
    swapped = x.at[:, first].set(x[:, second]).at[:, second].set(x[:, first])
    found = array(explain(f, x.at[:, second].set(x[:, first])))
    premise = jnp.max(jnp.abs(f(x) - f(swapped)))
    return Axiom(premise, jnp.max(jnp.abs(found[:, first] - found[:, second])))


def implementation_invariance(
    f: games.Score, same: games.Score, x: Float[Any, "batch *feature"], explain: Explain
) -> Axiom:
    """Check that a method says the same of two scores that agree everywhere.

    Args:
        f: a score.
        same: the same function, computed in another way.
        x: the input.
        explain: the method.

    Returns:
        The largest difference of the scores at `x`, and of the attributions.

    Example:
        >>> grad = lambda f, x: jax.grad(lambda x: jnp.sum(f(x)))(x)
        >>> found = implementation_invariance(jnp.ravel, lambda x: jnp.ravel(x + x - x), jnp.ones((2, 1)), grad)
        >>> found.violation.tolist()
        0.0
    """
    x = jnp.asarray(x)
    one, other = array(explain(f, x)), array(explain(same, x))
    return Axiom(jnp.max(jnp.abs(f(x) - same(x))), jnp.max(jnp.abs(one - other)))
