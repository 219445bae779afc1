"""What the name of a model stands for, told without loading anything: a wrong one is refused at once.

Nothing here imports JAX.
"""

import json
import re
from pathlib import Path
from typing import Any

from jaxneuron_models import own

WRITTEN = {
    "imaginet": "`jaxneuron train imaginet`",
    "lstm": "`jaxneuron train lstm`",
    "transformer": "`jaxneuron train transformer`",
    "text_cnn": "`jaxneuron study attribution`, a text CNN",
    "head": "`jaxneuron study attribution`, a head over an encoder",
}
"""The architectures whose folders are ours, and what writes them."""

HUGGING_FACE, OWN = "Hugging Face", "function"

EXPECTED = (
    "a folder that `jaxneuron train` or a study wrote, a Hugging Face checkpoint, by folder or by its name on the hub, "
    "or module:function of your own"
)

ON_THE_HUB = re.compile(r"[\w.-]+(/[\w.-]+)?")


def kind(name: Path | str, *, expected: str = EXPECTED, hub: bool = True) -> str:
    """Return what a model is: a key of `WRITTEN`, `HUGGING_FACE` or `OWN`.

    Args:
        name: a folder, a name on the hub, or `module:function`, whose module is imported.
        expected: what the caller takes, for the errors.
        hub: whether what is no folder may be a name on the hub.

    Raises:
        ValueError: a name of nothing, or a folder with a damaged config.
        FileNotFoundError: no such folder, or one without a model.
    """
    name, path = str(name), Path(name)
    if not name.strip():
        raise ValueError(f"the name of a model is empty; expected {expected}")
    if not path.exists():
        if ":" in name:
            own.function(name)
            return OWN
        if hub and ON_THE_HUB.fullmatch(name) and not name.startswith((".", "~")) and not _near(path):
            return HUGGING_FACE
        there = ", ".join(_near(path)[:5])
        raise FileNotFoundError(f"{name}: no folder {name}{there and f', but {there}'}; expected {expected}")
    if not path.is_dir():
        raise ValueError(f"{name} is a file; expected {expected}")
    if not (path / "config.json").is_file():
        inside = ", ".join(str(folder) for folder in _models(path)[:5])
        raise FileNotFoundError(
            f"{name}: no config.json in {name}{inside and f', but in {inside}'}; expected {expected}"
        )
    header = _header(path)
    architecture = header.get("architecture")
    if architecture is None:
        return HUGGING_FACE
    if architecture not in WRITTEN:
        raise ValueError(
            f"{name}: config.json names the architecture {architecture!r}, of which nothing is known; expected "
            f"{', '.join(WRITTEN)}, or a checkpoint with 'model_type'"
        )
    if architecture == "head" and not header.get("over"):
        beside = (other for other in _models(path.absolute().parent) if _header(other).get("architecture") != "head")
        near = next((f"../{other.name}" for other in beside), "../model")
        raise ValueError(
            f"{name}: config.json does not say over which model the head was trained, as that of an earlier version; "
            f'add "over": "{near}" to it, a folder beside this one or the name of the model, or train the head again'
        )
    return architecture


def _models(path: Path) -> list[Path]:
    """Return the folders with a config.json in a folder, such as a study leaves."""
    return sorted(config.parent for config in path.glob("*/config.json"))


def _near(path: Path) -> list[str]:
    """Return the models in the folder where one that is not there was looked for."""
    return [str(folder) for folder in _models(path.parent)] if len(path.parts) > 1 and path.parent.is_dir() else []


def _header(path: Path) -> dict[str, Any]:
    """Return the config of a folder; in somebody else's there is no architecture."""
    try:
        header = json.loads((path / "config.json").read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # JSON or UTF-8
        raise ValueError(f"{path}: config.json is damaged ({error}); fetch it again or train anew") from error
    if not isinstance(header, dict):
        raise ValueError(f"{path}: config.json holds no JSON object; fetch it again or train anew")
    return header
