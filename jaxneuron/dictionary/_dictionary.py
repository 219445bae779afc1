"""The dictionary itself: its numbers, and the two maps between an activation and its codes."""

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.dictionary._highest import highest
from jaxneuron.types import Site

KINDS = ("relu", "topk", "jumprelu")
"""Which features are active: those above 0; of these the k highest; or those above a threshold of their own."""

NORMALISED = ("none", "constant_norm_rescale", "layer_norm")
"""What is done to an activation before it is read, and undone after: nothing, scaled to the norm sqrt(units), or freed
of its mean and divided by its standard deviation. The names are SAELens's."""

LAYER_NORM_EPS = 1e-5
"""SAELens's."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Dictionary:
    """Directions of an activation, and how to tell which are there."""

    encoder: Any  # [unit, feature]
    encoder_bias: Any  # [feature]
    decoder: Any  # [feature, output]
    decoder_bias: Any  # [output]
    threshold: Any = None  # [feature], of the kind "jumprelu"
    skip: Any = None  # [unit, output]: a transcoder's straight way from input to output; None: there is none
    kind: str = field(default="topk", metadata={"static": True})  # see KINDS
    k: int = field(default=0, metadata={"static": True})  # features that are active at most, of the kind "topk"
    centred: bool = field(default=True, metadata={"static": True})  # the decoder's bias is taken off before reading
    normalised: str = field(default="none", metadata={"static": True})  # see NORMALISED
    site: Site = field(default="", metadata={"static": True})  # what it reads; "": not said
    output: Site = field(default="", metadata={"static": True})  # what it writes; "": the same

    @property
    def features(self) -> int:
        """How many features there are."""
        return self.decoder.shape[0]

    @property
    def written(self) -> Site:
        """The site that the features write to."""
        return self.output or self.site


def check(dictionary: Dictionary) -> None:
    """Raise a ValueError if a dictionary's parts do not fit each other.

    Example:
        >>> check(Dictionary(jnp.zeros((2, 3)), jnp.zeros(3), jnp.zeros((3, 2)), jnp.zeros(2), k=4))
        Traceback (most recent call last):
        ValueError: a dictionary of the kind 'topk' with 3 features needs k from 1 to 3, got 4
    """
    encoder, decoder = jnp.shape(dictionary.encoder), jnp.shape(dictionary.decoder)
    if len(encoder) != 2 or len(decoder) != 2 or encoder[1] != decoder[0]:
        raise ValueError(
            f"expected an encoder [unit, feature] and a decoder [feature, output], got the shapes {encoder}, {decoder}"
        )
    features = decoder[0]
    wanted = {
        "encoder_bias": (features,),
        "decoder_bias": (decoder[1],),
        "threshold": (features,) if dictionary.kind == "jumprelu" else None,
        "skip": None if dictionary.skip is None else (encoder[0], decoder[1]),
    }
    for name, shape in wanted.items():
        part = getattr(dictionary, name)
        given = None if part is None else jnp.shape(part)
        if given != shape:
            raise ValueError(f"a dictionary of {features} features expected {name} of the shape {shape}, got {given}")
    if dictionary.kind not in KINDS:
        raise ValueError(f"expected a dictionary of the kind {', '.join(KINDS)}, got {dictionary.kind!r}")
    if dictionary.kind == "topk" and not 1 <= dictionary.k <= features:
        raise ValueError(
            f"a dictionary of the kind 'topk' with {features} features needs k from 1 to {features}, got {dictionary.k}"
        )
    if dictionary.normalised not in NORMALISED:
        raise ValueError(f"expected normalised to be {', '.join(NORMALISED)}, got {dictionary.normalised!r}")
    if dictionary.output and (dictionary.centred or dictionary.normalised != "none"):
        raise ValueError(
            "a transcoder reads its input as it is: give centred=False and normalised='none'; its decoder's bias and "
            "scale are those of another site"
        )


def encode(dictionary: Dictionary, value: Float[Array, "*batch unit"]) -> Float[Array, "*batch feature"]:
    """Return how much of each feature is in an activation: 0 for those that are not active.

    Args:
        dictionary: the dictionary.
        value: the activation that it reads.

    Example:
        >>> both = Dictionary(jnp.array([[1.0, -1.0]]), jnp.zeros(2), jnp.array([[1.0], [-1.0]]), jnp.zeros(1), k=1)
        >>> encode(both, jnp.array([[3.0], [-2.0]])).tolist()
        [[3.0, 0.0], [0.0, 2.0]]
    """
    read = _read(dictionary, value)
    before = _plus(read @ dictionary.encoder, dictionary.encoder_bias)
    codes = jax.nn.relu(before)
    if dictionary.kind == "topk" and dictionary.k < before.shape[-1]:
        return jnp.where(highest(before, dictionary.k), codes, 0)
    if dictionary.kind == "jumprelu":
        return jnp.where(before > jnp.broadcast_to(jax.nn.relu(dictionary.threshold), before.shape), codes, 0)
    return codes


def decode(
    dictionary: Dictionary, codes: Float[Array, "*batch feature"], value: Float[Array, "*batch unit"] | None = None
) -> Float[Array, "*batch output"]:
    """Return the activation that codes stand for.

    Args:
        dictionary: the dictionary.
        codes: how much there is of each feature.
        value: what was read, for dictionaries that scale it, or have a way past the features.

    Raises:
        ValueError: the activation is needed, and not given.
    """
    written = _plus(codes @ dictionary.decoder, dictionary.decoder_bias)
    if value is None:
        if dictionary.normalised != "none" or dictionary.skip is not None:
            raise ValueError(
                "this dictionary's output depends on the activation that it read, not on the codes alone; give that "
                "activation too: decode(dictionary, codes, value)"
            )
        return written
    if dictionary.skip is not None:
        written = written + value @ dictionary.skip
    middle, _, scale = _scale(dictionary, value)
    return written * scale + middle


def reconstruct(dictionary: Dictionary, value: Float[Array, "*batch unit"]) -> Float[Array, "*batch output"]:
    """Return what a dictionary makes of an activation."""
    return decode(dictionary, encode(dictionary, value), value).astype(value.dtype)


def moved(
    dictionary: Dictionary, change: Float[Array, "*batch feature"], value: Float[Array, "*batch unit"]
) -> Float[Array, "*batch output"]:
    """Return by how much the output moves where the codes of an activation change."""
    return ((change @ dictionary.decoder) * _scale(dictionary, value)[2]).astype(value.dtype)


def _read(dictionary: Dictionary, value: Float[Array, "*batch unit"]) -> Float[Array, "*batch unit"]:
    value = jnp.asarray(value, dictionary.encoder.dtype)
    middle, scale, _ = _scale(dictionary, value)
    value = (value - middle) / scale
    return _plus(value, -dictionary.decoder_bias) if dictionary.centred else value


def _plus(value: Float[Array, "*batch unit"], bias: Float[Array, "unit"]) -> Float[Array, "*batch unit"]:
    return value + jnp.broadcast_to(bias, value.shape)


def _scale(dictionary: Dictionary, value: Float[Array, "*batch unit"]) -> tuple[Any, Any, Any]:
    """Return what is taken off an activation, what the rest is divided by, and what the output is multiplied by."""
    if dictionary.normalised == "constant_norm_rescale":
        scale = jnp.linalg.norm(value, axis=-1, keepdims=True) / value.shape[-1] ** 0.5
        return 0.0, scale, scale
    if dictionary.normalised == "layer_norm":
        middle = value.mean(axis=-1, keepdims=True)
        scale = (value - middle).std(axis=-1, keepdims=True, ddof=1)
        return middle, scale + LAYER_NORM_EPS, scale
    return 0.0, 1.0, 1.0
