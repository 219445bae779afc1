"""What separates BERT, GPT, Llama and their kin, as a line each."""

from dataclasses import dataclass

from jaxneuron_models.activations import ACTIVATIONS
from jaxneuron_models.norms import NORMS
from jaxneuron_models.relative import Biases, Vectors
from jaxneuron_models.rotary import Dynamic, Long, Rotary, Scaling, Yarn


@dataclass(frozen=True)
class TransformerConfig:
    """The architecture; the defaults are a small GPT."""

    vocabulary: int
    width: int = 256
    blocks: int = 4
    heads: int = 4
    key_heads: int = 0  # heads of keys and values, each shared by some of the queries; 0: as many as `heads`
    head_width: int = 0  # 0: width / heads
    hidden: int = 0  # units between the two products of an MLP; 0: 4 width
    activation: str = "gelu_tanh"  # see `activations.ACTIVATIONS`
    gated: bool = False  # activation(gate x) * (up x), as SwiGLU
    causal: bool = True
    norm: str = "layer"  # layer | layer_unbiased | rms | rms_less_one (see `norms.RMSNorm`)
    first_norm: bool = True  # in a pre-norm model: the attention of the first block reads what a norm gives, as others
    norm_first: bool = True  # pre-norm, with a norm after the last block; otherwise post-norm
    parallel: bool = False  # attention and MLP both read the block's input
    epsilon: float = 1e-5
    positions: str = "learned"  # learned | rotary | alibi | none
    longest: int = 512  # rows of the position table
    first_position: int = 0  # 2 in RoBERTa
    relative: Biases | Vectors | None = None  # what attention makes of the distances between words, for all blocks
    rotary_share: float = 1.0  # of each head's units
    rotary_base: float = 10_000.0
    rotary_scaling: Scaling | None = None  # for texts longer than the training's
    unturned: tuple[int, ...] = ()  # numbers of the blocks whose heads are not turned (SmolLM3)
    local: tuple[int, ...] = ()  # how far each block looks, in words, itself counted; 0: at all; empty: all blocks do
    local_base: float = 0.0  # the rotary base, unscaled, of the blocks that look so far only; 0: as the others
    types: int = 0  # rows of the segment table; every token is of type 0, but those of `types.Pairs`
    embedding_width: int = 0  # of words, positions and types, before a product takes them to `width`; 0: no product
    embedding_norm: bool = False
    weights: tuple[str, ...] = ()  # the name of each block's weights: blocks of one name share them; (): each its own
    embedding_scale: float = 1.0  # of the words' vectors
    residual_scale: float = 1.0  # of what attention and MLP add to the stream
    input_norms: bool = True  # in a pre-norm model: of what attention and MLP read
    output_norms: bool = False  # and of what they add (Gemma 2); only of that in OLMo 2
    one_norm: bool = False  # where both read the block's input, they read it through one norm
    query_norm: str = ""  # "" | head | all: of each head's queries and keys, or of those of all heads together
    attention_bias: bool = True
    output_bias: bool | None = None  # of the product that mixes the heads; None: as `attention_bias`
    attention_cap: float = 0.0  # scores become `cap tanh(score / cap)`; 0: they stay
    attention_scale: float = 0.0  # of the products of queries and keys; 0: 1 / sqrt(head_width)
    scale_by_block: bool = False  # and divided by the number of the block, from 1
    mlp_bias: bool = True
    head: str = (
        "language"  # none | language (a score per word) | labels (of each token) | first, last, mean (of a sentence)
    )
    labels: int = 0  # outputs of a head that is not "language"
    head_transform: str = ""  # a dense layer with this activation before the head
    head_transform_bias: bool = True
    head_norm: bool = False  # and a norm after it
    head_bias: bool = False
    head_scale: float = 1.0  # of the language head's scores
    head_cap: float = 0.0  # which then become `cap tanh(score / cap)`
    tied: bool = True  # the language head is the word table

    def __post_init__(self):
        for name, known in {
            "activation": ACTIVATIONS,
            "head_transform": ("", *ACTIVATIONS),
            "norm": NORMS,
            "positions": ("learned", "rotary", "alibi", "none"),
            "query_norm": ("", "head", "all"),
            "head": ("none", "language", "labels", "first", "last", "mean"),
        }.items():
            if getattr(self, name) not in known:
                raise ValueError(f"the {name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        if self.heads % (self.key_heads or self.heads):
            raise ValueError(f"{self.heads} heads can't share {self.key_heads} heads of keys evenly")
        if not self.head_width and self.width % self.heads:
            raise ValueError(f"a width of {self.width} can't be split into {self.heads} heads; state `head_width`")
        if self.weights and len(self.weights) != self.blocks:
            raise ValueError(f"{self.blocks} blocks need {self.blocks} names of weights, got {len(self.weights)}")
        if self.embedding_width and self.head == "language" and not self.head_transform:
            raise ValueError(
                f"a language head of {self.embedding_width} units cannot read a stream of {self.width}; give it a "
                "`head_transform`"
            )
        if self.relative is not None and self.causal:
            raise ValueError("distances are seen by transformers whose words see both sides; set `causal` to False")
        if self.local and len(self.local) != self.blocks:
            raise ValueError(f"`local` says of {len(self.local)} blocks how far they look, but there are {self.blocks}")
        if self.one_norm and not (self.norm_first and self.parallel):
            raise ValueError("`one_norm` is for pre-norm models whose attention and MLP both read the block's input")
        turned = int(self.unit * self.rotary_share)
        if self.positions == "rotary" and not 0 <= turned + turned % 2 <= self.unit:
            raise ValueError(
                f"a rotary share of {self.rotary_share} turns pairs of {turned} units, but a head has {self.unit}; "
                "heads of an even width can be turned whole"
            )
        if isinstance(self.rotary_scaling, Yarn | Dynamic | Long) and (turned % 2 or turned < 4):
            raise ValueError(
                f"'rope_scaling' to {type(self.rotary_scaling).__name__} needs an even number of at least 4 units of a "
                f"head that are turned, but there are {turned}"
            )
        if isinstance(self.rotary_scaling, Long):
            for factors in (self.rotary_scaling.short, self.rotary_scaling.long):
                if len(factors) != turned // 2:
                    raise ValueError(
                        f"{turned // 2} pairs of units are turned, but there are factors of {len(factors)}"
                    )

    @property
    def unit(self) -> int:
        """Units of a head."""
        return self.head_width or self.width // self.heads

    @property
    def window(self) -> int:
        """Tokens that can be read at once: RoBERTa leaves the first rows of its position table unused."""
        return self.longest - self.first_position

    @property
    def steps(self) -> int | None:
        """Words that can be read step by step; None: no bound. What is kept of them may depend on the whole length."""
        if isinstance(self.rotary_scaling, Dynamic | Long):
            return int(self.rotary_scaling.trained)
        return self.window if self.positions == "learned" else None

    def rotary(self, block: int) -> Rotary | None:
        """Return how the heads of a block are turned."""
        if self.positions != "rotary" or block in self.unturned:
            return None
        if self.local_base and self.reach(block):
            return Rotary(self.rotary_share, self.local_base)
        return Rotary(self.rotary_share, self.rotary_base, self.rotary_scaling)

    def reach(self, block: int) -> int:
        """Return how far a block looks, in words; 0: at all."""
        return self.local[block] if self.local else 0
