"""What a person typed, taken apart and checked without JAX, for the command line and for what studies are asked."""


def names(option: str, value: str | None) -> list[str] | None:
    """Return the names that an option lists with commas between them, or None if it is not given.

    Raises:
        ValueError: an empty name, or one that is listed twice.

    Example:
        >>> names("--sites", "embed, block0/mlp")
        ['embed', 'block0/mlp']
    """
    if value is None:
        return None
    found = [name.strip() for name in value.split(",")]
    if not all(found):
        raise ValueError(f"{option} {value!r}: expected names with commas between them, got an empty one; leave it out")
    if twice := [name for number, name in enumerate(found) if name in found[:number]]:
        raise ValueError(f"{option} {value!r}: {twice[0]!r} is named twice; name each once")
    return found


def columns(text: str | None, label: str | None) -> dict[str, str]:
    """Return which columns of a text are named, as `corpora.texts.read` takes them.

    Raises:
        ValueError: an empty name.
    """
    given = {name: value for name, value in (("text", text), ("label", label)) if value is not None}
    for name, value in given.items():
        if not value.strip():
            raise ValueError(f"--{name}-column is empty; give a column's name or number, or leave it out")
    return given
