"""Run a program with a rule for each operation; see the package."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Literal
from jaxtyping import Array

from jaxneuron.jaxpr._kinds import AFFINE, BILINEAR, ENTRYWISE, GREATEST, LINEAR, SCATTERED
from jaxneuron.jaxpr._rules import Carried, Rules
from jaxneuron.jaxpr._softmax import FUNCTIONS, parts
from jaxneuron.jaxpr.walk import bind, flat, program


def interpret(rules: Rules, f: Callable[[Array], Array], carried: Carried) -> Carried:
    """Run `f` on what the rules carry for its argument.

    Args:
        rules: what to do with each kind of operation.
        f: a function of one array, to one array.
        carried: what stands for the argument, an instance of `rules.carried`.

    Returns:
        What stands for the result; of a result that does not depend on the argument, `rules.constant` of it.

    Raises:
        NotImplementedError: an operation has no rule.
    """
    first = jax.tree.leaves(carried)[0]
    closed = program(f, jax.ShapeDtypeStruct(first.shape, first.dtype))
    result = _Run(rules)(closed, [Live(carried, first.shape)])[0]
    return result.carried if isinstance(result, Live) else rules.constant(result)


class Product(NamedTuple):
    """A product with weights that may yet get a bias."""

    function: Callable[[Array, Array], Array]
    carried: Carried  # of the value that is multiplied
    weights: Any
    layer: int


@dataclass(eq=False)
class Live:
    """A value that depends on the input."""

    carried: Carried | None  # None for the result of a comparison, of which nothing can be carried on
    shape: tuple[int, ...]
    origins: dict["Live", Callable[[Array], Array]] = field(default_factory=dict)  # the values, nearest first, of which
    # this one is a function entry by entry, and that function
    product: Product | None = None
    gate: bool = False  # a logistic function, or one clipped on both sides, of something
    clipped: str = ""  # max or min, if that is what made it

    def __post_init__(self):
        self.origins = {self: lambda value: value, **self.origins}


class _Run:
    """One interpretation of a program; it numbers the dense layers."""

    def __init__(self, rules: Rules):
        self.rules = rules
        self.layers: dict[int, int] = {}

    def __call__(self, closed: ClosedJaxpr, arguments: Sequence[Live | Array]) -> list[Live | Array]:
        jaxpr, softmaxes = closed.jaxpr, parts(closed.jaxpr)
        given = *map(jnp.asarray, closed.consts), *arguments
        values: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), given, strict=True))

        def read(variable: Any) -> Any:
            return variable.val if isinstance(variable, Literal) else values[variable]

        for equation in jaxpr.eqns:
            operands = [read(variable) for variable in equation.invars]
            part = softmaxes.get(equation.outvars[0])
            if not any(isinstance(operand, Live) for operand in operands):
                results = bind(equation, operands)
            elif part and isinstance(values[part.of], Live):
                results = [self.softmax(part, values[part.of], equation.outvars[0].aval)]
            else:
                results = self.operation(equation, operands)
            values.update(zip(equation.outvars, results, strict=True))
        return [read(variable) for variable in jaxpr.outvars]

    def operation(self, equation: Any, operands: list[Any]) -> list[Live | Array]:
        """Return the results of an operation of which an operand is live."""
        name = equation.primitive.name
        if name in ENTRYWISE:
            return [self.entrywise(equation, operands)]
        if name == "scan":
            return self.scan(equation, operands)
        places = [place for place, operand in enumerate(operands) if isinstance(operand, Live)]
        live = [operands[place] for place in places]
        if name in LINEAR or name in SCATTERED:
            allowed = {0, 2} if name in SCATTERED else set(range(LINEAR[name] or len(operands)))
            if set(places) <= allowed:
                return self.linear(equation, operands, places)
        if name in BILINEAR:
            return [self.bilinear(equation, operands, places)]
        if name in GREATEST or name == "reduce_min":
            return [self.greatest(_function(equation, operands, places), name == "reduce_min", *live)]
        raise NotImplementedError(
            f"no rule for the operation {name!r} on a value that depends on the input (result: "
            f"{', '.join(str(variable.aval) for variable in equation.outvars)}); write that part of the model with "
            "other operations, or give the primitive its place in jaxneuron/jaxpr/_kinds.py"
        )

    def softmax(self, part: Any, of: Live, aval: Any) -> Live | Array:
        """Return a part of a softmax, from the values that it is the softmax of."""
        if part.kind == "same":
            return of
        if part.kind == "total":
            return jnp.ones(aval.shape, aval.dtype)
        function = functools.partial(FUNCTIONS[part.kind], axis=part.axes)
        return self.live(self.rules.softmax(function, self.carried(of), part.kind, part.axes), aval.shape)

    def linear(self, equation: Any, operands: list[Any], places: list[int]) -> list[Live | Array]:
        """Return the results of an operation that is linear in its live operands."""
        carried = [self.carried(operands[place]) for place in places]
        results = []
        for number, variable in enumerate(equation.outvars):
            function = _function(equation, operands, places, number)
            results.append(self.live(self.rules.linear(function, *carried), variable.aval.shape))
        return results

    def bilinear(self, equation: Any, operands: list[Any], places: list[int]) -> Live | Array:
        """Return a product of matrices: with weights, or of two live values."""
        shape, function = equation.outvars[0].aval.shape, _function(equation, operands, places)
        if len(places) == 2:
            carried = [self.carried(operand) for operand in operands]
            return self.live(self.rules.product(function, *carried, (False, False)), shape)
        place, layer = places[0], self.layers.setdefault(id(equation), len(self.layers))
        ordered = _function(equation, operands, [place, 1 - place])
        product = Product(ordered, self.carried(operands[place]), operands[1 - place], layer)
        return self.live(self.dense(product, None), shape, product=product)

    def dense(self, product: Product, bias: Any) -> Carried:
        """Return a product with weights, with the bias that is added to it."""
        if self.rules.dense is not None:
            return self.rules.dense(product.function, product.carried, product.weights, bias, product.layer)

        def whole(value: Any) -> Array:
            result = product.function(value, product.weights)
            return result if bias is None else result + bias

        return self.rules.linear(whole, product.carried)

    def greatest(self, function: Callable[..., Array], mirrored: bool, *live: Live) -> Live | Array:
        """Return the largest, or mirrored the smallest, of live values."""
        carried = [self.carried(one) for one in live]
        if mirrored:
            carried = [self.rules.linear(jnp.negative, one) for one in carried]
            upright = self.rules.greatest(lambda *values: -function(*(-value for value in values)), *carried)
            found = self.rules.linear(jnp.negative, upright) if isinstance(upright, self.rules.carried) else -upright
        else:
            found = self.rules.greatest(function, *carried)
        return self.live(found, None)

    def entrywise(self, equation: Any, operands: list[Any]) -> Live | Array:
        """Return the result of an operation that works entry by entry."""
        name, aval = equation.primitive.name, equation.outvars[0].aval
        operands = [
            self.stretched(operand, aval.shape) if isinstance(operand, Live) else operand for operand in operands
        ]
        places = [place for place, operand in enumerate(operands) if isinstance(operand, Live)]
        live, function = [operands[place] for place in places], _function(equation, operands, places)
        origins = {
            origin: _composed(function, [one.origins[origin] for one in live])
            for origin in live[0].origins
            if all(origin in one.origins for one in live)
        }
        result = Live(None, aval.shape, origins)
        if not jnp.issubdtype(aval.dtype, jnp.floating):
            return result
        known = all(one.carried is not None for one in live)
        factor = name in ("mul", "div") and places == [0] or name == "mul" and len(places) == 1
        chosen = name == "select_n" and 0 not in places
        nearest = next((origin for origin in origins if origin.carried is not None), None)
        if known and (name in AFFINE or factor or chosen):
            found = self.affine(name, function, operands, places)
            result.gate = len(live) == 1 and live[0].gate and not chosen
        elif nearest is not None:
            found = self.rules.entrywise(origins[nearest], self.carried(nearest), name)
            result.gate = len(live) == 1 and (
                name in ("logistic", "clamp") or {name, live[0].clipped} == {"max", "min"}
            )
            result.clipped = name if len(live) == 1 and name in ("max", "min") else ""
        elif known and name == "mul":
            found = self.rules.product(function, *(one.carried for one in live), tuple(one.gate for one in live))
        elif known and name == "div":
            found = self.rules.quotient(*(one.carried for one in live))
        elif known and name in ("max", "min"):
            return self.greatest(function, name == "min", *live)
        else:
            raise NotImplementedError(
                f"no rule for {name!r} where its operands, or the condition that chooses between them, depend on "
                "different values of the input; a choice must hang on the same entry as what is chosen"
            )
        if not isinstance(found, self.rules.carried):
            return found
        result.carried = found
        return result

    def affine(self, name: str, function: Callable[..., Array], operands: list[Any], places: list[int]) -> Carried:
        """Return a sum, or a product with what does not depend on the input; a bias goes to its dense layer."""
        live = [operands[place] for place in places]
        if name in ("add", "add_any") and len(live) == 1 and live[0].product is not None:
            return self.dense(live[0].product, operands[1 - places[0]])
        return self.rules.linear(function, *(one.carried for one in live))

    def stretched(self, live: Live, shape: tuple[int, ...]) -> Live:
        """Return a value with its axes of length 1 repeated, where an operation does so in passing."""
        if live.shape == shape or live.carried is None:
            return live
        return Live(self.rules.linear(lambda value: jnp.broadcast_to(value, shape), live.carried), shape)

    def scan(self, equation: Any, operands: list[Any]) -> list[Live | Array]:
        """Run a recurrence: what becomes live in any step is carried from the first."""
        parameters = equation.params
        body, constants, states = flat(parameters["jaxpr"]), parameters["num_consts"], parameters["num_carry"]
        fixed = operands[:constants]
        state = [self.packed(operand) for operand in operands[constants : constants + states]]
        inputs = [self.packed(operand) for operand in operands[constants + states :]]

        def step(state: list[Any], inputs: list[Any]) -> tuple[list[Any], list[Any]]:
            results = self(body, [*fixed, *map(self.unpacked, state), *map(self.unpacked, inputs)])
            return [self.packed(result) for result in results[:states]], [self.packed(one) for one in results[states:]]

        first = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), inputs)
        while True:
            found, _ = jax.eval_shape(step, state, first)
            late = [
                isinstance(new, self.rules.carried) and not isinstance(old, self.rules.carried)
                for new, old in zip(found, state, strict=True)
            ]
            if not any(late):
                break
            state = [self.rules.constant(old) if is_late else old for old, is_late in zip(state, late, strict=True)]

        def kept(state: list[Any], inputs: list[Any]) -> tuple[list[Any], list[Any]]:
            new, results = step(state, inputs)
            lost = [
                isinstance(old, self.rules.carried) and not isinstance(one, self.rules.carried)
                for old, one in zip(state, new, strict=True)
            ]
            return [self.rules.constant(one) if gone else one for one, gone in zip(new, lost, strict=True)], results

        options = {name: parameters[name] for name in ("length", "reverse", "unroll")}
        state, results = jax.lax.scan(kept, state, inputs, **options)
        return [self.unpacked(value) for value in (*state, *results)]

    def packed(self, value: Live | Array) -> Any:
        """Return what a recurrence hands on of a value."""
        return self.carried(value) if isinstance(value, Live) else jnp.asarray(value)

    def unpacked(self, value: Any) -> Live | Array:
        """Return the value again."""
        return self.live(value, None)

    def carried(self, live: Live) -> Carried:
        """Return what is carried of a live value."""
        if live.carried is None:
            raise NotImplementedError(
                "a comparison with the input decides something that is not entry by entry; no rule can share that out"
            )
        return live.carried

    def live(self, found: Any, shape: tuple[int, ...] | None, **details: Any) -> Live | Array:
        """Return what a rule found as a value."""
        if not isinstance(found, self.rules.carried):
            return found
        return Live(found, jax.tree.leaves(found)[0].shape if shape is None else shape, **details)


def _function(equation: Any, operands: list[Any], places: list[int], number: int = 0) -> Callable[..., Array]:
    """Return an operation as a function of some of its operands."""
    name = equation.primitive.name
    if name in ("max", "min") and len(places) == 1:
        other = operands[1 - places[0]]
        # where both are equal the slope is 0, that of `jax.nn.relu`; the primitive's would be a half
        return lambda value: jnp.where(value > other if name == "max" else value < other, value, other)

    def function(*values: Any) -> Array:
        filled = list(operands)
        for place, value in zip(places, values, strict=True):
            filled[place] = value
        return bind(equation, filled)[number]

    return function


def _composed(function: Callable[..., Array], inner: list[Callable[[Array], Array]]) -> Callable[[Array], Array]:
    return lambda value: function(*(one(value) for one in inner))
