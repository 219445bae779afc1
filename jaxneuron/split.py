"""Cut a model in two at a site: what leads up to an activation, and what follows from it.

With these maps one method serves inputs, layers and neurons alike: integrated gradients at a hidden layer is
integrated gradients of `above`, at the embedding of one unit it is `above` with the unit as its target, and
conductance takes `through`, which joins both sides. The maps are pytrees: a jitted method that takes one as an argument
compiles once per model, site and shape, not once per text. They are equal to themselves alone, as functions are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from jaxneuron.edits import Add, Replace
from jaxneuron.jaxpr.dependence import dependence
from jaxneuron.jaxpr.dependence import recurrent as recurrent
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import Along, Group, Logit, Unit, check_position, scores
from jaxneuron.types import Forward, Params, Site, Target, Text


def below(forward: Forward, params: Params, site: Site) -> Callable[[Text], Float[Array, "batch time unit"]]:
    """Return the map from tokens to the activation at `site`.

    Args:
        forward: the model.
        params: its weights.
        site: where.
    """

    def activation(tokens: Text) -> Float[Array, "batch *feature"]:
        activations = forward(params, tokens, {})[1]
        check_site(site, activations)
        return activations[site]

    return activation


def above(
    forward: Forward, params: Params, tokens: Text, site: Site, target: Target
) -> Callable[[Float[Array, "batch time unit"]], Float[Array, "batch"]]:
    """Return the map from the activation at `site` to the target's score.

    Replacing a recurrent site fixes it at all steps, so there the map is the direct effect.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts; everything but the site is computed from them.
        site: where the map begins.
        target: the score.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: the target does not depend on the site, or reads a unit or a word that is not there.
    """
    shapes = sites(forward, params, tokens)
    check_site(site, shapes)
    check_target(forward, params, tokens, target)
    score = _Above(forward, params, tokens, site, traceable(target))
    if not dependence(score, shapes[site]).all():
        raise ValueError(f"nothing at {site!r} reaches {target}; choose a site before the one that the target reads")
    return score


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Above:
    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    site: Site = field(metadata={"static": True})
    target: Any

    def __call__(self, value: Float[Array, "batch *feature"]) -> Float[Array, "batch"]:
        """Return the score of each row where the site has this value."""
        output, activations = self.forward(self.params, self.tokens, {self.site: Replace(value)})
        return self.target(output, activations, self.tokens)


def between(
    forward: Forward, params: Params, tokens: Text, source: Site, site: Site
) -> Callable[[Float[Array, "batch time unit"]], Float[Array, "batch _time _unit"]]:
    """Return the map from the activation at `source` to the activation at a later `site`.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts; everything but the source is computed from them.
        source: where the map begins.
        site: where it ends.

    Raises:
        KeyError: the model has no such site.
        ValueError: the site does not depend on the source.
    """
    shapes = sites(forward, params, tokens)
    for name in (source, site):
        check_site(name, shapes)
    activation = _Between(forward, params, tokens, source, site)
    if not dependence(activation, shapes[source]).all():
        raise ValueError(f"{site!r} does not depend on {source!r}; choose a source before the site")
    return activation


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Between:
    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    source: Site = field(metadata={"static": True})
    site: Site = field(metadata={"static": True})

    def __call__(self, value: Float[Array, "batch *feature"]) -> Float[Array, "batch *_feature"]:
        """Return the activation at the site where the source has this value."""
        return self.forward(self.params, self.tokens, {self.source: Replace(value)})[1][self.site]


def through(
    forward: Forward, params: Params, tokens: Text, source: Site, site: Site | tuple[Site, ...], target: Target
) -> Callable[..., tuple[Float[Array, "batch"], Any]]:
    """Return the joint map `(x, amount) -> (score, value)`: from `source` to the target's score, by way of `site`.

    `x` is the activation at the source, `value` that at the site, and `amount`, shaped like `value`, is added to it on
    its way to the score; without one, nothing is. So the derivative of `value` by `x` is what the source does to the
    site, that of `score` by `amount` (at 0) what the site does to the score, and neither counts what goes past the
    site. A recurrent site is replaced by `value + amount` in a second run of the model, since adding at each step
    would count a change again at every later step: there the second derivative is the direct effect of each step.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        source: where `x` enters.
        site: one site after it, or several feed-forward ones, then `amount` and `value` are dicts, site -> array.
        target: what to score.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: a site is not between source and target, or is recurrent and not alone.
    """
    names = (site,) if isinstance(site, str) else tuple(site)
    shapes = sites(forward, params, tokens)
    for name in (source, *names):
        check_site(name, shapes)
    check_target(forward, params, tokens, target)
    repeated = recurrent(forward, params, tokens) & set(names)
    if repeated and len(names) > 1:
        raise ValueError(f"the recurrent site {min(repeated)!r} needs a map of its own, got {', '.join(names)}")
    missed = [name for name in names if name not in on_path(forward, params, tokens, source, target)]
    if missed:
        raise ValueError(f"{', '.join(map(repr, missed))} is not on a path from {source!r} to {target}")
    return _Through(forward, params, tokens, source, site if isinstance(site, str) else names, target, bool(repeated))


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Through:
    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    source: Site = field(metadata={"static": True})
    site: Site | tuple[Site, ...] = field(metadata={"static": True})
    target: Any
    again: bool = field(metadata={"static": True})  # a recurrent site, whose effect is a run of its own

    def __call__(self, x: Float[Array, "batch *feature"], amount: Any = None) -> tuple[Float[Array, "batch"], Any]:
        """Return the score of each row, and the value at the site."""
        names = self.site if isinstance(self.site, tuple) else (self.site,)
        amounts = {} if amount is None else dict(amount) if isinstance(self.site, tuple) else {self.site: amount}
        edits = {self.source: Replace(x)}
        if amounts and not self.again:
            edits = {name: Add(added) for name, added in amounts.items()} | edits
            edits |= {self.source: Replace(x + amounts[self.source])} if self.source in amounts else {}
        output, activations = self.forward(self.params, self.tokens, edits)
        values = {name: activations[name] for name in names}
        if amounts and self.again:
            edits |= {name: Replace(values[name] + added) for name, added in amounts.items()}
            output, activations = self.forward(self.params, self.tokens, edits)
        score = self.target(output, activations, self.tokens)
        return score, values if isinstance(self.site, tuple) else values[self.site]


def on_path(
    forward: Forward, params: Params, tokens: Text, source: Site, target: Target
) -> dict[Site, jax.ShapeDtypeStruct]:
    """Return the sites by which `source` reaches the target, itself among them: site -> shape and dtype, by name.

    Args:
        forward: the model.
        params: its weights.
        tokens: texts of the shape that is asked about.
        source: where paths begin.
        target: where they end.

    Raises:
        KeyError: the model has no such site.
    """
    shapes = sites(forward, params, tokens)
    check_site(source, shapes)
    moved = dependence(_Moved(forward, params, tokens, source), shapes[source])[0]
    reached = reaching(forward, params, tokens, target)
    # `jax.tree` puts the sites into the order of their names
    return {name: shapes[name] for name, found in zip(sorted(shapes), moved, strict=True) if found and name in reached}


def reaching(forward: Forward, params: Params, tokens: Text, target: Target) -> frozenset[Site]:
    """Return the sites on which a target depends, read off one trace.

    Args:
        forward: the model.
        params: its weights.
        tokens: texts of the shape that is asked about.
        target: the score.
    """
    shapes = sites(forward, params, tokens)
    effect = dependence(_Effect(forward, params, tokens, traceable(target)), shapes)[:, 0]
    return frozenset(name for name, found in zip(sorted(shapes), effect, strict=True) if found)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Moved:
    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    source: Site = field(metadata={"static": True})

    def __call__(self, value: Array) -> dict[Site, Array]:
        """Return every activation where the source has this value."""
        return self.forward(self.params, self.tokens, {self.source: Replace(value)})[1]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Effect:
    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    target: Any

    def __call__(self, amounts: dict[Site, Array]) -> Float[Array, "batch"]:
        """Return the score of each row where these are added on the way."""
        edits = {name: Add(amount) for name, amount in amounts.items()}
        return self.target(*self.forward(self.params, self.tokens, edits), self.tokens)


def traceable(f: Any) -> Any:
    """Return `f` as a pytree that a jitted function takes as an argument.

    The maps of this module, targets and `jax.tree_util.Partial` are such already: their arrays may change without
    compiling again. A plain function compiles once for each function object.

    Example:
        >>> jax.tree.leaves(traceable(jnp.sum))
        []
    """
    return jax.tree_util.Partial(f) if jax.tree_util.all_leaves([f]) else f


def check_target(forward: Forward, params: Params, tokens: Text, target: Target) -> None:
    """Raise if a target reads a site, a unit, a class or a word that is not there.

    Args:
        forward: the model.
        params: its weights.
        tokens: the sentences that are read; of traced ones, the length is not known.
        target: one, or many with stacked leaves.

    Raises:
        KeyError: no such site.
        ValueError: no such unit or class, a direction or a mask of another width, or a position beyond a text.
    """
    shapes = sites(forward, params, tokens)
    for part in jax.tree.leaves(target, is_leaf=lambda node: hasattr(node, "site") or isinstance(node, Logit)):
        if isinstance(site := getattr(part, "site", None), str):
            check_site(site, shapes)
            check_position(getattr(part, "position", -1), tokens, shapes[site].shape[-2])
        known = not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(part))
        if isinstance(part, Unit) and known:
            check_units(part, shapes[part.site].shape[-1])
        if isinstance(part, Group | Along):
            given, width = (
                jnp.shape(part.mask if isinstance(part, Group) else part.direction),
                shapes[part.site].shape[-1],
            )
            if given[-1:] != (width,):
                raise ValueError(
                    f"{part.site!r} has {width} units, got {type(part).__name__} of the shape {given}; give a number "
                    "for each unit"
                )
        if isinstance(part, Logit):
            output = jax.eval_shape(lambda: scores(forward(params, tokens, {})[0]))
            check_position(part.position, tokens, output.shape[-2])
            if known:
                check_units(Unit("the output", part.token), output.shape[-1])


def check_units(units: Unit, width: int) -> None:
    """Raise a ValueError if an index is not a unit of a site that is `width` units wide."""
    index = jnp.asarray(units.index)
    if jnp.any((index < 0) | (index >= width)):
        wrong = index[(index < 0) | (index >= width)].ravel()[:3].tolist()
        raise ValueError(f"unit {wrong} is out of range: {units.site!r} has the units 0 to {width - 1}")
