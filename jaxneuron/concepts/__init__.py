"""Does the model use this concept? What directions that stand for a concept do to what the model says.

Every module has one verb, `explain`, and what it returns has a `score`: what each concept does, on the last axis (above
0 it speaks for the output). Activations and gradients of texts come from `tcav.examples` and `tcav.gradients`.

- `tcav`: the share of inputs whose score rises along a concept's direction, with a test
- `concept_shap`: how much of the accuracy each concept explains
- `discovery`: concepts as clusters of the activations of spans
- `amnesic`: what the model loses without a concept, beside random directions
- `table`: one prediction as contributions of concepts, from the units that stand for them
"""

from typing import Any, Protocol, runtime_checkable

VERB = "explain"
"""What the modules of this folder expose."""


@runtime_checkable
class Explained(Protocol):
    """What every `explain` returns, with fields of its own beside."""

    @property
    def score(self) -> Any:
        """What each concept does, `[... concept]`, or a NamedTuple of several such measures."""
        ...
