"""Products of a vector's function with a weight, where few entries of the vector differ from 0."""

from typing import Any

import jax
import jax.numpy as jnp

from jaxneuron.jaxpr._kinds import ENTRYWISE
from jaxneuron.jaxpr.walk import bind, read, variables


class Few:
    """What depends on a vector entry by entry along an axis, and its products over that axis.

    All of it is computed for the vector 0 once, as `meet` sees the operations in their order, and for another vector
    only at the entries that differ from 0.

    Args:
        vector: its variable.
        most: how many entries of it differ from 0.
    """

    def __init__(self, vector: Any, most: int):
        (self.size,) = vector.aval.shape
        self.vector, self.most = vector, most
        self.axes = {vector: 0}
        self.zero: dict[Any, Any] = {vector: jnp.zeros(self.size, vector.aval.dtype)}
        self.chain: list[tuple[Any, list[Any]]] = []  # what is entry by entry, with its operands that are constant
        self.products: dict[Any, tuple[int, Any]] = {}  # result -> which operand depends, and the result for 0

    def meet(self, equation: Any, known: dict[Any, Any]) -> None:
        """Take an operation that depends on the vector into account.

        Args:
            equation: the operation.
            known: the values of what does not depend on the vector.
        """
        changed = [variable for variable in variables(equation.invars) if variable not in known]
        if not all(variable in self.axes for variable in changed):
            return
        name, axes = equation.primitive.name, {self.axes[variable] for variable in changed}
        if name == "dot_general":
            (contracted, (left, right)) = equation.params["dimension_numbers"]
            place = next(i for i, operand in enumerate(equation.invars) if operand is changed[0])
            alone = len(changed) == 1 and not left and not right and contracted[place] == (*axes,)
            if alone and jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.inexact):
                (result,) = bind(equation, read(equation.invars, known | self.zero))
                self.products[equation.outvars[0]] = place, result
            return
        if name == "broadcast_in_dim" and len(equation.invars) == 1:
            axis = equation.params["broadcast_dimensions"][axes.pop()]
            if equation.params["shape"][axis] != self.size:
                return
        elif name in ENTRYWISE and len(axes) == 1:
            axis = axes.pop()
        else:
            return
        (result,) = bind(equation, read(equation.invars, known | self.zero))
        self.axes[equation.outvars[0]], self.zero[equation.outvars[0]] = axis, result
        self.chain.append((equation, [variable for variable in variables(equation.invars) if variable in known]))

    def product(self, equation: Any, values: dict[Any, Any]) -> list[Any] | None:
        """Return the result of a product for the vector in `values`; None if the operation is no such product."""
        if equation.outvars[0] not in self.products:
            return None
        place, result = self.products[equation.outvars[0]]
        operand, weight = equation.invars[place], equation.invars[1 - place]
        chosen = jax.lax.top_k((values[self.vector] != 0).astype(jnp.int32), self.most)[1]
        thin = {self.vector: jnp.take(values[self.vector], chosen)}
        for inner, constants in self.chain:
            axis = self.axes[inner.outvars[0]]
            now = thin | {constant: self._thin(values[constant], axis, chosen) for constant in constants}
            thin[inner.outvars[0]] = self._narrow(inner, axis, read(inner.invars, now))
        axis = self.axes[operand]
        change = thin[operand] - jnp.take(self.zero[operand], chosen, axis=axis)
        contracted = equation.params["dimension_numbers"][0][1 - place][0]
        rows = jnp.take(read([weight], values)[0], chosen, axis=contracted)
        (added,) = bind(equation, (change, rows) if place == 0 else (rows, change))
        return [result + added]

    def _thin(self, value: Any, axis: int, chosen: Any) -> Any:
        """Return the chosen entries of a constant that stands beside what depends on the vector."""
        return jnp.take(value, chosen, axis=axis) if jnp.ndim(value) else value

    def _narrow(self, equation: Any, axis: int, operands: list[Any]) -> Any:
        """Run an operation on the chosen entries."""
        if equation.primitive.name == "broadcast_in_dim":
            shape = tuple(self.most if i == axis else size for i, size in enumerate(equation.params["shape"]))
            return jax.lax.broadcast_in_dim(operands[0], shape, equation.params["broadcast_dimensions"])
        return bind(equation, operands)[0]
