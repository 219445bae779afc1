"""Which features is the score made of? Relevance, handed down from the score layer by layer and kept whole on its way.

Bach et al. 2015 (On Pixel-Wise Explanations, PLOS ONE 10(7)); Montavon et al. 2019 (Layer-Wise Relevance Propagation:
An Overview). The relevance of a value is the value times its modified gradient, so a rule is a way to change gradients.
For transformers there are two published sets of rules:

- `attn_lrp`: Achtibat et al. 2024 (AttnLRP, arXiv 2402.05602). Softmax keeps its gradient (their deep Taylor rule, eq.
  13); a product of two live values, such as attention times values, gives each half (eq. 15).
- `cp_lrp`: Ali et al. 2022 (XAI for Transformers: Better Explanations through Conservative Propagation, arXiv
  2202.07304). Attention weights are constants, so all relevance goes through the values.

In both, a nonlinearity of one value (ReLU, tanh, GELU, SiLU) hands its relevance on unchanged, the identity rule; the
scale of a layer norm, or any other divisor, is a constant; and of a product with a gate (a logistic function of
something else, as in LSTM and GRU) the signal takes all (Arras et al. 2017, arXiv 1706.07206).

What gets lost: biases absorb their share, as do maps that move 0 where the value is 0, and softmax under `attn_lrp`
(sum x_i ds/dx_i is not s). `conservation` measures how much; relevance sums to the score only where none of these
occur.

Cost:
    One run of the program and one changed backward: three passes.

Fails:
    An operation without a rule is an error (NotImplementedError). Biases absorb relevance: `conservation` says how
    much. Different rules give different answers, and none is the true one.

Peers:
    Captum's LRP, for modules of a few types and no attention; zennit and LXT for the rules of transformers. Captum
    departs from the published Gamma and Alpha-Beta rules where values are below 0.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.attribute._check import check_score, check_value
from jaxneuron.jaxpr.propagation import EPSILON, Rule, flow, rules
from jaxneuron.jaxpr.propagation import AlphaBeta as AlphaBeta
from jaxneuron.jaxpr.propagation import Epsilon as Epsilon
from jaxneuron.jaxpr.propagation import Gamma as Gamma
from jaxneuron.split import traceable


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    *,
    rule: str = "attn_lrp",
    dense: Any = EPSILON,
) -> Float[Array, "batch *feature"]:
    """Return each feature's relevance.

    Args:
        f: from values to one score per row.
        x: the values.
        rule: "attn_lrp" or "cp_lrp", for what dense layers do not do; see the module.
        dense: for products with weights: one rule for all, or one for each, in the order of the computation.
            `Epsilon(1e-9)` is Captum's `EpsilonRule`, with biases and values of any sign. `Gamma(0.25)` and
            `AlphaBeta()` are its `GammaRule` and `Alpha1_Beta0_Rule` only in layers without a bias whose inputs are
            all at least 0, as after a ReLU: elsewhere Captum departs from the published formulas, which we keep to.

    Returns:
        In the score's unit, shaped like `x`.

    Raises:
        ValueError: another rule, too few of them, no real numbers, or `f` does not score rows.
        NotImplementedError: `f` has an operation without a rule; its name is in the message.

    Source:
        arXiv 2402.05602; arXiv 2202.07304.

    Example:
        >>> weights = jnp.array([2.0, -1.0])
        >>> attribute(lambda x: jax.nn.relu(x @ weights), jnp.array([[3.0, 1.0]]), dense=Epsilon(0)).tolist()
        [[6.0, -1.0]]
    """
    if rule not in ("attn_lrp", "cp_lrp"):
        raise ValueError(f"the rule must be attn_lrp or cp_lrp, got {rule!r}")
    given = [dense] if isinstance(dense, Rule) else list(dense)
    if not given or not all(isinstance(one, Rule) for one in given):
        raise ValueError(
            f"expected a rule for dense layers, Epsilon, Gamma or AlphaBeta, or a tuple of them, got {dense!r}"
        )
    return (_attn_lrp if rule == "attn_lrp" else _cp_lrp)(traceable(f), check_value(x), dense)


@jax.jit
def _attn_lrp(f: Any, x: Array, dense: Any) -> Array:
    check_score(f, x)
    return x * flow(f, x, rules(dense))


@jax.jit
def _cp_lrp(f: Any, x: Array, dense: Any) -> Array:
    check_score(f, x)
    return x * flow(f, x, rules(dense, attention=False))


def conservation(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]],
    x: Float[Any, "batch *feature"],
    relevance: Float[Any, "batch *feature"],
) -> Float[Array, "batch"]:
    """Return how much relevance was lost or made, `(sum of relevance - f(x)) / |f(x)|`.

    Biases absorb relevance, so this is 0 only for models without them; compare rules by it, not with 0.

    Args:
        f: the score.
        x: the values.
        relevance: what `attribute` returned for them.

    Returns:
        Relative to the score, signed; -0.1 where a tenth was absorbed.

    Example:
        >>> conservation(lambda x: x[:, 0] + 1, jnp.array([[3.0]]), jnp.array([[3.0]])).tolist()
        [-0.25]
    """
    score = f(jnp.asarray(x))
    return (jnp.sum(jnp.asarray(relevance), axis=tuple(range(1, jnp.ndim(relevance)))) - score) / jnp.abs(score)
