"""GPT-Neo (Black et al. 2021) and TinyStories (Eldan and Li 2023, arXiv 2305.07759): blocks that look far and near."""

from typing import Any

from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead
from jaxneuron_models.architectures.settings import Field, Raw, activation, free, optional, said


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return how far each block looks.

    Raises:
        ValueError: kinds of attention that do not fit the blocks.
    """
    kinds = values["attention_layers"]
    if kinds is None:
        try:
            kinds = [kind for every, times in values["attention_types"] for _ in range(times) for kind in every]
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"sets {said('attention_types', values['attention_types'])}; expected kinds and how often they follow "
                'each other, such as [[["global", "local"], 12]]'
            ) from error
    known = isinstance(kinds, list) and all(kind in ("global", "local") for kind in kinds)
    if not known or len(kinds) != values["num_layers"]:
        name = "attention_types" if values["attention_layers"] is None else "attention_layers"
        raise ValueError(
            f"sets {said(name, values[name])}; expected 'global' or 'local' for each of {values['num_layers']} blocks"
        )
    if "local" not in kinds:
        return {"local": ()}
    if values["window_size"] < 1:
        raise ValueError(f"sets {said('window_size', values['window_size'])}; expected a number of at least 1")
    return {"local": tuple(values["window_size"] if kind == "local" else 0 for kind in kinds)}


ARCHITECTURE = Architecture(
    prefixes=("transformer.",),
    settings={
        "vocab_size": Field("vocabulary", 50_257),
        "hidden_size": Field("width", 2048),
        "num_layers": Field("blocks", 24),
        "num_heads": Field("heads", 16),
        "intermediate_size": optional("hidden"),
        "activation_function": activation("gelu_new"),
        "layer_norm_epsilon": Field("epsilon", 1e-5),
        "max_position_embeddings": Field("longest", 2048),
        "tie_word_embeddings": Field("tied", True),
        "attention_types": Raw([[["global", "local"], 12]]),
        "attention_layers": Raw(None),
        "window_size": Raw(256),
        **free("resid_dropout", "embed_dropout", "is_causal"),  # no word sees those after it, whatever the last says
        # of heads that are not read, and names of earlier versions
        **free("summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels"),
        **free("summary_first_dropout"),
    },
    fields={"attention_scale": 1.0, "attention_bias": False, "output_bias": True},
    tensors={
        "block{n}.attention.query": "h.{n}.attn.attention.q_proj",
        "block{n}.attention.key": "h.{n}.attn.attention.k_proj",
        "block{n}.attention.value": "h.{n}.attn.attention.v_proj",
        "block{n}.attention.output": "h.{n}.attn.attention.out_proj",
        "block{n}.attention_norm": "h.{n}.ln_1",
        "block{n}.up": "h.{n}.mlp.c_fc",
        "block{n}.down": "h.{n}.mlp.c_proj",
        "block{n}.mlp_norm": "h.{n}.ln_2",
        "word": "wte.weight",
        "position": "wpe.weight",
        "final_norm": "ln_f",
    },
    heads={
        "ForCausalLM": StoredHead(LANGUAGE, {"head.scores": "lm_head"}),
        "ForSequenceClassification": LAST,
        **LABELS,
    },
    derive=derive,
    aliases={"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers"},
    unused=(r"h\.\d+\.attn\.attention\.(bias|masked_bias)",),
)
