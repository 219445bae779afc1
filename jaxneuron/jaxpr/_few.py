"""Products of a vector's function with a weight, where few entries of the vector differ from 0."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxneuron.jaxpr._kinds import ENTRYWISE
from jaxneuron.jaxpr.walk import bind, read, variables


class Few:
    """What depends on vectors entry by entry along an axis, and its products over that axis.

    A product is computed whole where the vectors are 0, and for others only what their entries that differ add to it.

    Args:
        vectors: their variables, all of one length.
        most: at how many places one of them differs from 0.
    """

    def __init__(self, vectors: Sequence[Any], most: int):
        ((self.size,),) = {vector.aval.shape for vector in vectors}
        self.vectors, self.most = vectors, most
        self.axes = dict.fromkeys(vectors, 0)
        self.chain: list[Any] = []  # the operations that are entry by entry
        self.products: dict[Any, tuple[Any, int]] = {}  # result -> the operation, and which of its operands depends

    def meet(self, equation: Any, changed: set[Any]) -> None:
        """Take an operation that depends on the vectors into account.

        Args:
            equation: the operation.
            changed: all variables that depend on them.
        """
        operands = [variable for variable in variables(equation.invars) if variable in changed]
        if not all(variable in self.axes for variable in operands):
            return
        name, axes = equation.primitive.name, {self.axes[variable] for variable in operands}
        if name == "dot_general":
            (contracted, (left, right)) = equation.params["dimension_numbers"]
            place = next(i for i, operand in enumerate(equation.invars) if operand is operands[0])
            alone = len(operands) == 1 and not left and not right and contracted[place] == (*axes,)
            if alone and jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.inexact):
                self.products[equation.outvars[0]] = equation, place
        elif name == "broadcast_in_dim" and len(equation.invars) == 1:
            axis = equation.params["broadcast_dimensions"][axes.pop()]
            if equation.params["shape"][axis] == self.size:
                self._extend(equation, axis)
        elif name in ENTRYWISE and len(axes) == 1:
            self._extend(equation, axes.pop())

    def whole(self, values: Mapping[Any, Any]) -> list[Any]:
        """Return all products where the vectors are 0, from the values of what does not depend on them."""
        now = dict(values) | {vector: jnp.zeros(self.size, vector.aval.dtype) for vector in self.vectors}
        for equation in (*self.chain, *(equation for equation, _ in self.products.values())):
            now.update(zip(equation.outvars, bind(equation, read(equation.invars, now)), strict=True))
        return [now[result] for result in self.products]

    def product(self, equation: Any, values: Mapping[Any, Any], whole: Any) -> Any:
        """Return the result of a product for the vectors in `values`, from its result where they are 0."""
        place = self.products[equation.outvars[0]][1]
        operand, weight = equation.invars[place], equation.invars[1 - place]
        differs = jnp.any(jnp.stack([values[vector] != 0 for vector in self.vectors]), axis=0)
        chosen = jax.lax.top_k(differs.astype(jnp.int32), self.most)[1]
        now = {vector: jnp.take(values[vector], chosen) for vector in self.vectors}
        zero = {vector: jnp.zeros_like(value) for vector, value in now.items()}
        change = self._thin(operand, values, chosen, now) - self._thin(operand, values, chosen, zero)
        contracted = equation.params["dimension_numbers"][0][1 - place][0]
        rows = jnp.take(read([weight], values)[0], chosen, axis=contracted)
        (added,) = bind(equation, (change, rows) if place == 0 else (rows, change))
        return whole + added

    def _extend(self, equation: Any, axis: int) -> None:
        self.axes[equation.outvars[0]] = axis
        self.chain.append(equation)

    def _thin(self, wanted: Any, values: Mapping[Any, Any], chosen: Any, vectors: Mapping[Any, Any]) -> Any:
        """Return what depends on the vectors, at the chosen entries, of which `vectors` has the values."""
        thin = dict(vectors)
        for equation in self.chain:
            axis = self.axes[equation.outvars[0]]
            for constant in variables(equation.invars):
                if constant not in self.axes:
                    value = values[constant]
                    thin[constant] = jnp.take(value, chosen, axis=axis) if jnp.ndim(value) else value
            thin[equation.outvars[0]] = self._narrow(equation, axis, read(equation.invars, thin))
        return thin[wanted]

    def _narrow(self, equation: Any, axis: int, operands: list[Any]) -> Any:
        """Run an operation on the chosen entries."""
        if equation.primitive.name == "broadcast_in_dim":
            shape = tuple(self.most if i == axis else size for i, size in enumerate(equation.params["shape"]))
            return jax.lax.broadcast_in_dim(operands[0], shape, equation.params["broadcast_dimensions"])
        return bind(equation, operands)[0]
