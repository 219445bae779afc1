"""GPT-J (Wang and Komatsuzaki 2021): attention and MLP side by side, behind one norm; heads turned in part."""

import math
from typing import Any

from jaxneuron_models.architectures.architecture import LABELS, LANGUAGE, LAST, Architecture, StoredHead
from jaxneuron_models.architectures.settings import Field, Raw, activation, free, optional, said


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return the share of each head's units that are turned.

    Raises:
        ValueError: an odd number of units, or more than a head has.
    """
    turned, unit = values["rotary_dim"], values["n_embd"] // values["n_head"]
    if turned % 2 or not 0 < turned <= unit:
        raise ValueError(f"sets {said('rotary_dim', turned)}; expected an even number, at most the {unit} of a head")
    return {"rotary_share": math.nextafter(turned / unit, 1.0)}  # so that it gives `turned` again, not one less


ARCHITECTURE = Architecture(
    prefixes=("transformer.",),
    settings={
        "vocab_size": Field("vocabulary", 50_400),
        "n_embd": Field("width", 4096),
        "n_layer": Field("blocks", 28),
        "n_head": Field("heads", 16),
        "n_inner": optional("hidden"),
        "activation_function": activation("gelu_new"),
        "layer_norm_epsilon": Field("epsilon", 1e-5),
        "n_positions": Field("longest", 2048),
        "tie_word_embeddings": Field("tied", False),
        "is_causal": Field("causal", True),
        "rotary_dim": Raw(64),
        **free("embd_pdrop", "attn_pdrop", "resid_pdrop"),
        # what `transformers` reads no more
        **free("rotary", "scale_attn_weights", "n_ctx", "summary_type", "summary_use_proj", "summary_activation"),
        **free("summary_proj_to_labels", "summary_first_dropout"),
    },
    fields={"positions": "rotary", "parallel": True, "one_norm": True, "attention_bias": False},
    tensors={
        "block{n}.attention.query": "h.{n}.attn.q_proj",
        "block{n}.attention.key": "h.{n}.attn.k_proj",
        "block{n}.attention.value": "h.{n}.attn.v_proj",
        "block{n}.attention.output": "h.{n}.attn.out_proj",
        "block{n}.attention_norm": "h.{n}.ln_1",
        "block{n}.up": "h.{n}.mlp.fc_in",
        "block{n}.down": "h.{n}.mlp.fc_out",
        "word": "wte.weight",
        "final_norm": "ln_f",
    },
    heads={
        "ForCausalLM": StoredHead(
            LANGUAGE | {"head_bias": True}, {"head.scores": "lm_head", "head.bias": "lm_head.bias"}
        ),
        "ForSequenceClassification": LAST,
        "ForQuestionAnswering": LABELS["ForQuestionAnswering"],
    },
    derive=derive,
    aliases={
        "max_position_embeddings": "n_positions",
        "hidden_size": "n_embd",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
    },
    interleaved=True,
    unused=(r"h\.\d+\.attn\.(bias|masked_bias|embed_positions)",),
)
