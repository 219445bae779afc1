"""What a config.json says of rotary positions, in its present and its earlier spellings."""

import math
from typing import Any

from jaxneuron_models.architectures.settings import Raw, Rule, number, said
from jaxneuron_models.rotary import SCALINGS, Dynamic, Linear, Llama3, Long, Scaling, Yarn

ROTARY: dict[str, Rule] = {"rope_parameters": Raw(None), "rope_scaling": Raw(None)}
ALWAYS = ("rope_type", "type", "rope_theta", "partial_rotary_factor")
KNOWN = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    "yarn": (
        *("factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow"),
        *("mscale", "mscale_all_dim", "truncate"),
    ),
    "longrope": ("factor", "original_max_position_embeddings", "attention_factor", "short_factor", "long_factor"),
}
"""What belongs to which kind of positions, beside what all have."""


def read(values: dict[str, Any], *, base: str, share: str | None) -> dict[str, Any]:
    """Return the fields of `TransformerConfig`; as in `transformers`, `rope_scaling` comes before `rope_parameters`.

    Args:
        values: the raw settings; "max_position_embeddings" among them where positions may be scaled.
        base: the setting that holds the base where neither of the two does.
        share: the setting that holds the share of the units that are turned, likewise; None: all units are turned,
            whatever the file says (so `transformers` has it for Llama, but for positions that are scaled).

    Raises:
        ValueError: rotary positions of a kind that is not supported, named with the setting.
    """
    name = "rope_scaling" if values["rope_scaling"] else "rope_parameters"
    return one(name, values[name] or {}, values, base=base, share=share)


def one(name: str, rope: Any, values: dict[str, Any], *, base: str, share: str | None) -> dict[str, Any]:
    """Return the fields of `TransformerConfig` that one object of the file says.

    Args:
        name: the setting.
        rope: its value.
        values: as for `read`.
        base: as for `read`.
        share: as for `read`.

    Raises:
        ValueError: positions of a type, or a setting of them, that is not known.
    """
    if not isinstance(rope, dict):
        raise ValueError(f'sets {said(name, rope)}; expected an object such as {{"rope_type": "default"}}')
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind not in KNOWN:
        raise ValueError(f"sets {name!r} to positions of the type {kind!r}; only {', '.join(KNOWN)} are supported")
    for key in rope:
        if key not in (*ALWAYS, *KNOWN[kind]):
            raise ValueError(
                f"sets {said(f'{name}.{key}', rope[key])}, and it is not known here what that changes in positions of "
                f"the type {kind!r}"
            )
    turned = 1.0
    if share is not None:
        turned = number(f"{name}.partial_rotary_factor", rope.get("partial_rotary_factor", values[share]))
    elif kind != "default":
        said_share = rope.get("partial_rotary_factor", values.get("partial_rotary_factor"))
        if said_share not in (None, 1, 1.0):
            raise ValueError(
                f"sets {said('partial_rotary_factor', said_share)} and {name!r} to the type {kind!r}; there, only "
                "1 is supported"
            )
    theta = number(f"{name}.rope_theta", rope.get("rope_theta", values[base]))
    scaling = None if kind == "default" else _scaling(name, kind, rope, values)
    return {"rotary_base": theta, "rotary_share": turned, "rotary_scaling": scaling}


def _scaling(name: str, kind: str, rope: dict[str, Any], values: dict[str, Any]) -> Scaling:
    """Return how positions are scaled, with the defaults of `transformers`."""

    def told(key: str, default: float | None = None) -> float:
        found = rope.get(key)
        if found is None and default is None:
            raise ValueError(f"sets {name!r} to positions of the type {kind!r} without {key!r}, which they need")
        found = number(f"{name}.{key}", default if found is None else found)
        if found <= 0:
            raise ValueError(f"sets {said(f'{name}.{key}', found)}; expected a number above 0")
        return found

    longest = values["max_position_embeddings"]
    # where the file has it outside, that comes first
    outside = values.get("original_max_position_embeddings")
    trained = told("original_max_position_embeddings", longest) if outside is None else float(outside)
    made = SCALINGS[kind]
    if made is Linear:
        return Linear(told("factor"))
    if made is Dynamic:
        return Dynamic(told("factor"), longest)
    if made is Llama3:
        low, high = told("low_freq_factor"), told("high_freq_factor")
        if high <= low:
            raise ValueError(f"sets {said(f'{name}.high_freq_factor', high)}; expected more than low_freq_factor")
        return Llama3(told("factor"), low, high, trained)
    if made is Yarn:
        if "factor" not in rope:
            told("factor")
        factor = told("factor", longest / trained)
        size = told("attention_factor", _size(factor, rope.get("mscale"), rope.get("mscale_all_dim")))
        whole = rope.get("truncate", True)
        if not isinstance(whole, bool):
            raise ValueError(f"sets {said(f'{name}.truncate', whole)}; expected true or false")
        return Yarn(factor, trained, told("beta_fast", 32.0), told("beta_slow", 1.0), whole, size)
    factor = told("factor", longest / trained)
    size = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(trained))
    short, long = (_factors(name, key, rope.get(key)) for key in ("short_factor", "long_factor"))
    return Long(trained, told("attention_factor", size), short, long)


def _size(factor: float, mscale: float | None, all_units: float | None) -> float:
    """Return by how much the turned units grow, after YaRN's equation 22 and DeepSeek's two factors of it."""

    def grown(by: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * by * math.log(factor) + 1

    return grown(mscale) / grown(all_units) if mscale and all_units else grown(1.0)


def _factors(name: str, key: str, found: Any) -> tuple[float, ...]:
    if not isinstance(found, list) or not found:
        raise ValueError(f"sets {said(f'{name}.{key}', found)}; expected a list of numbers")
    return tuple(number(f"{name}.{key}", one) for one in found)
