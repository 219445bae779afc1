"""How well can words be predicted without looking at what comes before? The least a language model must beat.

Maximum likelihood with add-δ smoothing (Lidstone), on the very words that the model has to predict: Imaginet reads
no `<BEG>`, so from w1 … wn it predicts w2 … wn and `<END>`; the first word is neither counted nor scored.
"""

import numpy as np
from jaxtyping import Float

from jaxneuron.types import Tokens
from jaxneuron_models.baselines._next_words import Perplexity, next_words
from jaxneuron_models.baselines._next_words import perplexity as _perplexity


def fit(
    train: Tokens, *, vocabulary_size: int, end: int, first: bool = False, delta: float = 1.0
) -> Float[np.ndarray, "vocab"]:
    """Estimate the probability of each word: `(count + δ) / (n + δ V)`.

    Args:
        train: host arrays `[sentence, time]`.
        vocabulary_size: V, all ids that the model could predict.
        end: the id predicted after the last word.
        first: whether the first word is predicted as well.
        delta: δ, imaginary occurrences of each word, positive so that no word is impossible.

    Returns:
        Probabilities that sum to 1.

    Raises:
        ValueError: δ is not positive, or the ids do not fit the vocabulary.
    """
    if delta <= 0:
        raise ValueError(f"expected a positive delta, got {delta}; without smoothing an unseen word is impossible")
    words = next_words(train, vocabulary_size=vocabulary_size, begin=end, end=end, first=first, order=1)[:, -1]
    return (np.bincount(words, minlength=vocabulary_size) + delta) / (len(words) + delta * vocabulary_size)


def perplexity(
    train: Tokens, dev: Tokens, *, vocabulary_size: int, end: int, first: bool = False, delta: float = 1.0
) -> Perplexity:
    """Fit on `train`, and measure the perplexity on `dev`.

    Args:
        train: host arrays `[sentence, time]`.
        dev: likewise.
        vocabulary_size: all ids that the model could predict.
        end: the id predicted after the last word.
        first: whether the first word is predicted as well.
        delta: imaginary occurrences of each word.

    Returns:
        Perplexity, nats a word, and how many words were predicted.

    Raises:
        ValueError: delta is not positive, or the ids do not fit the vocabulary.

    Example:
        >>> text = Tokens(np.array([[1, 2]]), np.array([[True, True]]))
        >>> round(perplexity(text, text, vocabulary_size=3, end=0).perplexity, 3)  # 2 and <END>, at 2/5 each
        2.5
    """
    probability = fit(train, vocabulary_size=vocabulary_size, end=end, first=first, delta=delta)
    words = next_words(dev, vocabulary_size=vocabulary_size, begin=end, end=end, first=first, order=1)[:, -1]
    return _perplexity(probability[words])
