"""In what order the sites of a model are computed, and where what units write is summed up: read from its trace."""

import functools
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.edits import Add, Replace
from jaxneuron.jaxpr.dependence import dependence, recurrent
from jaxneuron.split import check_units
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import Unit, scores, text_at
from jaxneuron.types import Activations, Forward, Output, Params, Site, Text, Tokens


class Course(NamedTuple):
    """The sites of a model, and what is reached by which."""

    shapes: dict[Site, jax.ShapeDtypeStruct]  # on a short text
    reached: dict[Site, frozenset[Site]]  # by each site
    towards: tuple[Site, ...]  # the sites that reach the end, from the last one down
    scores: Site | None  # the site that is the scores themselves
    head: bool  # whether there are scores; without them the end is the last site

    def after(self, site: Site) -> Site | None:
        """Return the next site that depends on one."""
        order = sorted(self.reached[site], key=lambda other: (-len(self.reached[other]), other))
        return order[0] if order else None


def short(tokens: Text | None, texts: int = 2, words: int = 3) -> Text:
    """Return the beginnings of a few texts, or, without any, of texts of the first word."""
    if tokens is None:
        return Tokens(jnp.asarray(np.zeros((texts, words), np.int32)), jnp.asarray(np.ones((texts, words), bool)))
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[:texts, :words]), tokens)


def chosen(
    forward: Forward, params: Params, tokens: Text | None, units: Any, site: Site
) -> tuple[Text, Int[np.ndarray, "unit"]]:
    """Return a short text and the units that are asked for, all if none are named.

    Raises:
        KeyError: the model has no such site.
        ValueError: no text, no such unit, or none.
    """
    if tokens is not None and (tokens.mask.ndim != 2 or not tokens.mask.size):
        raise ValueError(f"expected sentences [batch time], at least one, got the shape {tokens.mask.shape}")
    text = short(tokens)
    shapes = sites(forward, params, text)
    check_site(site, shapes)
    width = shapes[site].shape[-1]
    found = np.arange(width) if units is None else np.asarray(units)
    if found.ndim != 1 or not found.size or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"expected the numbers of units of {site!r}, such as [3, 5], got {units!r:.80}")
    check_units(Unit(site, found), width)
    return text, found


def scored(output: Output) -> Float[Array, "batch time output"] | None:
    """Return the scores of a model, None where it has none."""
    try:
        return scores(output)
    except (ValueError, TypeError):  # there is no head, or it gives no scores of classes
        return None


def course(forward: Forward, params: Params, text: Text) -> Course:
    """Return the course of a model, as a short text tells it."""
    shapes = sites(forward, params, text)
    names = sorted(shapes)
    whole = dependence(_Way(forward, params, text, None), shapes)
    reached = {
        name: frozenset(other for other, found in zip(names, row[1:], strict=True) if found and other != name)
        for name, row in zip(names, whole, strict=True)
    }
    output, activations = _run(forward, params, text)
    same = [name for name in names if output is not None and _equal(output, activations[name])]
    height = {name: sum(name in others for others in reached.values()) for name in names}
    order = sorted(set(names) - set(same), key=lambda name: (len(reached[name]), -height[name], name))
    if output is None:  # of what nothing comes after, the end is that which most comes before
        towards = [name for name in order if name == order[0] or order[0] in reached[name]]
    else:
        towards = [name for name in order if whole[names.index(name), 0]]
    return Course(shapes, reached, tuple(towards), same[0] if same else None, output is not None)


class Stream(NamedTuple):
    """The way from the last sum of what units write to the scores."""

    site: Site  # the sum: from here on, words do not see each other
    tail: Site  # the last site through which all goes


