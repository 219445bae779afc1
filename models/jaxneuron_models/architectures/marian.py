"""Marian (Junczys-Dowmunt et al. 2018, arXiv 1804.00344), the translation models of OPUS-MT."""

from typing import Any

from jaxneuron_models.architectures import bart
from jaxneuron_models.architectures.architecture import Architecture
from jaxneuron_models.architectures.settings import Field, Free, Only, Raw, Rule, said

SETTINGS: dict[str, Rule] = {
    **bart.SETTINGS,
    "vocab_size": Field("vocabulary", 58_101),
    "decoder_vocab_size": Raw(None),
    "share_encoder_decoder_embeddings": Raw(True),
    "max_position_embeddings": Field("longest", 1024),
    "num_labels": Raw(None),
    "normalize_embedding": Only(False),
    "static_position_embeddings": Only(True),
    "extra_pos_embeddings": Free(),
}


def derive(values: dict[str, Any]) -> dict[str, Any]:
    """Return whether both texts have one vocabulary, or else the size of the target's.

    Raises:
        ValueError: a size that is no whole number.
    """
    size = values["decoder_vocab_size"]
    if size is not None and (type(size) is not int or size < 0):
        raise ValueError(f"sets {said('decoder_vocab_size', size)}; expected a whole number, or null")
    shared = values["share_encoder_decoder_embeddings"]
    return {"shared": shared, "target_vocabulary": 0 if shared else size or 0}


ARCHITECTURE = Architecture(
    two_texts=True,
    prefixes=("model.",),
    settings=SETTINGS,
    fields={"positions": "sinusoidal"},
    tensors=bart.tensors({"position": "embed_positions.weight"}),
    heads={"MTModel": bart.WORDS},
    derive=derive,
    aliases=bart.ALIASES,
)
