"""The models of `cases/captum.json`, each a list of named operations, as forwards over a Tap.

    problem = prepare(case("S-NC-act1-2"))
    through = split.through(problem.forward, problem.params, problem.tokens, INPUTS, problem.site, problem.target)

Every operation is a site by its name; the outputs of one with two are `name/0` and `name/1`. What is attributed enters
at the site `inputs`, all inputs of a row side by side: `[batch, feature]`. `unpack` gives them their shapes back.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

INPUTS = "inputs"
CASES = json.loads((Path(__file__).parent / "cases" / "captum.json").read_text())


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Weighted:
    """The weighted sum of what a row has at a site, or in the output: classes, neurons and groups of them alike."""

    site: str | None = field(metadata={"static": True})  # None: the output
    weights: Any  # [batch *feature], or one row for all

    def __call__(self, output, activations, tokens):
        value = output if self.site is None else activations[self.site]
        weighted = value * jnp.broadcast_to(self.weights, value.shape)
        return jnp.sum(weighted.reshape(len(value), -1), axis=-1)


class Problem(NamedTuple):
    """A case, ready for any method."""

    forward: Any
    params: dict  # the inputs that are not attributed
    tokens: Tokens  # holds `x`
    x: jax.Array  # [batch feature], the value at the site `inputs`
    baseline: jax.Array  # the same for the baselines of inputs, one per row or many to draw from; 0 where there is none
    groups: np.ndarray | None  # [1 or batch, feature], the feature mask
    target: Weighted
    sites: tuple[str, ...]  # the layer's outputs, or its input
    neuron: Weighted | None  # as a target
    shapes: tuple[tuple[int, ...], ...]  # of each attributed input, without the batch
    case: dict

    @property
    def site(self):
        return self.sites[0]


def case(name):
    """Return a case by its id."""
    return next(case for case in CASES["cases"] if case["id"] == name)


def cases(*methods):
    """Return the ids of the cases of some of Captum's methods."""
    return [case["id"] for case in CASES["cases"] if case["method"] in methods]


@functools.lru_cache(maxsize=64)  # so that the cases of one model compile once
def build(name, shapes):
    """Return the forward of a model whose attributed inputs have `shapes`; the other inputs are its params."""
    model = CASES["models"][name]
    names = model["inputs"][: len(shapes)]

    def forward(params, tokens, edits):
        tap = Tap(edits)
        packed = tap(INPUTS, tokens.ids[:, 0], jnp.arange(len(tokens.ids)))
        values = dict(params) | dict(zip(names, unpack(packed, shapes), strict=True))
        for op in model["ops"]:
            given = op["in"] if isinstance(op["in"], list) else [op["in"]]
            found = OPERATIONS[op["op"]](op, *(values[name] if isinstance(name, str) else name for name in given))
            if isinstance(found, tuple):
                found = tuple(tapped(tap, f"{op['name']}/{index}", part) for index, part in enumerate(found))
            else:
                found = tapped(tap, op["name"], found)
            values[op["name"]] = found
        return values[model["output"]], tap.activations()

    return forward


def tapped(tap, site, value):
    """Return the value as edited; what is not at least a row of units is no site."""
    return tap(site, value, jnp.arange(value.shape[-2])) if value.ndim > 1 else value


def pack(values, shapes, batch=None, dtype=float):
    """Return values of each input, arrays or numbers, side by side: `[batch feature]`."""
    rows = [np.asarray(value, dtype) for value in values]
    batch = batch or max(len(row) if row.ndim else 1 for row in rows)
    spread = [np.broadcast_to(row, (batch, *shape)) for row, shape in zip(rows, shapes, strict=True)]
    return np.concatenate([row.reshape(batch, -1) for row in spread], axis=1)


def unpack(packed, shapes):
    """Return the inputs that lie side by side."""
    parts = jnp.split(packed, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1].tolist(), axis=1)
    return [part.reshape(len(packed), *shape) for part, shape in zip(parts, shapes, strict=True)]


def prepare(case, dtype=jnp.float32):
    """Return a case with its model built."""
    model, inputs = CASES["models"][case["model"]], [np.asarray(value, float) for value in case["inputs"]]
    shapes, batch = tuple(value.shape[1:] for value in inputs), len(inputs[0])
    rest = model["inputs"][len(inputs) :]
    extra = {name: model.get("input_defaults", {}).get(name, 0.0) for name in rest}
    extra |= dict(zip(rest, case.get("additional_forward_args", []), strict=False))
    params = {name: jnp.asarray(np.asarray(value, float), dtype) for name, value in extra.items()}
    x = jnp.asarray(pack(inputs, shapes), dtype)
    tokens = Tokens(x[:, None], jnp.ones((batch, 1), bool))
    forward = build(case["model"], shapes)
    output, sites = jax.eval_shape(lambda: forward(params, tokens, {}))
    layer = case.get("layer")
    if layer and case.get("kwargs", {}).get("attribute_to_layer_input"):
        layer = next(op["in"] for op in model["ops"] if op["name"] == layer)
    layers = tuple(site for site in sites if site == layer or site.startswith(f"{layer}/"))
    baselines = case.get("baselines", [0.0] * len(inputs))
    fit = len(baselines) == len(inputs) and not case["method"].startswith("LayerFeature")
    baseline = pack(baselines if fit else [0.0] * len(inputs), shapes)
    mask = case.get("feature_mask")
    return Problem(
        forward,
        params,
        tokens,
        x,
        jnp.asarray(baseline if len(baseline) > 1 else np.repeat(baseline, batch, axis=0), dtype),
        None if mask is None else pack(mask, shapes, dtype=int),
        Weighted(None, jnp.asarray(selected(case.get("target"), output.shape), dtype)),
        layers,
        None if "neuron" not in case else Weighted(layer, jnp.asarray(neuron(case["neuron"], sites[layer]), dtype)),
        shapes,
        case,
    )


