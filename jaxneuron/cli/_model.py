"""The model that an option names, checked at once: nothing here imports JAX, and nothing is loaded."""

from jaxneuron_models.kind import EXPECTED, HUGGING_FACE, OWN, WRITTEN, kind


def check(name: str, *kinds: str, option: str = "--model") -> str:
    """Check that a model may be there.

    Args:
        name: what the option says.
        kinds: of models that fit, see `jaxneuron_models.kind`; all, if none is named.
        option: that names it.

    Returns:
        Which kind it is.

    Raises:
        ValueError: a name of nothing, or a model of another kind.
        FileNotFoundError: no such folder.
    """
    wanted = _wanted(kinds) if kinds else EXPECTED
    if not name.strip():
        raise ValueError(f"{option} is empty; expected {wanted}")
    try:
        found = kind(name, expected=wanted, hub=not kinds or HUGGING_FACE in kinds)
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(f"{option} {error}") from error
    if not kinds or found in kinds:
        return found
    if found == HUGGING_FACE:
        raise ValueError(f"{option} {name} is a Hugging Face checkpoint; expected {wanted}")
    if found == OWN:
        raise ValueError(f"{option} {name} is a function; expected {wanted}")
    raise ValueError(f"{option} {name} holds a model of {WRITTEN[found]}; expected {wanted}")


def _wanted(kinds: tuple[str, ...]) -> str:
    """Return what to say of the models that fit."""
    ours = " or ".join(WRITTEN[kind] for kind in kinds if kind in WRITTEN)
    others = {HUGGING_FACE: "a Hugging Face checkpoint, by folder or by its name on the hub", OWN: "module:function"}
    return ", or ".join(
        [f"a folder of {ours}"] * bool(ours) + [words for other, words in others.items() if other in kinds]
    )
