"""How much of the change from a baseline flows through each neuron? Its influence times its own change, along the line.

Dhamdhere, Sundararajan, Yan 2019 (How Important Is a Neuron?, arXiv 1805.12233); from each token: Shrikumar, Su,
Kundaje 2018 (arXiv 1807.09946). `dh/da` is an exact directional derivative, at every node of a quadrature.

Cost:
    About five passes at each of 50 nodes, for all units of all feed-forward sites; a tolerance doubles them.

Fails:
    The baseline decides. At a site that not everything passes through, `error` is what flows past, and no error.

Peers:
    Captum 0.9 takes differences of `h` between nodes and leaves the quadrature's weights out (`derivative="finite"`);
    on a BERT that errs a thousand times more at 50 steps.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from jaxneuron import batching, split
from jaxneuron.attribute._check import broadcasts, check_baseline, check_counts
from jaxneuron.attribute._finite import finite
from jaxneuron.attribute._gradient import linear, once
from jaxneuron.attribute._path import MOST_STEPS, change_of, integral, refined
from jaxneuron.attribute._quadrature import Spacing, quadrature
from jaxneuron.jaxpr.memory import peak
from jaxneuron.types import Forward, Params, Path, Site, Target, Tokens

Through = Callable[..., tuple[Float[Array, "batch"], PyTree]]


class Line(NamedTuple):
    """How the integral along the line is taken; `attribute` explains each."""

    steps: int = 50
    rule: Spacing = "gauss_legendre"
    derivative: str = "exact"
    tolerance: float | None = None
    most: int = MOST_STEPS


STRAIGHT = Line()


def attribute(
    through: Through,
    x: Float[Any, "batch *feature"],
    baseline: Float[Any, "..."] | float,
    *,
    steps: int = 50,
    rule: Spacing = "gauss_legendre",
    derivative: str = "exact",
    tolerance: float | None = None,
    most: int = MOST_STEPS,
    budget: int = batching.BUDGET,
) -> Path:
    """Return `integral over a from 0 to 1 of df/dh dh/da`, `h(a)` the site's value at `baseline + a (x - baseline)`.

    Args:
        through: the joint map by way of one site or many (`split.through`), or any `(x, amount) -> (score, value)`.
        x: the value at its source.
        baseline: where the line starts; broadcasts to `x`.
        steps: nodes on the line.
        rule: how they are placed and weighed (see `_quadrature`).
        derivative: "exact", or "finite": Captum's sum of `df/dh(a_k) (h(a_k+1) - h(a_k))` over `steps + 1` nodes of
            the rule, whose weights it ignores.
        tolerance: the error allowed, as a share of `|f(x) - f(baseline)|`: the steps are doubled until each row
            meets it at each site (exact derivatives only). None: no doubling.
        most: steps that doubling does not exceed; the error then says how far it got.
        budget: bytes for the steps that are computed together.

    Returns:
        The conductance, in the score's unit, shaped like the value at the site; and by how much its sum misses
        `f(x) - f(baseline)`. That is an error only at a site by which all of `x` reaches the score; at others it is
        what flows past. With many sites, both are dicts.

    Raises:
        ValueError: `x` is not of real, finite numbers, the baseline does not broadcast to it, or an unknown rule.

    Source:
        arXiv 1805.12233, section 2.

    Example:
        >>> through = lambda x, amount=0.0: ((x**2 + amount).sum(1), x**2 + amount)  # such as `split.through` makes
        >>> attribute(through, jnp.array([[2.0, 1.0]]), 0.0).attribution.round(3).tolist()
        [[4.0, 1.0]]
    """
    check_counts(steps=steps, most=most)
    quadrature(rule, steps)
    if derivative not in ("exact", "finite"):
        raise ValueError(f"`derivative` must be 'exact' or 'finite', got {derivative!r}")
    if derivative == "finite" and tolerance is not None:
        raise ValueError("a tolerance needs exact derivatives; differences converge too slowly to be worth doubling")
    x, baseline = check_baseline(x, baseline)
    return _attribute(
        split.traceable(through),
        x,
        baseline,
        tolerance,
        steps=steps,
        rule=rule,
        derivative=derivative,
        most=most,
        budget=budget,
    )


@partial(jax.jit, static_argnames=("steps", "rule", "derivative", "most", "budget"))
def _attribute(
    through: Any,
    x: Array,
    baseline: Array,
    tolerance: Any,
    *,
    steps: int,
    rule: Spacing,
    derivative: str,
    most: int,
    budget: int,
) -> Path:
    through = once(through)

    def integrand(point: Array) -> PyTree:
        at = linear(through, point)
        return jax.tree.map(jnp.multiply, at.effect, at.flow(x - baseline))

    def conductance(panels: Any) -> PyTree:
        if derivative == "finite":
            return finite(through, x, baseline, quadrature(rule, steps + 1).nodes, budget=budget)
        return integral(integrand, x, baseline, quadrature(rule, steps), panels=panels, budget=budget)

    change = change_of(lambda point: through(point)[0], x, baseline)
    return refined(conductance, change, steps=steps, tolerance=tolerance, most=most)


def layers(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    source: Site,
    target: Target,
    x: Float[Any, "batch *feature"],
    baseline: Float[Any, "..."] | float,
    *,
    sites: tuple[Site, ...] | None = None,
    line: Line = STRAIGHT,
    budget: int = batching.BUDGET,
) -> Path:
    """Return the conductance of many sites, all feed-forward ones in one pass, each recurrent one in its own.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        source: where `x` enters.
        target: what to score.
        x: the value at the source.
        baseline: where the line starts; broadcasts to `x`.
        sites: which; None: every site by which the source reaches the target.
        line: the options of `attribute`; a tolerance is useful only if all sites are such that nothing flows past them.
        budget: bytes for the steps that are computed together.

    Returns:
        Site -> conductance, and site -> its sum minus the score's change, as `attribute`.

    Raises:
        KeyError: the model has no such site.
        ValueError: a site is not between source and target, or as `attribute`.
    """
    names = tuple(split.on_path(forward, params, tokens, source, target)) if sites is None else tuple(sites)
    alone = [(site,) for site in names if site in split.recurrent(forward, params, tokens)]
    together = tuple(site for site in names if (site,) not in alone)
    attribution: dict[Site, Array] = {}
    error: dict[Site, Array] = {}
    for group in ([together] if together else []) + alone:
        found = attribute(
            split.through(forward, params, tokens, source, group, target),
            x,
            baseline,
            **line._asdict(),
            budget=budget,
        )
        attribution.update(found.attribution)  # a dict, as `group` is a tuple
        error.update(found.error)
    return Path({name: attribution[name] for name in names}, {name: error[name] for name in names})


def units(
    through: Through,
    x: Float[Any, "batch token *feature"],
    baseline: Float[Any, "..."] | float,
    *,
    steps: int = 50,
    rule: Spacing = "gauss_legendre",
    budget: int = batching.BUDGET,
) -> Path:
    """Return what flows from each token through each neuron: one directional derivative per token serves all neurons.

    `integral of df/dh sum over the features i of a token of dh/dx_i (x_i - baseline_i)`. Captum's NeuronConductance
    keeps the features apart, one neuron at a time; where `x` has no axis after the tokens, this is the same, for all.

    Args:
        through: the joint map by way of one site or many (`split.through`).
        x: the value at its source; its axis 1 holds the tokens, or single features.
        baseline: where the line starts; broadcasts to `x`.
        steps: nodes on the line.
        rule: how they are placed and weighed (see `_quadrature`).
        budget: bytes for the steps and tokens that are computed together; the result has its own.

    Returns:
        `[batch token]` and the site's features, in the score's unit; its sum over tokens is the site's conductance.
        And by how much its whole sum misses `f(x) - f(baseline)`.

    Raises:
        ValueError: as `attribute`.

    Source:
        arXiv 1807.09946, section 2.
    """
    check_counts(steps=steps)
    quadrature(rule, steps)
    x, baseline = check_baseline(x, baseline)
    return _units(split.traceable(through), x, baseline, steps=steps, rule=rule, budget=budget)


@partial(jax.jit, static_argnames=("steps", "rule", "budget"))
def _units(through: Any, x: Array, baseline: Array, *, steps: int, rule: Spacing, budget: int) -> Path:
    through, change, tokens = once(through), x - baseline, x.shape[1]
    together = batching.chunk_size(peak(lambda x: linear(through, x).flow(change), x), tokens, budget)

    def integrand(point: Array) -> PyTree:
        at = linear(through, point)

        def of(token: Array) -> PyTree:
            own = (jnp.arange(tokens) == token).reshape(1, -1, *[1] * (x.ndim - 2))
            moved = at.flow(jnp.where(jnp.broadcast_to(own, x.shape), change, 0))
            return jax.tree.map(jnp.multiply, at.effect, moved)

        return jax.lax.map(of, jnp.arange(tokens), batch_size=together)

    def conductance(panels: Any) -> PyTree:
        found = integral(integrand, x, baseline, quadrature(rule, steps), panels=panels, budget=budget)
        return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, 1), found)

    score = change_of(lambda point: through(point)[0], x, baseline)
    return refined(conductance, score, steps=steps, tolerance=None, most=steps)


def unit(
    through: Through,
    x: Float[Any, "batch *feature"],
    baseline: Float[Any, "..."] | float,
    members: PyTree,
    *,
    steps: int = 50,
    rule: Spacing = "gauss_legendre",
    multiply: bool = True,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return what flows from each single feature of the input through one neuron, or through a few taken together.

    `(x_i - baseline_i) integral of sum over the members j of df/dh_j dh_j/dx_i`: Captum's NeuronConductance of one
    neuron. Of a group it is the sum of its members', where Captum's (with a slice or a function) is not.

    Args:
        through: the joint map by way of one site (`split.through`).
        x: the value at its source.
        baseline: where the line starts; broadcasts to `x`.
        members: how much each of the site's units counts, broadcasts to its value: 1 for a member, 0 elsewhere.
        steps: nodes on the line.
        rule: how they are placed and weighed (see `_quadrature`).
        multiply: without it, leave out the factor `x - baseline`.
        budget: bytes for the steps that are computed together.

    Returns:
        In the score's unit, shaped like `x`; its sum is the members' conductance.

    Raises:
        ValueError: as `attribute`, or the members do not broadcast to the site's value.
    """
    check_counts(steps=steps)
    quadrature(rule, steps)
    x, baseline = check_baseline(x, baseline)
    members = jnp.asarray(members, x.dtype)
    return _unit(
        split.traceable(through), x, baseline, members, steps=steps, rule=rule, multiply=multiply, budget=budget
    )


@partial(jax.jit, static_argnames=("steps", "rule", "multiply", "budget"))
def _unit(
    through: Any, x: Array, baseline: Array, members: Array, *, steps: int, rule: Spacing, multiply: bool, budget: int
) -> Array:
    through = once(through)
    shape = jax.eval_shape(lambda x: through(x)[1], x).shape
    if not broadcasts(members.shape, shape):
        raise ValueError(f"the members' shape {members.shape} does not broadcast to the site's value, {shape}")
    members = jnp.broadcast_to(members.reshape((1,) * (len(shape) - members.ndim) + members.shape), shape)

    def integrand(point: Array) -> Array:
        at = linear(through, point)
        return at.pull(members * at.effect)

    mean = integral(integrand, x, baseline, quadrature(rule, steps), budget=budget)
    return (x - baseline) * mean if multiply else mean
