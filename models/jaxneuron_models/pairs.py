"""Two texts read together: a premise and a hypothesis, or a question and the text that answers it."""

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from jaxneuron.types import Pairs


def encode(tokenizer: Tokenizer, firsts: Sequence[str], seconds: Sequence[str]) -> Pairs:
    """Return pairs of texts as a model reads them, with its special tokens, padded on the right to the longest.

    Args:
        tokenizer: the model's, such as that of `pretrained.load`; it says which type each token is of.
        firsts: the first text of each pair.
        seconds: the second.

    Returns:
        `[pair, time]`, on the host.

    Raises:
        ValueError: not as many first as second texts, or none.

    Example:
        >>> from tokenizers import models, pre_tokenizers
        >>> words = Tokenizer(models.WordLevel({"a": 0, "man": 1, "sleeps": 2}))
        >>> words.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> encode(words, ["a man"], ["sleeps"]).types.tolist()
        [[0, 0, 1]]
    """
    if len(firsts) != len(seconds) or not firsts:
        raise ValueError(f"expected as many second as first texts, got {len(firsts)} and {len(seconds)}")
    encodings = tokenizer.encode_batch(list(zip(firsts, seconds, strict=True)))
    ids, mask, types = np.zeros((3, len(encodings), max(len(encoding.ids) for encoding in encodings)), np.int32)
    for row, encoding in enumerate(encodings):
        here = slice(len(encoding.ids))
        ids[row, here], mask[row, here], types[row, here] = encoding.ids, 1, encoding.type_ids
    return Pairs(ids, mask.astype(bool), types)
