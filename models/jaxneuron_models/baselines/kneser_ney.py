"""How well can words be predicted by counting n-grams? What a recurrent language model should stand against.

Interpolated Kneser–Ney smoothing: Kneser, Ney 1995, "Improved backing-off for m-gram language modeling" (ICASSP),
in the interpolated form of Chen, Goodman 1998, "An empirical study of smoothing techniques for language modeling"
(TR-10-98), with one discount per order, `D = n1 / (n1 + 2 n2)`. We differ in three things: the lowest order
is interpolated with the uniform distribution, so that no word is impossible; where no n-gram of an order occurs once
(D would be 0, and unseen words impossible after it), D is 1/2; and counts are taken at the very words that the
neural model has to predict (w2 … wn and `<END>`, given w1 … wn), so that both are trained and judged on the same.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.types import Tokens
from jaxneuron_models.baselines._next_words import Perplexity, next_words
from jaxneuron_models.baselines._next_words import perplexity as _perplexity


class Order(NamedTuple):
    """The n-grams of one length. A key is the n-gram read as a number to the base V."""

    ngram: Int[np.ndarray, "ngram"]  # sorted keys
    count: Int[np.ndarray, "ngram"]  # occurrences; below the highest order, distinct words seen before it
    context: Int[np.ndarray, "context"]  # sorted keys of the n-grams without their last word
    total: Int[np.ndarray, "context"]  # sum of the counts of the n-grams that share the context
    kinds: Int[np.ndarray, "context"]  # how many they are
    discount: float  # D


class KneserNey(NamedTuple):
    """A fitted model; `probability` reads it."""

    orders: tuple[Order, ...]  # words alone first
    vocabulary_size: int


def fit(train: Tokens, *, vocabulary_size: int, end: int, begin: int, first: bool = False, order: int = 3) -> KneserNey:
    """Count the n-grams of each length, and estimate the discounts.

    Args:
        train: host arrays `[sentence, time]`.
        vocabulary_size: all ids that the model could predict.
        end: the id predicted after the last word.
        begin: the id that stands before the first word, as a context only.
        first: whether the first word is predicted as well.
        order: words in the longest n-gram, 3 for a trigram model.

    Returns:
        Sorted tables, a few numbers per distinct n-gram.

    Raises:
        ValueError: nothing to count, ids beyond the vocabulary, or n-grams too long to be numbered.
    """
    if order < 1 or vocabulary_size**order >= 2**63:
        raise ValueError(
            f"cannot number the {order}-grams of {vocabulary_size} words in 63 bits; "
            "expected an order of at least 1 and a smaller order or vocabulary"
        )
    words = next_words(train, vocabulary_size=vocabulary_size, begin=begin, end=end, first=first, order=order)
    if not len(words):
        raise ValueError("no word to predict in the training text; expected sentences of at least one word")
    keys = _keys(words, vocabulary_size)
    orders = []
    for length in range(order, 0, -1):
        ngram, count = np.unique(keys, return_counts=True)
        context, start, kinds = np.unique(ngram // vocabulary_size, return_index=True, return_counts=True)
        n1, n2 = np.sum(count == 1), np.sum(count == 2)
        discount = float(n1 / (n1 + 2 * n2)) if n1 else 0.5
        orders.append(Order(ngram, count, context, np.add.reduceat(count, start), kinds, discount))
        # Each distinct n-gram counts once for its suffix: a word is likely where it follows many words, not often.
        keys = ngram % vocabulary_size ** (length - 1)
    return KneserNey(tuple(reversed(orders)), vocabulary_size)


def probability(model: KneserNey, ngrams: Int[np.ndarray, "prediction order"]) -> Float[np.ndarray, "prediction"]:
    """Return the probability of the last word of each n-gram, given the words before it.

    `p(w | u v) = (max(c(u v w) - D, 0) + D · kinds(u v) · p(w | v)) / c(u v)`, and so on down to the uniform
    distribution; `p(w | v)` where the context `u v` was never seen.

    Args:
        model: from `fit`.
        ngrams: word ids, as many per row as the model's order.

    Returns:
        Probabilities; over all last words of one context they sum to 1.

    Raises:
        ValueError: the n-grams are not as long as the model's order.
    """
    if ngrams.ndim != 2 or ngrams.shape[1] != len(model.orders):
        raise ValueError(f"expected n-grams [prediction, {len(model.orders)}], got {ngrams.shape}")
    p = np.full(len(ngrams), 1 / model.vocabulary_size)
    for length, order in enumerate(model.orders, start=1):
        key = _keys(ngrams[:, -length:], model.vocabulary_size)
        context = key // model.vocabulary_size
        count = _look_up(order.ngram, order.count, key)
        total, kinds = _look_up(order.context, order.total, context), _look_up(order.context, order.kinds, context)
        discounted = np.maximum(count - order.discount, 0) + order.discount * kinds * p
        p = np.where(total > 0, discounted / np.maximum(total, 1), p)
    return p


def perplexity(
    train: Tokens,
    dev: Tokens,
    *,
    vocabulary_size: int,
    end: int,
    begin: int,
    first: bool = False,
    order: int = 3,
) -> Perplexity:
    """Fit on `train`, and measure the perplexity on `dev`.

    Args:
        train: host arrays `[sentence, time]`.
        dev: likewise.
        vocabulary_size: all ids that the model could predict.
        end: the id predicted after the last word.
        begin: the id that stands before the first word, as a context only.
        first: whether the first word is predicted as well.
        order: words in the longest n-gram.

    Returns:
        Perplexity, nats a word, and how many words were predicted.

    Raises:
        ValueError: nothing to count, ids beyond the vocabulary, or n-grams too long to be numbered.

    Example:
        >>> text = Tokens(np.array([[2, 3, 4]] * 3), np.ones((3, 3), bool))
        >>> perplexity(text, text, vocabulary_size=5, end=1, begin=0).n  # 3, 4 and <END>, three times
        9
    """
    model = fit(train, vocabulary_size=vocabulary_size, end=end, begin=begin, first=first, order=order)
    words = next_words(dev, vocabulary_size=vocabulary_size, begin=begin, end=end, first=first, order=order)
    return _perplexity(probability(model, words))


def _keys(ngrams: Int[np.ndarray, "row length"], base: int) -> Int[np.ndarray, "row"]:
    return ngrams.astype(np.int64) @ base ** np.arange(ngrams.shape[1] - 1, -1, -1, dtype=np.int64)


def _look_up(
    keys: Int[np.ndarray, "key"], values: Int[np.ndarray, "key"], wanted: Int[np.ndarray, "row"]
) -> Int[np.ndarray, "row"]:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
