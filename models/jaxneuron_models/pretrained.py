"""Read a Hugging Face checkpoint into our transformer, without torch: right, or refused by the name of what is wrong.

A checkpoint is a folder with `config.json`, `*.safetensors` and `tokenizer.json`, on disk or on the hub. What each
setting means and which tensor goes where is in `architectures`; a setting that is not known, a tensor that is missing,
and one that nobody asked for, are errors that name it.
"""

import json
import re
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

from jaxneuron.types import Site, Vocabulary
from jaxneuron_models import encoder_decoder, hub_folder, transformer, transformer_step, word_tables
from jaxneuron_models.architectures import ARCHITECTURES
from jaxneuron_models.architectures.architecture import BLOCKS, Architecture, StoredHead
from jaxneuron_models.architectures.settings import Settings, read, said
from jaxneuron_models.encoder_decoder_writing import rules
from jaxneuron_models.hub_folder import StoredTensor
from jaxneuron_models.model import Model
from jaxneuron_models.stored_weights import belongs, fill

BODY = StoredHead({"head": "none"}, {})

HIDDEN = ("[MASK]", "<mask>")
"""What a tokenizer calls a hidden word."""


def load(source: Path | str, *, dtype: Any = jnp.float32, head: str = "") -> Model:
    """Load a checkpoint from a folder or from the hub.

    A language head that config.json ties to the word table, though the weights hold another matrix for it, is the
    stored matrix (as in `transformers`); `config.tied` of the result is then false. A padding word that the tokenizer
    has and the model has not is taken out of the tokenizer.

    Args:
        source: a folder, or the hub's name of a model, such as `"google-bert/bert-base-uncased"`.
        dtype: of the weights, and so of all that is computed; float32 or bfloat16.
        head: the class of `transformers`, or the end of its name, whose head the weights hold, such as
            `"ForMaskedLM"`; `"Model"` leaves any head out. By default what config.json says, or, where it says
            nothing, what the weights hold.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: an architecture or a setting that is not supported, a damaged file, or a tensor that is missing,
            left over, quantised, not finite or of another shape than expected.
    """
    folder = hub_folder.fetch(source)
    described = hub_folder.described(folder)
    family = _family(described, folder)
    architecture = ARCHITECTURES[family]
    try:
        settings = read(described, architecture.settings, architecture.aliases)
        derived = architecture.derive(settings.raw)
    except ValueError as error:
        raise ValueError(f"{folder / 'config.json'} {error}") from error
    stored = _stored(architecture, hub_folder.tensors(folder), folder)
    fields: dict[str, Any] = architecture.fields | settings.fields | derived
    chosen = _head(architecture, family, described, head, fields["tied"], stored, folder)
    labels = _labels(settings, chosen, folder)
    fields |= {"labels": len(labels)} | chosen.fields
    try:
        fields |= chosen.derive(settings.raw)
    except ValueError as error:
        raise ValueError(f"{folder / 'config.json'} {error}") from error
    if fields.get("head_transform") == BLOCKS:
        fields["head_transform"] = fields["activation"]
    spare = {name for other in architecture.heads.values() for name in stored if head and belongs(name, other)}
    table = architecture.tensors | chosen.tensors
    if architecture.two_texts:
        table |= word_tables.place(stored, fields)
    elif fields["head"] == "language" and fields["tied"]:
        own, word = f"{chosen.tensors['head.scores']}.weight", str(architecture.tensors["word"])
        fields["tied"] = _same(stored, own, word)
        spare |= {own} if fields["tied"] else set()
    kind: Any = encoder_decoder if architecture.two_texts else transformer
    of_kind = encoder_decoder.EncoderDecoderConfig if architecture.two_texts else transformer.TransformerConfig
    try:
        config = of_kind(**fields)
    except ValueError as error:
        raise ValueError(f"{folder / 'config.json'}: {error}") from error
    forward, _ = kind.build(config)
    params = fill(architecture, table, config, forward.shapes, stored, spare, dtype, folder)
    tokenizer = _tokenizer(folder, config, described)
    writing = rules(described | hub_folder.generation(folder)) if architecture.two_texts else None
    vocabulary = _vocabulary(tokenizer, config)
    model = Model(
        forward,
        params,
        vocabulary,
        _linear(config),
        config,
        tokenizer=tokenizer,
        symbol="piece",
        window=config.window,
        packed=not architecture.two_texts,
        head=_gives(config, labels, two_texts=architecture.two_texts),
        scores=None if config.head == "none" else "logits",
        labels=labels,
        hidden=next((id for word in HIDDEN if (id := tokenizer.token_to_id(word)) is not None), None),
        writing=writing,
        source=str(source),
    )
    return model if architecture.two_texts else transformer_step.reading_on(model)


def _gives(config: Any, labels: tuple[str, ...], *, two_texts: bool) -> str:
    """Return what the head's scores are of; see `model.HEADS`."""
    if config.head == "language":
        return "next word" if two_texts or config.causal else "masked word"
    if config.head == "labels":
        return "span" if labels == ("start", "end") else "token label"
    return "none" if config.head == "none" else "text label"


def _family(described: dict[str, Any], folder: Path) -> str:
    """Return the family; a file that does not name it (Google's own) is told by the prefix of its tensors."""
    family = described.get("model_type")
    if family is None:
        names = hub_folder.tensors(folder)
        named = [family for family in ARCHITECTURES if any(name.startswith(f"{family}.") for name in names)]
        if len(named) == 1:
            return named[0]
    if not isinstance(family, str) or family not in ARCHITECTURES:
        found = f"the architecture {family!r} is not supported; it" if family else "'model_type' in config.json"
        raise ValueError(f"{folder}: {found} must be one of {', '.join(ARCHITECTURES)}")
    return family


