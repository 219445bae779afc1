"""What a model is, whoever made it: everything a method or a command needs to know of one, in one tuple."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tokenizers import Tokenizer

from jaxneuron.types import Forward, Params, Site, Vocabulary

HEADS = ("none", "next word", "masked word", "text label", "token label", "span")
"""What a model's scores are of: nothing, the word after each one, words that were hidden, labels of the text or of each
of its words, or where in the text things begin and end (a label for each thing, a softmax over the words)."""

SYMBOLS = ("piece", "word", "character")
"""What a text is a sequence of, for a model: a tokenizer's pieces of words, words, or characters."""


class Model(NamedTuple):
    """A model that `open` opened, ours or a user's."""

    forward: Forward
    params: Params  # nested dict of arrays
    vocabulary: Vocabulary  # what each id stands for; the counts are 0 where nobody knows them
    linear: dict[Site, Site]  # sites that are affine functions of another one -> that other one
    config: Any = None  # the architecture's own settings
    tokenizer: Tokenizer | None = None  # of a model that reads pieces of words; None: the vocabulary says all
    symbol: str = "word"  # see SYMBOLS
    window: int | None = None  # symbols that can be read at once, special ones included; None: no bound
    packed: bool = False  # keeps the sentences of a `types.Packed` apart
    head: str = "none"  # see HEADS
    scores: Site | None = None  # where the head's scores are, one unit for each output
    labels: tuple[str, ...] = ()  # names of the outputs; (): the head's outputs are words, or there is none
    hidden: int | None = None  # the id that stands for a hidden word, where the model knows one
    step: Callable[..., Any] | None = None  # an `intervene.Step`: reads on; None: it cannot
    initial_state: Callable[[int, int], Any] | None = (
        None  # (texts, room for symbols of each) -> what `step` begins with
    )
    writing: Any = None  # of an encoder-decoder: the words that its texts begin and end with
    source: str = ""  # what it was opened by
