"""From a Flax module to the pure forward that every method takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flax import nnx

from jaxneuron.types import Activations, Edit, Output, Params, Site, Text


@dataclass(frozen=True)
class PureForward:
    """A `types.Forward`; two forwards of one architecture are equal, so `jit` compiles once for both."""

    graph: Any  # nnx.GraphDef
    shapes: Params = field(repr=False, compare=False)  # of the weights
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(self.graph))  # asked for at each call of a compiled function

    def __hash__(self) -> int:
        return self._hash

    def __call__(self, params: Params, tokens: Text, edits: Mapping[Site, Edit]) -> tuple[Output, Activations]:
        """Run the module on `tokens` with `params` as its weights."""
        return nnx.merge(self.graph, params)(tokens, edits)


class _OneKey(nnx.Rngs):
    """One key for all weights, where only their shapes are asked for: to count keys takes longer than all else."""

    def params(self) -> Any:
        """Return the key."""
        return self["default"].key[...]


def split(build: Callable[[nnx.Rngs], nnx.Module]) -> tuple[PureForward, Callable[[Any], Params]]:
    """Return the forward of the module that `build` makes, and the function from a key to fresh weights."""
    graph, shapes = nnx.split(nnx.eval_shape(lambda: build(_OneKey(0))))

    def init(key: Any) -> Params:
        return nnx.to_pure_dict(nnx.split(build(nnx.Rngs(key)))[1])

    return PureForward(graph, nnx.to_pure_dict(shapes)), init
