"""What mattered together? Share a score out over pairs and larger sets of features.

Every module has one verb, `interact`, of a map `f` from values to one score per row, as in `jaxneuron.attribute`. What
it returns is over *players*, the features or the groups of features that `groups` names, in ascending order: mostly a
matrix `[batch player player]`, symmetric, with what each does alone on the diagonal.

From derivatives along a path:
- `integrated_hessians`: how much of one feature's integrated gradient is owed to another

From the scores of all coalitions, of up to 16 players (`jaxneuron.games`):
- `shapley_taylor`: main effects and interactions that together are what the score gained
- `shapley_interaction`: what a pair adds to its parts, averaged over all orders
- `banzhaf`: the same, averaged over all coalitions
- `harsanyi`: what each set adds to all of its parts; the other indices are weighted sums of it

From a few coalitions, for any number of players:
- `arch_detect`: which pairs interact, in the input or in the baseline
- `arch_attribute`: the strongest pairs, merged into sets, and what each set adds

By taking the model apart:
- `contextual_decomposition`: what a span contributes, through the gates of a recurrence or the blocks of a transformer
- `agglomeration`: spans joined into a tree, by what they contribute together
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron.batching import BUDGET


class Subsets(NamedTuple):
    """An index of interaction for sets of players, smaller sets first."""

    members: Bool[Any, "set player"]
    value: Float[Array, "batch set"]


class Interact(Protocol):
    """The folder's verb."""

    def __call__(
        self,
        f: Callable[[Array], Float[Array, "batch"]],
        x: Shaped[Any, "batch *feature"],
        baseline: Any = 0.0,
        *,
        groups: Int[Any, "..."] | None = None,
        mask: Bool[Any, "batch *_"] | None = None,
        budget: int = BUDGET,
        **options: Any,
    ) -> Any:
        """Return what sets of features contribute together to each row's score.

        Args:
            f: from values to scores; a row's score depends on that row alone.
            x: the value to explain.
            baseline: what absent features take; broadcasts to `x`.
            groups: the player of each feature, see `games.game`. None: each feature alone.
            mask: true where features count.
            budget: bytes for what is computed at a time.
            **options: the method's own.
        """
        ...
