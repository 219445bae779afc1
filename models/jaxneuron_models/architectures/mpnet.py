"""MPNet (Song et al. 2020, arXiv 2004.09297): RoBERTa's body, whose blocks share a bias for each distance of words."""

from jaxneuron_models.architectures import bert, roberta
from jaxneuron_models.architectures.architecture import POST_NORM, Architecture
from jaxneuron_models.architectures.settings import Field, Only, activation, free
from jaxneuron_models.relative import Biases

BUCKETS = 32

ARCHITECTURE = Architecture(
    prefixes=("mpnet.",),
    settings={
        "vocab_size": Field("vocabulary", 30_527),
        "hidden_size": Field("width", 768),
        "num_hidden_layers": Field("blocks", 12),
        "num_attention_heads": Field("heads", 12),
        "intermediate_size": Field("hidden", 3072),
        "hidden_act": activation("gelu"),
        "max_position_embeddings": Field("longest", 512),
        "layer_norm_eps": Field("epsilon", 1e-12),
        "tie_word_embeddings": Field("tied", True),
        "relative_attention_num_buckets": Only(BUCKETS),  # `transformers` counts to 32 whatever the file says
        **free("hidden_dropout_prob", "attention_probs_dropout_prob"),
    },
    # the first position follows that of the word 1, whichever word is the padding
    fields=POST_NORM | {"causal": False, "first_position": 2, "relative": Biases(BUCKETS)},
    tensors={name: theirs for name, theirs in bert.TENSORS.items() if name != "type"}
    | {
        "block{n}.attention.query": "encoder.layer.{n}.attention.attn.q",
        "block{n}.attention.key": "encoder.layer.{n}.attention.attn.k",
        "block{n}.attention.value": "encoder.layer.{n}.attention.attn.v",
        "block{n}.attention.output": "encoder.layer.{n}.attention.attn.o",
        "block{n}.attention_norm": "encoder.layer.{n}.attention.LayerNorm",
        "relative": "encoder.relative_attention_bias.weight",
    },
    heads={ending: head for ending, head in roberta.ARCHITECTURE.heads.items() if ending != "ForCausalLM"},
    instead=roberta.ARCHITECTURE.instead,
    unused=(*bert.UNUSED, r"lm_head\.bias"),
)
