"""How far the blocks of a config.json look: all at once, or through a window that slides along."""

from typing import Any

from jaxneuron_models.architectures.settings import Raw, Rule, said

KINDS = ("full_attention", "sliding_attention")
QWEN: dict[str, Rule] = {
    "use_sliding_window": Raw(False),
    "sliding_window": Raw(4096, nullable=True),
    "max_window_layers": Raw(28),
    "layer_types": Raw(None),
}
"""How Qwen says it: the blocks from a number on have the window, if any has."""


def qwen(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `TransformerConfig` that `QWEN` settings mean."""
    width = values["sliding_window"] if values["use_sliding_window"] else None
    first = values["max_window_layers"] if width is not None else values["num_hidden_layers"]
    kinds = [KINDS[number >= first] for number in range(values["num_hidden_layers"])]
    return by_kind(values, kinds, width)


def by_kind(values: dict[str, Any], kinds: list[str], width: int | None) -> dict[str, Any]:
    """Return the fields of `TransformerConfig` for blocks of two kinds.

    Args:
        values: the settings; "layer_types", where it is set, comes before `kinds`.
        kinds: of each block.
        width: of the window, in words.

    Raises:
        ValueError: not a kind for each block, a kind that is not known, or no window where one is needed.
    """
    given = values["layer_types"]
    kinds = kinds if given is None else given
    if not isinstance(kinds, list) or any(kind not in KINDS for kind in kinds):
        raise ValueError(f"sets {said('layer_types', given)}; expected one of {', '.join(KINDS)} for each block")
    if len(kinds) != values["num_hidden_layers"]:
        raise ValueError(
            f"sets {said('layer_types', given)}, of {len(kinds)} blocks; the model has {values['num_hidden_layers']}"
        )
    if KINDS[1] not in kinds:
        return {"local": ()}
    return {"local": tuple(checked(width) if kind == KINDS[1] else 0 for kind in kinds)}


def everywhere(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `TransformerConfig` where all blocks have the window "sliding_window", or none (null)."""
    width = values["sliding_window"]
    return {"local": () if width is None else (checked(width),) * values["num_hidden_layers"]}


def checked(width: Any) -> int:
    """Return the width of a window, which is one.

    Raises:
        ValueError: it is none.
    """
    if type(width) is not int or width < 1:
        raise ValueError(f"sets {said('sliding_window', width)}; expected a whole number of at least 1")
    return width
