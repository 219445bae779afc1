"""Does a unit write what it reads? Classes of MLP units by the cosines of their input and output weights.

Gerstner and Schuetze 2025 (Understanding Gated Neurons in Transformers from Their Input-Output Functionality, arXiv
2505.17936); Gurnee et al. 2024 (arXiv 2401.12181) for MLPs without a gate. By whether each cosine is above 0.5, below
-0.5 or between:

    in.out   |gate.out|   class                     in.out   |gate.out|   class
    1        1            enrichment                1        0            conditional enrichment
    -1       1            depletion                 -1       0            conditional depletion
    0        1            proportional change       0        0            orthogonal output

and what has gate.in other than (in.out)(gate.out) is *atypical* of its class. Without a gate there are enrichment,
depletion and orthogonal output. The weights are those that the stream sees: with what a norm before the MLP multiplies,
less the mean that it subtracts. What cosines are by chance is said by those of one unit's input with another's output.

Cost:
    A few passes of one word, and a backward pass for each unit that is read.

Fails:
    Only of MLPs, by weights alone: it does not say when the unit is on. Cosines in wide streams are small; read them
    beside `null`.

Peers:
    The authors' code, for gated models by name; here the weights are read from any forward's program.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.edits import Replace
from jaxneuron.jaxpr import interpret
from jaxneuron.tap import check_site
from jaxneuron.types import Forward, Params, Site, Text
from jaxneuron.writes._course import Course, chosen, course
from jaxneuron.writes._head import Held, rules
from jaxneuron.writes._written import written

KINDS = (
    "enrichment",
    "conditional enrichment",
    "proportional change",
    "orthogonal output",
    "conditional depletion",
    "depletion",
)
"""What `Classes.kind` counts."""

LEVEL = 0.05
"""Share of the cosines of unlike units that are outside the region of `Classes.null`."""

SHIFTS = 32
"""Other units that each unit's input is compared with, at most, for what cosines are by chance."""


class Classes(NamedTuple):
    """What units write, beside what they read."""

    kind: Int[np.ndarray, "unit"]  # a number of `KINDS`
    typical: Any  # [unit], false where the gate reads otherwise than the class has it
    in_out: Float[np.ndarray, "unit"]  # cosines, -1 to 1; 0 where there are no weights
    gate_out: Float[np.ndarray, "unit"]  # NaN without a gate
    gate_in: Float[np.ndarray, "unit"]  # NaN without a gate
    null: Float[np.ndarray, "3 2"]  # of in.out, gate.out and gate.in: 95 % of unlike units are between these; NaN
    # where there are no others


class Ways(NamedTuple):
    """Where an MLP's units are read and written."""

    reads: Site  # the units before their product with the gate, or the units themselves
    gate: Site | None  # the other factor
    source: Site  # of the stream before the MLP
    into: Site | None = None  # where they write; None: the next site that is linear in them


