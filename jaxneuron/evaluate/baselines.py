"""What does a probe reach that learns nothing from training the model?

Three floors: always the most frequent label (majority), the most frequent label of each word type (lexicon), and the
same probe on the same model with random weights (Zhang and Bowman 2018, "Language modeling teaches you more than
translation does", arXiv:1809.10040). The caller runs that model; everything after it is here.

Cost:
    One pass of the model with random weights over both texts, by the caller; two fits of the probe.

Fails:
    A model with random weights is a strong baseline where words alone decide; a lexicon of few words is a weak one.

Peers:
    NeuroX has control tasks only; the baselines are those of Zhang and Bowman 2018.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching
from jaxneuron.evaluate._held_out import held_out
from jaxneuron.evaluate.information import Information
from jaxneuron.rank import linear
from jaxneuron.table import Table
from jaxneuron.types import Probe


class Baselines(NamedTuple):
    """A probe beside its floors; accuracies are shares of test tokens."""

    trained: Information  # the probe on the representation
    untrained: Information  # the probe on a representation with random weights
    majority: Float[np.ndarray, "*label"]  # accuracy of the most frequent training label
    gain: Float[np.ndarray, "*label"]  # accuracy of the trained less the best of the other two


def baselines(
    key: Array,
    train: tuple[Table, Any],
    test: tuple[Table, Any],
    untrained: tuple[Table, Table],
    *,
    fit: Callable[..., Probe] = linear.fit,
    budget: int = batching.BUDGET,
) -> Baselines:
    """Fit the same probe on a representation and on one of a model with random weights, and compare with the majority.

    Args:
        key: for the order of the tokens.
        train: activations `[token, unit]` and labels.
        test: the same of other tokens.
        untrained: activations of the model with random weights, for the tokens of `train` and of `test`.
        fit: the probe, `fit(key, activations, labels)`; `functools.partial` of `linear.fit` gives it other settings.
        budget: bytes of working memory.

    Raises:
        ValueError: the random representation has other tokens.
    """
    for given, other, name in zip(untrained, (train[0], test[0]), ("train", "test"), strict=True):
        if given.shape[0] != other.shape[0]:
            raise ValueError(
                f"expected a random representation of the {other.shape[0]} {name} tokens, got {given.shape[0]}"
            )
    one = held_out(fit(key, *train), *test, budget=budget)
    other = held_out(fit(key, untrained[0], train[1]), untrained[1], test[1], budget=budget)
    floor = majority(train[1], test[1])
    return Baselines(one, other, floor, one.accuracy - np.maximum(other.accuracy, floor))


def majority(
    train: Int[Any, "token"] | Bool[Any, "token *label"], test: Int[Any, "other"] | Bool[Any, "other *label"]
) -> Float[np.ndarray, "*label"]:
    """Return the accuracy of always answering the most frequent training label, the lowest of equally frequent ones.

    Args:
        train: classes, or a column per concept.
        test: the same of other tokens.

    Raises:
        ValueError: there are no labels.

    Example:
        >>> float(majority(np.array([1, 1, 0]), np.array([1, 0])))
        0.5
    """
    train, test = np.asarray(train), np.asarray(test)
    if not len(train) or not len(test):
        raise ValueError(f"expected labels, got {len(train)} to train and {len(test)} to test on")
    if train.dtype == bool:
        answer = train.mean(axis=0) > 0.5
    else:
        answer = np.argmax(np.bincount(train))
    return np.asarray(np.mean(test == answer, axis=0))


def lexicon(
    words: Sequence[str], labels: Int[Any, "token"], test_words: Sequence[str], test: Int[Any, "other"]
) -> float:
    """Return the accuracy of answering each word's most frequent training label, and for new words that of all words.

    Args:
        words: the training words.
        labels: their classes.
        test_words: the test words.
        test: their classes.

    Raises:
        ValueError: there is not a label for each word.

    Example:
        >>> lexicon(["a", "dog", "a"], np.array([0, 1, 0]), ["dog", "cat"], np.array([1, 1]))
        0.5
    """
    _check_words(words, labels)
    _check_words(test_words, test)
    counts: dict[str, Counter[int]] = {}
    for word, label in zip(words, np.asarray(labels).tolist(), strict=True):
        counts.setdefault(word, Counter())[label] += 1
    answer = {word: min(count, key=lambda label: (-count[label], label)) for word, count in counts.items()}
    usual = int(np.argmax(np.bincount(np.asarray(labels))))
    return float(np.mean([answer.get(word, usual) for word in test_words] == np.asarray(test)))


def _check_words(words: Sequence[str], labels: Shaped[Any, "token"]) -> None:
    if len(words) != len(labels) or not len(words):
        raise ValueError(f"expected a label for each word, got {len(words)} words and {len(labels)} labels")