def _stored(architecture: Architecture, tensors: dict[str, StoredTensor], folder: Path) -> dict[str, StoredTensor]:
    """Return the tensors by the names that the body alone would have, in today's spelling."""
    stored: dict[str, StoredTensor] = {}
    for name, tensor in tensors.items():
        plain = name
        for prefix in architecture.prefixes:
            plain = plain.removeprefix(prefix)
        plain = plain.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        for pattern, renamed in architecture.renamed.items():
            plain = re.sub(pattern, renamed, plain)
        if plain in stored:
            raise ValueError(f"{folder}: the tensor {plain!r} is stored twice, as {stored[plain].name!r} and {name!r}")
        stored[plain] = tensor
    for name, other in architecture.instead.items():
        pattern = re.escape(other).replace(r"\{n\}", r"(\d+)")
        for match in [match for held in stored if (match := re.fullmatch(pattern, held))]:
            wanted = name.replace("{n}", "".join(match.groups()))
            if wanted not in stored:
                stored[wanted] = stored.pop(match.string)
    return stored


def _head(
    architecture: Architecture,
    family: str,
    described: dict[str, Any],
    asked: str,
    tied: bool,
    stored: dict[str, StoredTensor],
    folder: Path,
) -> StoredHead:
    """Return the head: as asked for, or as config.json says, or as the weights are."""
    named = asked or next(iter(described.get("architectures") or []), "")
    heads = architecture.heads
    if named:
        ending = next((ending for ending in heads if named.endswith(ending)), "")
        if not ending and named.lower() not in ("model", re.sub("[_-]", "", family) + "model"):
            raise ValueError(
                f"{folder}: the head of {named} is not supported; a {family} may end in {', '.join(heads)} or Model; "
                "choose one of them with head= (--head)"
            )
        return heads.get(ending, BODY)
    held = {ending: one for ending, one in heads.items() if _held(one, tied, stored)}
    if any(one != first for first in held.values() for one in held.values()):
        raise ValueError(
            f'{folder}: config.json names no class ("architectures"), and the weights may be those of '
            f"{', '.join(held)}; choose one with head= (--head)"
        )
    return next(iter(held.values()), BODY)


def _held(head: StoredHead, tied: bool, stored: dict[str, StoredTensor]) -> bool:
    """Return whether all that a head needs is stored."""
    language = head.fields["head"] == "language"
    spare = ("head.scores" if tied else "head.bias") if language and len(head.tensors) > 1 else ""
    needed = [theirs for ours, theirs in head.tensors.items() if ours != spare]
    return all(theirs in stored or f"{theirs}.weight" in stored for theirs in needed)


def _labels(settings: Settings, head: StoredHead, folder: Path) -> tuple[str, ...]:
    """Return the names of the head's outputs."""
    if head.fields["head"] in ("none", "language"):
        return ()
    if head.labels:
        return head.labels
    names, count = settings.raw["id2label"], settings.raw["num_labels"]
    try:
        names = names or {str(number): f"LABEL_{number}" for number in range(2 if count is None else count)}
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{folder / 'config.json'} sets {said('id2label', names)} and {said('num_labels', count)}; expected "
            "numbers and their names, and a whole number"
        ) from error


def _same(stored: dict[str, StoredTensor], own: str, word: str) -> bool:
    """Return whether a tied head is the word table: not where the file holds another matrix for it."""
    if own not in stored:
        return True
    if word not in stored:  # either may be left out
        stored[word] = stored.pop(own)
        return True
    return np.array_equal(stored[own].read(), stored[word].read())


def _tokenizer(folder: Path, config: Any, described: dict[str, Any]) -> Tokenizer:
    """Return the tokenizer, whose ids all are rows of the word table."""
    tokenizer = hub_folder.tokenizer(folder)
    beyond = {word: number for word, number in tokenizer.get_vocab().items() if number >= config.vocabulary}
    padding = {(tokenizer.padding or {}).get("pad_token"), described.get("pad_token_id")}
    if len(beyond) == 1 and any("pad" in word.lower() or {word, number} & padding for word, number in beyond.items()):
        without = json.loads(tokenizer.to_str())
        without["added_tokens"] = [token for token in without["added_tokens"] if token["id"] < config.vocabulary]
        tokenizer = Tokenizer.from_str(json.dumps(without | {"padding": None}))
    words = tokenizer.get_vocab()
    if words and max(words.values()) >= config.vocabulary:
        raise ValueError(
            f"{folder}: the tokenizer has ids up to {max(words.values())}, the model {config.vocabulary} words; "
            "use the tokenizer.json that was saved with these weights"
        )
    tokenizer.no_padding()  # some checkpoints set both, for their own use
    tokenizer.no_truncation()
    return tokenizer


def _vocabulary(tokenizer: Tokenizer, config: Any) -> Vocabulary:
    by_id = {number: word for word, number in tokenizer.get_vocab().items()}
    return Vocabulary(
        tuple(by_id.get(number, f"<{number}>") for number in range(config.vocabulary)),
        np.zeros(config.vocabulary, np.int64),
    )


def _linear(config: Any) -> dict[Site, Site]:
    """Return the sites that are affine functions of another one."""
    two_texts = isinstance(config, encoder_decoder.EncoderDecoderConfig)
    side, blocks = ("decoder/", config.decoder_blocks) if two_texts else ("", config.blocks)
    last = f"{side}final" if config.norm_first else f"{side}block{blocks - 1}/residual"
    capped = not two_texts and config.head_cap
    plain = config.head in ("language", "labels") and not config.head_transform and not capped
    return {"logits": last} if plain else {}
