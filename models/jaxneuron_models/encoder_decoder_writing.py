"""What an encoder-decoder writes for a source, from the word it starts with to the one it ends with, under any edits.

The rules of a published checkpoint are in its generation_config.json, in earlier ones in config.json: the words that a
text begins and ends with, and those that are never written. They are kept as `transformers` keeps them. Length,
temperature and beams are the caller's choice, and there is one beam.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxneuron.intervene import Sampling, Written, generate
from jaxneuron.types import Activations, Edit, Params, Site, Tokens
from jaxneuron_models import encoder_decoder_step
from jaxneuron_models.architectures.settings import said
from jaxneuron_models.encoder_decoder import EncoderDecoderPrediction
from jaxneuron_models.encoder_decoder_config import EncoderDecoderConfig

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "repetition_penalty": (1,),
    "encoder_repetition_penalty": (1,),
    "no_repeat_ngram_size": (0,),
    "encoder_no_repeat_ngram_size": (0,),
    "min_length": (0, 1),  # the word that the decoder starts from is one
    "min_new_tokens": (0,),
    "begin_suppress_tokens": (),
    "exponential_decay_length_penalty": (),
    "forced_decoder_ids": (),
    "sequence_bias": (),
    "guidance_scale": (1,),
    "force_words_ids": (),
    "constraints": (),
    "stop_strings": (),
    "max_time": (),
    "watermarking_config": (),
    "force_bos_token_to_be_generated": (),
}
"""Rules that change what is written and are not kept here, and the values with which they change nothing."""


class Writing(NamedTuple):
    """The words that a text begins and ends with."""

    start: int | None  # the word that the decoder starts from
    first: int | None = None  # what is always written first
    end: int | None = None  # a text stops after it
    last: int | None = None  # what stands at the end of a text that is cut for its length
    never: tuple[int, ...] = ()  # words that are not written
    other: tuple[str, ...] = ()  # rules of the checkpoint that are not kept here: `write` refuses them by name


def rules(described: Mapping[str, Any]) -> Writing:
    """Return what the settings of a checkpoint say about writing.

    Args:
        described: config.json and, over it, generation_config.json.

    Example:
        >>> rules({"decoder_start_token_id": 7, "eos_token_id": 0, "bad_words_ids": [[7]], "no_repeat_ngram_size": 3})
        Writing(start=7, first=None, end=0, last=None, never=(7,), other=("'no_repeat_ngram_size' to 3",))
    """
    other = [
        said(key, described[key])
        for key, neutral in NEUTRAL.items()
        if described.get(key) not in (None, [], {}, False, *neutral)
    ]

    def one(key: str) -> int | None:
        value = described.get(key)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None or type(value) is int:
            return value
        other.append(said(key, value))
        return None

    start = one("decoder_start_token_id")
    start = one("bos_token_id") if start is None else start
    first, end, last = (one(key) for key in ("forced_bos_token_id", "eos_token_id", "forced_eos_token_id"))
    words = described.get("bad_words_ids") or []
    if any(len(word) > 1 for word in words):
        other.append(said("bad_words_ids", words))
    never = {word[0] for word in words if len(word) == 1} - {end} | set(described.get("suppress_tokens") or ())
    return Writing(start, first, end, last, tuple(sorted(never)), tuple(other))


def write(
    key: Array,
    config: EncoderDecoderConfig,
    params: Params,
    writing: Writing,
    source: Tokens,
    edits: Mapping[Site, Edit] | None = None,
    *,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> Written:
    """Read each source and write a text for it.

    Args:
        key: one key; a text is the same whatever is written beside it.
        config: the architecture.
        params: the weights.
        writing: the rules, such as `pretrained.load(...).writing`.
        source: `[batch time]`.
        edits: of any sites, the encoder's and the decoder's.
        length: words to write at most, beside the one that the decoder starts from.
        temperature: divides the scores; 0 takes the likeliest word.
        top_k: draw among so many of the likeliest; by default among all.

    Returns:
        Arrays `[batch time]` of `length` words after the one that the decoder starts from.

    Raises:
        ValueError: an option out of range, a source that the model can't read, no word to start from, or rules that are
            not kept here.
        KeyError: an edit for a site that the model does not have.
    """
    if writing.other:
        raise ValueError(
            f"the checkpoint sets {', '.join(writing.other)}, which is not kept here; to write without, give "
            "`writing._replace(other=())`"
        )
    if writing.start is None:
        raise ValueError("no word to start from is known; give `writing._replace(start=...)`, often the padding word")
    begins = [writing.start] if writing.first is None else [writing.start, writing.first]
    drawn = length + 1 - len(begins)
    if drawn < 1:
        raise ValueError(f"expected a length of at least {len(begins)} words, got {length}")
    edits = dict(edits or {})
    of_encoder = {site: edit for site, edit in edits.items() if site.startswith("encoder/")}
    step = encoder_decoder_step.build(config)
    _, state = step.begin(params, source, length, of_encoder)
    prompt = np.tile(begins, (len(source.mask), 1))
    read = jax.tree_util.Partial(_without, jnp.asarray(writing.never, jnp.int32))
    found = generate.intervene(
        key,
        step,
        params,
        state,
        Tokens(prompt, np.ones(prompt.shape, bool)),
        {site: edit for site, edit in edits.items() if site not in of_encoder},
        sampling=Sampling(drawn, temperature, top_k, writing.end, read),
    )
    return found if writing.last is None else _closed(found, writing.last)


def _without(never: Array, output: EncoderDecoderPrediction, activations: Activations) -> Array:
    """Return the scores of the next word, of some words none."""
    if output.logits is None:
        raise ValueError("this model has no head, so it writes nothing; load it with its head")
    return output.logits.at[..., never].set(-jnp.inf)


def _closed(written: Written, last: int) -> Written:
    """Return texts of which those that were cut for their length end in a certain word."""
    ids, nats = np.array(written.tokens.ids), np.array(written.log_probability)
    cut = np.asarray(written.sampled)[:, -1]
    ids[cut, -1], nats[cut, -1] = last, 0.0  # it is certain
    return Written(Tokens(ids, written.tokens.mask), written.sampled, nats)
