"""Which stored tensor is which table of words: a checkpoint of an encoder-decoder may hold one for three uses.

The source's words, the target's words and the scores may be one matrix; a file then holds it under any of four names,
and often under several. What `transformers` does is done here: a use that has a tensor of its own has that, even where
config.json says that it shares another's.
"""

from typing import Any

import numpy as np

from jaxneuron_models.hub_folder import StoredTensor

SHARED = "shared.weight"
OWN = {
    "encoder.word": "encoder.embed_tokens.weight",
    "decoder.word": "decoder.embed_tokens.weight",
    "head.scores": "lm_head.weight",
}


POSITIONS = ("encoder.embed_positions.weight", "decoder.embed_positions.weight")


def place(stored: dict[str, StoredTensor], fields: dict[str, Any]) -> dict[str, str]:
    """Return where each table is, as `stored_weights.fill` reads it: our names -> theirs.

    Args:
        stored: the checkpoint; of names for one table, those that are not read are taken out.
        fields: of `EncoderDecoderConfig`, as config.json has them; `shared`, `tied`, and whether a bias of the
            scores and sines for positions are stored, become what the weights say.
    """
    language = fields["head"] == "language"
    tied, shared = fields["tied"], fields.get("shared", True)
    rings = [[SHARED, *OWN.values()]] if shared else [[OWN["encoder.word"]], [OWN["decoder.word"], OWN["head.scores"]]]
    places = {}
    for ours, theirs in OWN.items():
        ring = next(ring for ring in rings if theirs in ring) if tied else []
        places[ours] = next((name for name in (theirs, *ring) if name in stored), theirs)
    fields["shared"] = shared and _same(stored, places["encoder.word"], places["decoder.word"])
    fields["tied"] = language and _same(stored, places["decoder.word"], places["head.scores"])
    read = {places["encoder.word"]}
    read |= set() if fields["shared"] else {places["decoder.word"]}
    read |= set() if fields["tied"] or not language else {places["head.scores"]}
    beside = set() if language else {OWN["head.scores"]}  # a head that was left out is noticed, as everywhere
    for name in {name for ring in rings for name in ring} - read - beside:
        stored.pop(name, None)
    if language:
        fields["head_bias"] = "final_logits_bias" in stored
    if fields["positions"] == "sinusoidal" and any(name in stored for name in POSITIONS):
        fields["positions"] = "learned"  # some files hold the sines, and whatever they hold is read
    table = {ours: theirs for ours, theirs in places.items() if ours != "head.scores"}
    return table | ({"head.scores": places["head.scores"].removesuffix(".weight")} if language else {})


def _same(stored: dict[str, StoredTensor], one: str, other: str) -> bool:
    if one == other:
        return True
    return one in stored and other in stored and np.array_equal(stored[one].read(), stored[other].read())
