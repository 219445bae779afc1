"""What a measure of attributions takes, made of one text: its features, its score, and what a method says of them.

Each public attribute of `Measured` has the name and the meaning of a parameter. So a new measure that takes no more
than these is a command at once.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

NOTHING = "(nothing)"
"""What is mixed up of the model as it is."""

TIMES_INPUT = {"input_x_gradient", "lrp", "permutation"}
"""Methods without a baseline whose shares are of the features as they are, and not for a unit of each."""


@dataclass
class Measured:
    """A text, and the method that is measured."""

    _model: Any
    _found: Any  # _explained.Explained
    _explainer: Any  # _explaining.Explain
    _takes: tuple[str, ...]
    _per_unit: bool  # shares are wanted for a unit of each feature, as a gradient has them

    @property
    def key(self) -> Any:
        """The random key."""
        return self._explainer.key

    @property
    def f(self) -> Any:
        """The score."""
        return self._found.f

    @property
    def x(self) -> Any:
        """The features."""
        return self._found.x

    @property
    def baseline(self) -> Any:
        """What the features are compared with."""
        return self._explainer.baseline

    @property
    def attribution(self) -> Any:
        """What the method says of the features."""
        import jax.numpy as jnp

        value = self._explainer(self.x)
        if not self._per_unit or self._explainer.kind == "gradient":
            return value
        away = self.x - self._reference
        return jnp.where(away != 0, value / jnp.where(away != 0, away, 1), 0)

    @property
    def explain(self) -> Any:
        """The method, from features, or from weights and features, to what it says of them."""
        return self._explainer

    @property
    def params(self) -> Any:
        """The weights."""
        return self._model.params

    @property
    def layers(self) -> list[str]:
        """Parts of the weights on which the score depends, from the output down."""
        import jax

        from jaxneuron.cli._explaining import OfWeights
        from jaxneuron.jaxpr.dependence import dependence

        paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(self.params)[0]]
        depends = dependence(OfWeights(self.f, self.x), self.params)[:, 0]
        used = {jax.tree_util.keystr(path[:1]) for path, one in zip(paths, depends, strict=True) if one}
        return sorted(used, key=_height, reverse=True)

    @property
    def unused(self) -> Any:
        """The features on which the score cannot depend: those behind the text."""
        import jax.numpy as jnp

        mask = self._found.mask()
        there = jnp.ones(self.x.shape[1], bool) if mask is None else mask[0]
        return jnp.broadcast_to(~there[:, None], self.x.shape[1:])

    @property
    def _reference(self) -> Any:
        return self.baseline if self._explainer.kind == "difference" else 0 * self.x

    def options(self, radius: float) -> dict[str, Any]:
        """Return keyword arguments: the players, what stays still, and what is taken away."""
        import jax.numpy as jnp

        from jaxneuron.evaluate.attribution.infidelity import Remove

        still = jnp.where(self.unused, 0, radius)[None]
        return {
            "groups": self._found.groups(),
            "mask": self._found.mask(),
            "radius": still,
            "perturb": Remove(self._reference),
        }


MADE = frozenset(name for name, one in vars(Measured).items() if isinstance(one, property | cached_property)
                 and not name.startswith("_"))  # fmt: skip
"""The parameters that can be made."""


def _height(name: str) -> tuple[bool, list[int], str]:
    """Return where a part of the weights stands: by its number, what has none on top, but words' rows lowest."""
    numbers = [int(one) for one in re.findall(r"\d+", name)]
    low = any(sign in name for sign in ("word", "embed", "position", "type"))
    return not low, numbers or [10**6], name


def columns(result: Any, measure: str) -> tuple[str, ...]:
    """Return the names of what `rows` returns."""
    if hasattr(result, "layers"):
        return ("mixed up to", *(name for name in result._fields if name != "layers"))
    return tuple(name.replace("_", " ") for name in _fields(result)) if hasattr(result, "_fields") else (measure,)


def rows(result: Any) -> list[tuple[Any, ...]]:
    """Return what was measured of a text: a number of each kind; or, of weights mixed up, one for each layer."""
    import numpy as np

    if hasattr(result, "layers"):
        values = [np.asarray(value)[:, 0].tolist() for name, value in result._asdict().items() if name != "layers"]
        names = (name.strip("[]'") or NOTHING for name in result.layers)
        return list(zip(names, *values, strict=True))
    fields = _fields(result) if hasattr(result, "_fields") else {"value": result}
    return [tuple(float(np.mean(np.asarray(value))) for value in fields.values())]


def _fields(result: Any) -> dict[str, Any]:
    """Return the fields that have one number for a text, and those of random orders, which are averaged."""
    import numpy as np

    return {
        name: value
        for name, value in result._asdict().items()
        if np.size(value) == 1 or (name.startswith("random") and np.size(value))
    }