def selected(target, shape):
    """Return one-hot rows over an output: one index for all rows or one for each, a number per axis."""
    chosen = np.zeros(shape)
    per_row = target if isinstance(target, list) and len(target) == shape[0] else [target] * shape[0]
    for row, index in enumerate(per_row):
        chosen[(row, *((index,) if isinstance(index, int) else index or ()))] = 1
    return chosen


def neuron(selector, like):
    """Return ones at the chosen neurons of a layer, `[1 *feature]`."""
    chosen = np.zeros((1, *like.shape[1:]))
    if isinstance(selector, dict):
        chosen[:, slice(*selector["slice"]) if "slice" in selector else slice(None)] = 1
    else:
        chosen[(0, *([selector] if isinstance(selector, int) else selector))] = 1
    return chosen


def assert_agrees(found, problem):
    """Compare with what the case expects, within its tolerance; `found` is one array, or one for each part."""
    expected, tolerance = problem.case["expected"], problem.case["tolerance"]
    several = isinstance(found, list | tuple)
    for part, right in zip(found if several else [found], expected if several else [expected], strict=True):
        right = np.asarray(right, float)
        error = np.abs(np.asarray(part, float).reshape(right.shape) - right)
        assert (error.sum() if tolerance["mode"] == "sum" else error.max()) <= tolerance["delta"], (part, right)


def _linear(op, x):
    weight = jnp.asarray(op["W"], x.dtype)
    y = x @ weight.T
    return y if "b" not in op else y + jnp.broadcast_to(jnp.asarray(op["b"], x.dtype), y.shape)


def _layer_norm(op, x):
    centred = x - jnp.broadcast_to(jnp.mean(x, -1, keepdims=True), x.shape)
    scale = jax.lax.rsqrt(jnp.mean(centred**2, -1, keepdims=True) + op["eps"])
    gamma, beta = (jnp.broadcast_to(jnp.asarray(op[name], x.dtype), x.shape) for name in ("gamma", "beta"))
    return centred * jnp.broadcast_to(scale, x.shape) * gamma + beta


def _softmax(op, x):
    weight = jnp.exp(x - jax.lax.stop_gradient(jnp.broadcast_to(jnp.max(x, -1, keepdims=True), x.shape)))
    return weight / jnp.broadcast_to(jnp.sum(weight, -1, keepdims=True), x.shape)


def _convolution(op, x):
    weight = jnp.asarray(op["W"], x.dtype)
    y = jax.lax.conv_general_dilated(x, weight, (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return y + jnp.broadcast_to(jnp.asarray(op["b"], x.dtype)[None, :, None, None], y.shape)


def _pool(op, x):
    return jnp.max(x.reshape(*x.shape[:-1], -1, op["kernel"]), axis=-1)


def _outer(op, x):
    scale = jnp.asarray([1.0, 2.0], x.dtype)[:, None] * jnp.asarray([1.0, 4.0], x.dtype)[None]
    shape = (*x.shape, 2, 2)
    return jnp.broadcast_to(x[..., None, None], shape) * jnp.broadcast_to(scale, shape)


def _all(combine):
    def operation(op, *inputs):
        shape = np.broadcast_shapes(*(jnp.shape(value) for value in inputs))
        result, *rest = (value if jnp.ndim(value) == 0 else jnp.broadcast_to(value, shape) for value in inputs)
        for value in rest:
            result = combine(result, value)
        return result

    return operation


OPERATIONS: Mapping[str, Any] = {
    "linear": _linear,
    "relu": lambda op, x: jax.nn.relu(x),
    "tanh": lambda op, x: jnp.tanh(x),
    "gelu_exact": lambda op, x: 0.5 * x * (1 + jax.lax.erf(x * 0.5**0.5)),
    "layernorm": _layer_norm,
    "softmax": _softmax,
    "conv2d": _convolution,
    "maxpool1d": _pool,
    "stack_outer": _outer,
    "add": _all(jnp.add),
    "sub": _all(jnp.subtract),
    "mul": _all(jnp.multiply),
    "multi_relu": lambda op, *inputs: tuple(jax.nn.relu(x) for x in inputs),
    "tuple_get": lambda op, x: x[op["index"]],
    "to_float": lambda op, x: x,
    "flatten": lambda op, x: x.reshape(len(x), -1),
    "unsqueeze1": lambda op, x: x[:, None],
    "select_index1": lambda op, x: x[:, op["index"]],
    "concat_last": lambda op, *inputs: jnp.concatenate(inputs, axis=-1),
    "sum_all_nonbatch": lambda op, *inputs: sum(jnp.sum(x.reshape(len(x), -1), axis=-1) for x in inputs),
}
