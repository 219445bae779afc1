"""SmolLM3 (Bakouch et al. 2025): Llama, of whose blocks every fourth has no positions.

Yang et al. 2025 (arXiv 2501.18795).
"""

from typing import Any

from jaxneuron_models.architectures import llama, local
from jaxneuron_models.architectures.settings import Field, Raw, free, said


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the positions, the blocks without them, and how far the blocks look.

    Raises:
        ValueError: blocks that are not all said to have positions or none.
    """
    every, blocks, turned = values["no_rope_layer_interval"], values["num_hidden_layers"], values["no_rope_layers"]
    if turned is None:
        if every < 1:
            raise ValueError(f"sets {said('no_rope_layer_interval', every)}; expected a number of at least 1")
        turned = [int((number + 1) % every != 0) for number in range(blocks)]
    if not isinstance(turned, list) or len(turned) != blocks or any(one not in (0, 1) for one in turned):
        raise ValueError(f"sets {said('no_rope_layers', turned)}; expected 1 (with positions) or 0 for each block")
    near = values["use_sliding_window"] and values["sliding_window"] is not None
    kinds = [local.KINDS[bool(near and not one)] for one in turned]
    return (
        llama.derive(values)
        | {"unturned": tuple(number for number, one in enumerate(turned) if not one)}
        | local.by_kind(values, kinds, values["sliding_window"])
    )


ARCHITECTURE = llama.ARCHITECTURE._replace(
    settings=llama.SETTINGS
    | {
        "vocab_size": Field("vocabulary", 128_256),
        "hidden_size": Field("width", 2048),
        "num_hidden_layers": Field("blocks", 36),
        "num_attention_heads": Field("heads", 16),
        "num_key_value_heads": Field("key_heads", 4, lambda heads: heads or 0, nullable=True),
        "max_position_embeddings": Field("longest", 32_768),
        "tie_word_embeddings": Field("tied", True),
        "mlp_bias": Field("mlp_bias", False),
        "rope_theta": Raw(2_000_000.0),
        "no_rope_layers": Raw(None),
        "no_rope_layer_interval": Raw(4),
        "layer_types": Raw(None),
        "use_sliding_window": Raw(False),
        "sliding_window": Raw(None),
        **free("max_window_layers", "pretraining_tp"),
    },
    derive=derive,
)
