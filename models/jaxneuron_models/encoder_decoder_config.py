"""What separates Marian, BART and T5, as a line each."""

from dataclasses import dataclass

from jaxneuron_models.activations import ACTIVATIONS


@dataclass(frozen=True)
class EncoderDecoderConfig:
    """The architecture of an encoder-decoder; the defaults are a small Marian."""

    vocabulary: int
    target_vocabulary: int = 0  # 0: as many as `vocabulary`
    width: int = 256
    encoder_blocks: int = 4
    decoder_blocks: int = 0  # 0: as many as the encoder's; so also of heads and hidden units
    encoder_heads: int = 4
    decoder_heads: int = 0
    head_width: int = 0  # 0: width / heads
    encoder_hidden: int = 0  # units between the two products of an MLP; 0: 4 width
    decoder_hidden: int = 0
    activation: str = "silu"  # see `activations.ACTIVATIONS`
    gated: bool = False  # activation(gate x) * (up x)
    norm: str = "layer"  # layer | rms
    norm_first: bool = False  # pre-norm, with a norm after the last block; otherwise post-norm
    epsilon: float = 1e-5
    positions: str = "sinusoidal"  # sinusoidal | learned | relative (to the word that looks, in buckets)
    longest: int = 512  # rows of the position table; no bound where positions are relative
    first_position: int = 0  # 2 in BART
    buckets: int = 32  # of distances
    farthest: int = 128  # from here on, one bucket
    embedding_scaled: bool = False  # the words' vectors are multiplied by the root of the width
    embedding_norm: bool = False
    bias: bool = True  # of attention and MLP
    attention_scale: float = 0.0  # of the products of queries and keys; 0: 1 / sqrt(head_width)
    head: str = "language"  # none | language (a score per word) | labels (of each word of the target) | last (word)
    labels: int = 0  # outputs of a head that is not "language"
    head_transform: str = ""  # a dense layer with this activation before the head
    head_scaled: bool = False  # what a language head reads is divided by the root of the width
    head_bias: bool = False
    tied: bool = True  # the language head is the target's word table
    shared: bool = True  # both texts have one word table

    def __post_init__(self):
        for name, default in {
            "target_vocabulary": self.vocabulary,
            "encoder_hidden": 4 * self.width,
            "decoder_hidden": self.encoder_hidden or 4 * self.width,
            "decoder_blocks": self.encoder_blocks,
            "decoder_heads": self.encoder_heads,
        }.items():
            object.__setattr__(self, name, getattr(self, name) or default)
        for name, known in {
            "activation": ACTIVATIONS,
            "head_transform": ("", *ACTIVATIONS),
            "norm": ("layer", "rms"),
            "positions": ("sinusoidal", "learned", "relative"),
            "head": ("none", "language", "labels", "last"),
        }.items():
            if getattr(self, name) not in known:
                raise ValueError(f"the {name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        for heads in (self.encoder_heads, self.decoder_heads):
            if not self.head_width and self.width % heads:
                raise ValueError(f"a width of {self.width} can't be split into {heads} heads; state `head_width`")
        if self.shared and self.target_vocabulary != self.vocabulary:
            raise ValueError(
                f"texts of {self.vocabulary} and {self.target_vocabulary} words can't share a table; set `shared=False`"
            )
        if self.positions == "relative" and (self.buckets < 4 or self.farthest <= self.buckets // 2):
            raise ValueError(
                f"{self.buckets} buckets up to a distance of {self.farthest} are no scale; expected at least 4, and a "
                "distance of more than half as many"
            )

    @property
    def window(self) -> int | None:
        """Words that can be read at once of either text; None: any number."""
        return None if self.positions == "relative" else self.longest - self.first_position
