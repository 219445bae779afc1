"""Find the softmaxes of a program, whatever their layout.

Every stable softmax, log-softmax and log-sum-exp is written `s = exp(x - m)`, `t = sum(s)` with `m = max(x)`, and none
of them depends on what m is. So m may as well be `logsumexp(x)`: then `x - m` is the log-softmax, s the softmax and t
is 1, and attention that divides after its product with the values, as ours does, needs no rule of its own. This file
finds such m: a maximum that is only subtracted from its own x, or added to the log of a sum.
"""

from typing import Any, NamedTuple

import jax
from jax.extend.core import Jaxpr, Literal

from jaxneuron.jaxpr.walk import variables

FUNCTIONS = {"softmax": jax.nn.softmax, "log_softmax": jax.nn.log_softmax, "logsumexp": jax.nn.logsumexp}
"""What makes a part of its kind; `total` is 1, and `same` the value itself."""


class Part(NamedTuple):
    """What a variable is of the softmax of another."""

    kind: str  # softmax | log_softmax | logsumexp | total (which is 1) | same (as `of`)
    of: Any  # the variable x
    axes: tuple[int, ...]  # over which it sums


def parts(jaxpr: Jaxpr) -> dict[Any, Part]:
    """Return the variables of a flat program that are part of a softmax."""
    made = {variable: equation for equation in jaxpr.eqns for variable in equation.outvars}
    found: dict[Any, Part] = {}
    for equation in jaxpr.eqns:
        if equation.primitive.name == "reduce_max":
            found |= _shifted(jaxpr, equation, made)
    for equation in jaxpr.eqns:
        source, name = found.get(_first(equation)), equation.primitive.name
        if source is None:
            continue
        if (name == "exp" and source.kind == "log_softmax") or (
            name == "convert_element_type" and source.kind == "softmax"
        ):
            found[equation.outvars[0]] = source._replace(kind="softmax")
        if name == "reduce_sum" and source.kind == "softmax" and tuple(equation.params["axes"]) == source.axes:
            found[equation.outvars[0]] = source._replace(kind="total")
    return found


def _first(equation: Any) -> Any:
    first = equation.invars[0] if equation.invars else None
    return None if isinstance(first, Literal) else first


def _shifted(jaxpr: Jaxpr, maximum: Any, made: dict[Any, Any]) -> dict[Any, Part]:
    """Return what one maximum is a part of: nothing if it has another use."""
    x, axes = _first(maximum), tuple(maximum.params["axes"])
    if x is None:
        return {}
    kept = tuple(axis for axis in range(x.aval.ndim) if axis not in axes)
    layouts = {maximum.outvars[0]: kept}  # which axis of x each axis of a copy of m is; None: of length 1
    found = {maximum.outvars[0]: Part("logsumexp", x, axes)}
    for equation in jaxpr.eqns:
        copies = [variable for variable in variables(equation.invars) if variable in layouts]
        if not copies or equation is maximum:
            continue
        name, result = equation.primitive.name, equation.outvars[0]
        if name == "sub" and equation.invars[0] is x and _fits(layouts[copies[0]], axes, x.aval.shape):
            found[result] = Part("log_softmax", x, axes)
        elif name in ("add", "add_any") and _is_log(equation, copies, made):
            pass
        elif name == "stop_gradient":  # of a maximum it changed nothing, of the log of the sum it would
            layouts[result] = layouts[copies[0]]
            found[result] = Part("same", copies[0], axes)
        elif name in ("is_finite", "copy", "convert_element_type"):
            layouts[result] = layouts[copies[0]]
        elif name in ("max", "select_n") and all(
            variable in copies or _is_filled(made.get(variable)) for variable in variables(equation.invars)
        ):
            layouts[result] = layouts[copies[0]]  # jax.nn's guards: at least -inf, and finite
        elif (layout := _copied(equation, layouts[copies[0]])) is not None:
            layouts[result] = layout
        else:
            return {}
    subtracted = any(part.kind == "log_softmax" for part in found.values())
    return found if subtracted and not layouts.keys() & set(variables(jaxpr.outvars)) else {}


def _fits(layout: tuple, axes: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Return whether m stands over the axes of x that it was taken from."""
    return len(layout) == len(shape) and all(
        at is None if axis in axes else at == axis or (at is None and size == 1)
        for axis, (at, size) in enumerate(zip(layout, shape, strict=True))
    )


def _is_log(equation: Any, copies: list, made: dict[Any, Any]) -> bool:
    others = [variable for variable in variables(equation.invars) if variable not in copies]
    return len(others) == 1 and others[0] in made and made[others[0]].primitive.name == "log"


def _is_filled(equation: Any | None) -> bool:
    return (
        equation is not None
        and equation.primitive.name == "broadcast_in_dim"
        and isinstance(equation.invars[0], Literal)
    )


def _copied(equation: Any, layout: tuple) -> tuple | None:
    """Return the layout after axes of length 1 or copies were added, None for any other operation."""
    shape, name = equation.outvars[0].aval.shape, equation.primitive.name
    if name == "broadcast_in_dim":
        places = dict(zip(equation.params["broadcast_dimensions"], layout, strict=True))
        return tuple(places.get(axis) for axis in range(len(shape)))
    if name in ("reshape", "expand_dims", "squeeze"):
        longer = [at for at, size in zip(layout, equation.invars[0].aval.shape, strict=True) if size != 1]
        if [size for size in equation.invars[0].aval.shape if size != 1] == [size for size in shape if size != 1]:
            rest = iter(longer)
            return tuple(None if size == 1 else next(rest) for size in shape)
    return None