def stream(course: Course, forward: Forward, params: Params, text: Text, width: int | None = None) -> Stream:
    """Return the stream of a model: of the sites through which all goes (cuts), the first that mixes no words.

    Args:
        course: of the model.
        forward: the model.
        params: its weights.
        text: a short text.
        width: units that the stream has; None: as many as the last cut has.

    Raises:
        ValueError: the model has no such site.
    """
    found: list[Site] = []
    repeated = recurrent(forward, params, text)
    for name in course.towards:
        if (width or course.shapes[found[0] if found else name].shape[-1]) != course.shapes[name].shape[-1]:
            continue
        if not _is_cut(course, forward, params, text, name, name in repeated):
            continue
        if _mixes(forward, params, text, source=name, site=found[0] if found else None):
            break
        found.append(name)
    if not found:
        if width:
            raise ValueError(
                f"what has {width} units is no direction of the stream: what the model predicts goes through no site "
                "of as many; choose the site of what is added to the stream, or `jacobian_lens`, which needs none"
            )
        raise ValueError(
            "what the model predicts goes through none of its sites, so that none is known to be the sum of what its "
            f"units write; make that a site. It has {', '.join(course.shapes)}"
        )
    return Stream(found[-1], found[0])


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Way:
    forward: Any = field(metadata={"static": True})
    params: Any
    text: Any
    cut: Site | None = field(metadata={"static": True})  # a site that is replaced by zeros

    def __call__(self, amounts: dict[Site, Array]) -> tuple[Any, list[Array]]:
        """Return the scores and all activations where these are added on the way."""
        edits: dict[Site, Any] = {name: Add(amount) for name, amount in amounts.items()}
        edits |= {} if self.cut is None else {self.cut: Replace(0.0)}
        output, activations = self.forward(self.params, self.text, edits)
        found = scored(output)
        return jnp.zeros(()) if found is None else found, [activations[name] for name in sorted(activations)]


def _is_cut(course: Course, forward: Forward, params: Params, text: Text, site: Site, repeated: bool) -> bool:
    """Tell whether nothing reaches the scores, or the last site, past a site."""
    last = course.towards[0]
    if site == last and not course.head:
        return True
    earlier = {
        name: shape for name, shape in course.shapes.items() if name != site and name not in course.reached[site]
    }
    if not earlier:
        return True
    place = 0 if course.head else 1 + sorted(course.shapes).index(last)
    if not dependence(_Way(forward, params, text, site), earlier)[:, place].any():
        return True
    # a recurrence is one piece for what reads the program, though nothing that it replaced reaches what comes after
    end = None if course.head else last
    return repeated and not _passed(forward, params, text, site=site, earlier=tuple(sorted(earlier)), end=end)


@functools.partial(jax.jit, static_argnames="forward")
def _run(forward: Forward, params: Params, text: Text) -> tuple[Any, Activations]:
    output, activations = forward(params, text, {})
    return scored(output), activations


def _equal(output: Array, value: Array) -> bool:
    return output.shape == value.shape and np.allclose(output, value, rtol=1e-3, equal_nan=True)


@functools.partial(jax.jit, static_argnames=("forward", "site", "earlier", "end"))
def _passed(
    forward: Forward, params: Params, text: Text, *, site: Site, earlier: tuple[Site, ...], end: Site | None
) -> Array:
    """Return whether the end is another where sites before one are, though that is the same."""

    def run(amount: Array) -> Array:
        edits = {name: Add(amount) for name in earlier}
        output, activations = forward(params, text, edits | {site: Replace(0.5)})
        found = scored(output) if end is None else activations[end]
        assert found is not None
        return found

    one, other = jax.vmap(run)(jnp.arange(2.0))
    return jnp.any(one != other)


@functools.partial(jax.jit, static_argnames=("forward", "source", "site"))
def _mixes(forward: Forward, params: Params, text: Text, *, source: Site, site: Site | None) -> Array:
    """Return whether a site, or if none is named the scores, at one word depends on a cut before at another word."""
    shape = jax.eval_shape(lambda: forward(params, text, {})[1][source])
    random, at = np.random.default_rng(0), min(1, shape.shape[1] - 1)
    value = np.stack([random.normal(size=shape.shape).astype(shape.dtype)] * 2)
    value[1, :, at] += random.normal(size=shape.shape[-1])

    def run(value: Array) -> Array | None:
        output, activations = forward(params, text, {source: Replace(value)})
        return scored(output) if site is None else activations[site]

    runs = jax.vmap(run)(jnp.asarray(value))
    if runs is None or (site is None and runs.shape[2] != shape.shape[1]):
        return jnp.zeros((), bool)  # no scores, or one for a text: those are of what is read of one word
    one, other = runs
    if one.shape[1] != shape.shape[1]:
        return jnp.ones((), bool)
    mask = jnp.asarray(text_at(source, text).mask)  # a recurrence holds its state through padding
    real = mask if mask.shape == one.shape[:2] else jnp.ones(one.shape[:2], bool)
    apart = jnp.max(jnp.abs(one - other), axis=-1) > 1e-4 * jnp.max(jnp.abs(one))
    return jnp.any(apart & real & (jnp.arange(one.shape[1]) != at)[None])