def write(
    forward: Forward,
    params: Params,
    tokens: Text | None = None,
    units: Int[Any, "unit"] | None = None,
    *,
    site: Site,
    threshold: float = 0.5,
    ways: Ways | None = None,
) -> Classes:
    """Return the class of each unit of an MLP by its weights.

    Args:
        forward: the model.
        params: its weights.
        tokens: a text that the model can read; none is needed but by a model of two texts.
        units: which units; by default all of the site.
        site: where they are, after the non-linearity and the product with a gate, such as `block3/mlp/hidden`.
        threshold: the cosine from which weights count as alike.
        ways: where units are read and written; by default, of `block3/mlp/hidden`, the sites `block3/mlp/in` and
            `block3/mlp/gate` where there are such, and the nearest site of the stream's width before them.

    Raises:
        KeyError: the model has no such site.
        ValueError: no such unit; a threshold that is no cosine; or no site before, or after, these units that has the
            width of the stream.
        NotImplementedError: an operation of the model has no rule.

    Source:
        arXiv 2505.17936; the classes' names are those of its first version.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"expected a threshold between 0 and 1, got {threshold}")
    text, which = chosen(forward, params, tokens, units, site)
    way = course(forward, params, text)
    everyone = np.arange(way.shapes[site].shape[-1])
    out = written(way, forward, params, text, everyone, site=site, into=None if ways is None else ways.into)
    ways = ways or _ways(way, site, out.rows.shape[1])
    for name in (ways.reads, ways.source, *([] if ways.gate is None else [ways.gate])):
        check_site(name, way.shapes)
    if out.into == site or way.shapes[ways.source].shape[-1] != out.rows.shape[1]:
        raise ValueError(
            f"what units of {site!r} read at {ways.source!r} and write at {out.into!r} are not of one width; "
            "choose the hidden units of an MLP, or say where it reads and writes with `Ways`"
        )
    source = ways.source

    def read(site: Site) -> Float[np.ndarray, "unit width"]:
        return np.asarray(_read(forward, params, text, source=source, site=site)) @ to_stream

    to_stream = _aligned(way, forward, params, text, ways.source, out.into)
    inward, outward = read(ways.reads), np.asarray(out.rows)
    gate = None if ways.gate is None else read(ways.gate)
    pairs = [(inward, outward), (gate, outward), (gate, inward)]
    found = [_cosine(*pair) for pair in pairs]
    null = np.array([_null(*pair) for pair in pairs], np.float32)
    in_out, gate_out, gate_in = (cosine[which] for cosine in found)
    kind, typical = classify(in_out, gate_out, gate_in, threshold=threshold)
    return Classes(kind, typical, in_out, gate_out, gate_in, null)


def classify(
    in_out: Float[Any, "unit"], gate_out: Float[Any, "unit"], gate_in: Float[Any, "unit"], *, threshold: float = 0.5
) -> tuple[Int[np.ndarray, "unit"], Any]:
    """Return the class of each unit, a number of `KINDS`, and whether it is typical, by cosines; NaN without a gate.

    Args:
        in_out: cosine of what a unit reads and what it writes.
        gate_out: of what its gate reads and what it writes.
        gate_in: of what its gate and it read.
        threshold: from which a cosine counts.

    Example:
        >>> kind, typical = classify(np.array([0.9, -0.9]), np.array([0.8, 0.1]), np.array([0.7, 0.8]))
        >>> [KINDS[number] for number in kind], typical.tolist()
        (['enrichment', 'conditional depletion'], [True, False])
    """
    step = [np.where(np.abs(cosine) > threshold, np.sign(cosine), 0) for cosine in (in_out, gate_out, gate_in)]
    gated = ~np.isnan(np.asarray(gate_out))
    conditional = (step[1] == 0) & gated
    kind = np.select(
        [step[0] > 0, step[0] < 0],
        [np.where(conditional, 1, 0), np.where(conditional, 4, 5)],
        np.where(conditional, 3, 2),
    )
    kind = np.where((step[0] == 0) & ~gated, 3, kind)
    typical = ~gated | (kind == 3) | (step[2] == step[0] * step[1])
    return kind, typical


def _ways(course: Course, site: Site, width: int) -> Ways:
    """Return where the units of an MLP are read, by the names of its sites and what comes before them."""
    stem = site.rpartition("/")[0]
    gated = {f"{stem}/in", f"{stem}/gate"} <= {name for name in course.shapes if site in course.reached[name]}
    reads = f"{stem}/in" if gated else site
    before = [
        name
        for name in course.shapes
        if reads in course.reached[name] and course.shapes[name].shape[-1] == width and name not in (reads, site)
    ]
    if not before:
        raise ValueError(
            f"no site before {reads!r} has {width} units, as many as what is written, so that what is read could be "
            "compared with it; say where the units read with `Ways`"
        )
    source = min(before, key=lambda name: (len(course.reached[name]), name))
    return Ways(reads, f"{stem}/gate" if gated else None, source)


@functools.partial(jax.jit, static_argnames=("forward", "source", "site"))
def _read(forward: Forward, params: Params, text: Text, *, source: Site, site: Site) -> Float[Array, "unit width"]:
    """Return the direction of the source that each unit of a site reads, up to its length."""
    one = jax.tree.map(lambda leaf: leaf[:1, :1], text)
    state = forward(params, one, {})[1][source]

    def found(value: Array) -> Array:
        return forward(params, one, {source: Replace(value)})[1][site]

    value, pull = jax.vjp(lambda value: interpret(rules(bends=False), found, Held(value)).value, state)
    hot = jnp.eye(value.shape[-1], dtype=value.dtype)
    return jax.vmap(lambda row: pull(jnp.broadcast_to(row, value.shape))[0][0, 0])(hot)


def _aligned(
    course: Course, forward: Forward, params: Params, text: Text, source: Site, into: Site
) -> Float[np.ndarray, "width width"]:
    """Return what makes directions read at the source such of the place where the units' output is added.

    In a model that normalises before each part they are one. Where a norm stands between (after attention, in a model
    that normalises after each part) it multiplies what is read at the source, and does not what is added after it:
    what both do to the next sum says by how much. What no norm lets through, such as a mean, is neither read nor
    written: of MiniLM's cosines that is 0.01 at most.
    """
    sums = [
        name
        for name in course.reached[into] & course.reached[source]
        if course.shapes[name].shape[-1] == course.shapes[into].shape[-1]
    ]
    if not sums:
        return np.eye(course.shapes[into].shape[-1], dtype=np.float32)
    end = max(sums, key=lambda name: (len(course.reached[name]), name))
    between = tuple(name for name in course.reached[source] if end in course.reached[name] and name != into)
    skip, direct = _two_ways(forward, params, text, source=source, into=into, end=end, between=tuple(sorted(between)))
    skip, direct = np.asarray(skip), np.asarray(direct)
    if np.allclose(skip, direct, atol=1e-4 * np.abs(direct).max()):
        return np.eye(len(direct), dtype=direct.dtype)
    return np.linalg.pinv(np.linalg.pinv(direct, rcond=1e-4) @ skip, rcond=1e-4)


@functools.partial(jax.jit, static_argnames=("forward", "source", "into", "end", "between"))
def _two_ways(
    forward: Forward, params: Params, text: Text, *, source: Site, into: Site, end: Site, between: tuple[Site, ...]
) -> tuple[Float[Array, "width width"], Float[Array, "width width"]]:
    """Return the Jacobians of the next sum, norms held, by the source past the MLP, and by what the MLP adds."""
    one = jax.tree.map(lambda leaf: leaf[:1, :1], text)
    states = forward(params, one, {})[1]
    fixed = {name: Replace(states[name]) for name in (*between, into)}

    def jacobian(site: Site) -> Array:
        def found(value: Array) -> Array:
            return forward(params, one, fixed | {site: Replace(value)})[1][end]

        push = jax.linearize(lambda value: interpret(rules(), found, Held(value)).value, states[site])[1]
        hot = jnp.eye(states[site].shape[-1], dtype=states[site].dtype)
        return jax.vmap(lambda row: push(row[None, None])[0, 0], out_axes=1)(hot)

    return jacobian(source), jacobian(into)


def _cosine(a: Float[np.ndarray, "unit width"] | None, b: Float[np.ndarray, "unit width"]) -> Float[np.ndarray, "unit"]:
    """Return the cosine of each row with that beside it; 0 of nothing, NaN without one side."""
    if a is None:
        return np.full(len(b), np.nan, np.float32)
    return np.sum(_unit(a) * _unit(b), axis=1)


def _unit(rows: Float[np.ndarray, "unit width"]) -> Float[np.ndarray, "unit width"]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _null(a: Float[np.ndarray, "unit width"] | None, b: Float[np.ndarray, "unit width"]) -> tuple[float, float]:
    """Return between which cosines 95 % of the pairs of unlike units lie."""
    if a is None or len(b) < 2:
        return np.nan, np.nan
    shifts = np.unique(np.linspace(1, len(b) - 1, min(SHIFTS, len(b) - 1)).astype(int))
    found = np.concatenate([_cosine(a, np.roll(b, shift, axis=0)) for shift in shifts.tolist()])
    low, high = np.quantile(found, [LEVEL / 2, 1 - LEVEL / 2]).tolist()
    return low, high
