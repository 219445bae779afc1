"""A picture of what excites: the gradient, of which rectifiers pass on the positive part only.

Springenberg et al. 2015 (Striving for Simplicity, arXiv 1412.6806); without the rectifier's own gate it is the
deconvolution of Zeiler and Fergus 2014 (arXiv 1311.2901). It depends little on what the model has learnt (Adebayo et
al. 2018, arXiv 1810.03292): a picture of the input, not an attribution. A rectifier is `max(x, constant)`; everything
else, GELU too, keeps its gradient.

Cost:
    One forward and one backward: three passes.

Fails:
    It is a picture of what excites, nearly the same for a model with random weights, and no attribution. Without
    rectifiers (GELU, tanh) it is the gradient.

Peers:
    Captum's GuidedBackprop and Deconvolution, which take modules of the class ReLU; here every `max(x, constant)` of
    the program counts.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.attribute._check import check_score, check_value
from jaxneuron.attribute._gradient import gradient
from jaxneuron.jaxpr import Rules, interpret
from jaxneuron.split import traceable


class Guided(NamedTuple):
    """A value with a guided gradient."""

    value: Array


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    *,
    kind: str = "guided",
) -> Float[Array, "batch *feature"]:
    """Return the gradient of `f`, of which each rectifier passes on `max(gradient, 0)`.

    Args:
        f: from values to one score per row.
        x: the values.
        kind: "deconvolution" passes it on also where the rectifier is off.

    Returns:
        Score per unit of `x`, shaped like it.

    Raises:
        ValueError: another kind, no real numbers, or `f` does not score rows.
        NotImplementedError: `f` has an operation without a rule; its name is in the message.

    Source:
        arXiv 1412.6806, section 3.4.

    Example:
        >>> attribute(lambda x: jax.nn.relu(x[:, 0]) - jax.nn.relu(x[:, 1]), jnp.array([[2.0, 3.0]])).tolist()
        [[1.0, 0.0]]
    """
    if kind not in ("guided", "deconvolution"):
        raise ValueError(f"the kind must be guided or deconvolution, got {kind!r}")
    return (_guided if kind == "guided" else _deconvolution)(traceable(f), check_value(x))


@jax.jit
def _guided(f: Any, x: Array) -> Array:
    check_score(f, x)
    return gradient(lambda x: interpret(_rules(gated=True), f, Guided(x)).value, x)


@jax.jit
def _deconvolution(f: Any, x: Array) -> Array:
    check_score(f, x)
    return gradient(lambda x: interpret(_rules(gated=False), f, Guided(x)).value, x)


def _rules(gated: bool) -> Rules:
    def plain(function: Callable[..., Array], *flows: Any) -> Guided:
        return Guided(function(*(flow.value for flow in flows if isinstance(flow, Guided))))

    def entrywise(function: Callable[[Array], Array], flow: Guided, name: str) -> Guided:
        if name != "max":
            return plain(function, flow)
        value, slope = jax.jvp(function, (flow.value,), (jnp.ones_like(flow.value),))
        return Guided(_rectified(*jax.lax.stop_gradient((value, slope if gated else jnp.ones_like(slope))), flow.value))

    def quotient(numerator: Guided, denominator: Guided) -> Guided:
        return Guided(numerator.value / denominator.value)

    return Rules(Guided, Guided, plain, entrywise, plain, quotient, plain, plain)


@jax.custom_vjp
def _rectified(value: Array, slope: Array, source: Array) -> Array:
    return value


def _forwards(value: Array, slope: Array, source: Array) -> tuple[Array, Array]:
    return value, slope


def _backwards(slope: Array, gradient: Array) -> tuple[None, None, Array]:
    return None, None, jnp.maximum(gradient, 0) * slope


_rectified.defvjp(_forwards, _backwards)
