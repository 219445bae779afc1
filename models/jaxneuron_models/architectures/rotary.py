"""What a config.json says of rotary positions, in its present and its earlier spellings."""

from typing import Any

from jaxneuron_models.architectures.settings import Raw, Rule, number, said

ROTARY: dict[str, Rule] = {"rope_parameters": Raw(None), "rope_scaling": Raw(None)}
KNOWN = ("rope_type", "type", "rope_theta", "partial_rotary_factor")


def read(values: dict[str, Any], *, base: str, share: str | None) -> dict[str, Any]:
    """Return the fields of `transformer.Config`; as in `transformers`, `rope_scaling` comes before `rope_parameters`.

    Args:
        values: the raw settings.
        base: the setting that holds the base where neither of the two does.
        share: the setting that holds the share of the units that are turned, likewise; None: all units are turned,
            whatever the file says (so `transformers` has it for Llama).

    Raises:
        ValueError: rotary positions of a kind that is not supported, named with the setting.
    """
    name = "rope_scaling" if values["rope_scaling"] else "rope_parameters"
    rope = values[name] or {}
    if not isinstance(rope, dict):
        raise ValueError(f'sets {said(name, rope)}; expected an object such as {{"rope_type": "default"}}')
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise ValueError(f"sets {name!r} to positions of the type {kind!r}; only 'default' is supported")
    for key in rope:
        if key not in KNOWN:
            raise ValueError(f"sets {said(f'{name}.{key}', rope[key])}, and it is not known here what that changes")
    turned = 1.0
    if share is not None:
        turned = number(f"{name}.partial_rotary_factor", rope.get("partial_rotary_factor", values[share]))
    theta = number(f"{name}.rope_theta", rope.get("rope_theta", values[base]))
    return {"rotary_base": theta, "rotary_share": turned}
