"""The sums of one model with each of several others."""

from collections.abc import Sequence
from typing import Any

from jaxneuron import batching, comoments
from jaxneuron.comoments import Comoments
from jaxneuron.table import Checked, Table

Widths = Sequence[Sequence[int]]
"""How many units each layer has, of the first model and then of each other one."""


def over(
    a: Table,
    b: Table | Sequence[Table],
    *,
    sums: str,
    layers: Widths | None = None,
    budget: int,
    progress: batching.Progress | None,
) -> list[Comoments]:
    """Return the sums with each other model.

    Args:
        a: of the first model.
        b: of the others.
        sums: what the method needs, its `SUMS`.
        layers: of all models; by default each model is one layer.
        budget: bytes for a block of tokens.
        progress: called after each block, of all models.

    Raises:
        TypeError, ValueError: see `comoments.over`; no other model, or layers of more or fewer models.
    """
    others: list[Any] = list(b) if isinstance(b, list | tuple) else [b]
    if not others:
        raise ValueError("there is no other model to compare with; give its activations, or a list of several")
    if layers is not None and len(layers) != 1 + len(others):
        raise ValueError(
            f"expected the layers of {1 + len(others)} models, the first and the others, got {len(layers)}"
        )
    found = []
    for number, other in enumerate(others):

        def told(done: int, total: int, before: int = number) -> None:
            if progress:
                progress(before * total + done, len(others) * total)

        widths = (layers[0], layers[1 + number]) if layers else ((Checked(a).shape[1],), (Checked(other).shape[1],))
        needed = comoments.needed(sums, widths)
        found.append(comoments.over(a, other, layers=needed, budget=budget, progress=told))
    return found


def given(sums: Sequence[Comoments]) -> None:
    """Check that there are sums, all of the same tokens of the first model.

    Raises:
        ValueError: none, of too few tokens, or of different texts.
    """
    if not sums:
        raise ValueError("there are no sums; give those with one other model, or with each of several")
    few = min(one.tokens for one in sums)
    if few < 2:
        raise ValueError(f"expected sums over at least 2 tokens, got {few:.0f}")
    if len({(one.tokens, one.cross.shape[0]) for one in sums}) > 1:
        told = ", ".join(f"{one.tokens:,.0f} tokens x {one.cross.shape[0]} units" for one in sums)
        raise ValueError(f"expected sums of one model over one text, got {told}; extract all models from the same text")
