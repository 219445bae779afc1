"""Features as a site: a model that records their codes, and in which an edit of the codes moves the activation.

An edit changes the activation by what the changed codes decode to, less what the unchanged ones do. What the dictionary
leaves out (its error) stays, so that a model whose features nobody edits is the model as it was, to the bit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from jaxneuron.dictionary._dictionary import Dictionary, check, encode, moved
from jaxneuron.edits import Replace
from jaxneuron.jaxpr.dependence import dependence, recurrent
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Activations, Edit, Forward, Output, Params, Site, Text

FEATURES = "features"
"""The end of the name of a site of features, behind that of the site that they write to."""


class Featured(NamedTuple):
    """The weights of a model, and a dictionary of it."""

    params: Params
    dictionary: Dictionary


class Attached(NamedTuple):
    """A model with a dictionary's features among its sites."""

    forward: Forward
    params: Featured
    site: Site  # of the features


def attach(forward: Forward, params: Params, dictionary: Dictionary, tokens: Text) -> Attached:
    """Make a dictionary's features a site of a model; several dictionaries are attached one after the other.

    Args:
        forward: the model.
        params: its weights.
        dictionary: of an activation of the model, which its `site` names (and `output`, of a transcoder).
        tokens: an example input; its shape is all that matters.

    Returns:
        A forward with one more site, named after the site that the features write to, with `/features` behind.

    Raises:
        KeyError: the model has no such site.
        ValueError: the dictionary is of activations of another width, a site is inside a recurrence, the output does
            not come after the input, or there is a dictionary of that site already.
    """
    check(dictionary)
    shapes = sites(forward, params, tokens)
    if not dictionary.site:
        raise ValueError("the dictionary does not say of which site it is; give it one: dataclasses.replace(site=...)")
    again = recurrent(forward, params, tokens)
    for site, width in (
        (dictionary.site, dictionary.encoder.shape[0]),
        (dictionary.written, dictionary.decoder.shape[1]),
    ):
        check_site(site, shapes)
        if shapes[site].shape[-1] != width:
            raise ValueError(
                f"the dictionary is of {width} units, and {site!r} has {shapes[site].shape[-1]}; give the model and "
                "the site that it was learnt on"
            )
        if site in again:
            raise ValueError(
                f"{site!r} is inside a recurrence, where a change of the codes at one step would change the codes of "
                "all later ones; attach dictionaries to feed-forward sites, and read codes of this one with "
                "`dictionary.encode`"
            )
    name = f"{dictionary.written}/{FEATURES}"
    if name in shapes:
        raise ValueError(f"the model has the site {name!r} already; attach one dictionary to a site")
    if dictionary.output and shapes[dictionary.site].shape[-2] != shapes[dictionary.output].shape[-2]:
        raise ValueError(f"{dictionary.site!r} and {dictionary.output!r} do not have the same places in the text")
    if dictionary.output and not _leads(forward, params, tokens, dictionary):
        raise ValueError(
            f"{dictionary.output!r} does not depend on {dictionary.site!r}; a transcoder writes a later site"
        )
    return Attached(_Forward(forward, name), Featured(params, dictionary), name)


def featured_step(step: Callable[..., Any], site: Site) -> Callable[..., Any]:
    """Return the incremental form of a model with features, which takes the weights that `attach` returned.

    Args:
        step: of the model as it was, an `intervene.Step`.
        site: of the features.
    """
    return _Step(step, site)


def _leads(forward: Forward, params: Params, tokens: Text, dictionary: Dictionary) -> bool:
    """Tell whether the site that a transcoder writes depends on the one that it reads."""

    def written(value: Array) -> Array:
        return forward(params, tokens, {dictionary.site: Replace(value)})[1][dictionary.output]

    shape = sites(forward, params, tokens)[dictionary.site]
    return bool(dependence(jax.tree_util.Partial(written), shape).all())


@dataclass(frozen=True)
class _Forward:
    forward: Forward
    site: Site

    def __call__(self, params: Featured, tokens: Any, edits: Mapping[Site, Edit]) -> tuple[Output, Activations]:
        """Run the model; `edits` may name the features."""
        output, activations = _run(lambda some: self.forward(params.params, tokens, some), self.site, params, edits)
        return output, activations


@dataclass(frozen=True)
class _Step:
    step: Callable[..., Any]
    site: Site

    def __call__(
        self, params: Featured, state: PyTree, ids: Array, edits: Mapping[Site, Edit]
    ) -> tuple[Output, Activations, PyTree]:
        """Read on; `edits` may name the features."""
        found = _run(lambda some: self.step(params.params, state, ids, some), self.site, params, edits)
        return found[0], found[1], found[2]


def _run(
    model: Callable[[dict[Site, Edit]], tuple[Any, ...]], name: Site, params: Featured, edits: Mapping[Site, Edit]
) -> tuple[Any, ...]:
    """Return what a model returns, with the codes among its activations.

    With an edit of the codes the model is called again, for the activation as it is before. What the calls share is
    computed once where they are compiled, and of the first nothing else is.
    """
    dictionary, others = params.dictionary, {site: edit for site, edit in edits.items() if site != name}
    near = [site for site in others if site.startswith(f"{dictionary.written}/")]
    for site in near:  # the model as it was would not name the features
        check_site(site, [*model({})[1], name])
    if name not in edits:
        found = model(others)
        return found[0], {**found[1], name: encode(dictionary, found[1][dictionary.site])}, *found[2:]
    value = model(others)[1][dictionary.site]
    codes, time = encode(dictionary, value), model({**others, dictionary.written: _Times()})[1][dictionary.written]
    edited = edits[name](codes, time[(0,) * (time.ndim - 2)][:, 0].astype(jnp.int32))
    change = moved(dictionary, edited - codes, value)
    found = model({**others, dictionary.written: _Moved(others.get(dictionary.written), change)})
    return found[0], {**found[1], name: edited}, *found[2:]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Moved:
    """An edit by what was added at each place, after another edit."""

    first: Any  # Edit | None
    amount: Any  # shaped like the value

    def __call__(self, value: Array, time: Array) -> Array:
        """Return the moved value."""
        value = value if self.first is None else self.first(value, time)
        return value + self.amount.astype(value.dtype)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Times:
    """An edit that tells the places of the text that a site is edited at, in every unit."""

    def __call__(self, value: Array, time: Array) -> Array:
        """Return the places."""
        return jnp.broadcast_to(time[..., None].astype(jnp.float32), value.shape)
