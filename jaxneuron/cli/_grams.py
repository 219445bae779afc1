"""Which n-grams a search may try: those of a text, as the model reads it, and what they are made of."""

from typing import Any

from jaxneuron.cli import _inputs


def of_text(model: Any, sentences: list[list[str]], length: int, before: int, after: int) -> Any:
    """Return the text's symbols without what stands around them, and the symbols an n-gram may be made of."""
    import numpy as np

    read = _inputs.beginnings(model, sentences)
    ids, mask = (np.asarray(leaf)[:, before:] for leaf in read.tokens)
    if after:
        size = mask.sum(-1, keepdims=True) - after
        mask = mask & (np.arange(mask.shape[1]) < size)
        ids = np.where(mask, ids, 0)
    if not (mask.sum(-1) >= length).any():
        raise ValueError(f"no text has {length} symbols; give longer texts, or a smaller --length")
    candidates = np.zeros(len(model.vocabulary.words), bool)
    candidates[np.unique(ids[mask])] = True
    if candidates.sum() < 200:  # a few texts are no vocabulary
        special = {"<", "["}
        candidates = np.array([word[:1] not in special or len(word) == 1 for word in model.vocabulary.words])
    return (ids, mask), candidates


def distinct(corpus: Any, length: int, in_sentence: bool) -> Any:
    """Return the distinct n-grams of a text, alone or behind what precedes them."""
    from jaxneuron.corpora import ngrams
    from jaxneuron.types import Tokens

    found = ngrams.unique(Tokens(*corpus), length, in_sentence=in_sentence)
    whole = found.mask.sum(-1) >= length
    return Tokens(found.ids[whole], found.mask[whole])


def written(model: Any, ids: list[int]) -> str:
    """Return symbols as a person reads them."""
    if model.tokenizer is not None:
        return model.tokenizer.decode(ids, skip_special_tokens=False)
    return ("" if model.symbol == "character" else " ").join(model.vocabulary.words[number] for number in ids)
