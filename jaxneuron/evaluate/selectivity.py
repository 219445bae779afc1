"""Does a probe read the representation, or does it learn the task by itself? Compare with labels that mean nothing.

Hewitt and Liang 2019, "Designing and interpreting probes with control tasks" (arXiv:1909.03368): a control task gives
each word type a label at random, so that only a probe that can memorise does well. Selectivity is the accuracy on the
task less that on the control task. In NeuroX the draw has no seed, and a test word that training has not is left out or
breaks; here a type's label depends on nothing but the seed and the type, so that every word has one.

Cost:
    No pass of the model: six fits of a probe, one of the task and five of control tasks.

Fails:
    Words that are few, or always have one label, make the control as easy as the task. Of a rare concept a control may
    be unlearnable.

Peers:
    NeuroX's control tasks, without a seed; a new word has no label there.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.evaluate._held_out import held_out
from jaxneuron.evaluate.information import Information
from jaxneuron.rank import linear
from jaxneuron.table import Table
from jaxneuron.types import Probe


class Control(NamedTuple):
    """A control task, for any word; made by `control_task`."""

    cumulative: Float[np.ndarray, "label"]  # of the distribution that labels are drawn from
    salts: tuple[bytes, ...]  # [seed]
    concept: bool  # labels are booleans
    case_sensitive: bool


class Selectivity(NamedTuple):
    """A probe's task beside its control tasks."""

    task: Information
    control: Information  # [seed]
    selectivity: float  # accuracy on the task less the mean accuracy on the control tasks
    deviation: float  # standard deviation of the control accuracies over seeds (ddof 1); nan for one seed


def selectivity(
    key: Array,
    train: tuple[Table, Int[Any, "token"] | Bool[Any, "token"]],
    test: tuple[Table, Int[Any, "other"] | Bool[Any, "other"]],
    words: tuple[Sequence[str], Sequence[str]],
    *,
    seeds: int = 5,
    sample_from: Literal["same", "uniform"] = "same",
    case_sensitive: bool = True,
    fit: Callable[..., Probe] = linear.fit,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Selectivity:
    """Fit a probe on the task and on control tasks, and compare the accuracies on test tokens.

    Args:
        key: for the control labels and the order of the tokens.
        train: activations and labels of one property.
        test: the same of other tokens.
        words: the words of `train` and of `test`.
        seeds: control tasks.
        sample_from: see `control_task`.
        case_sensitive: see `control_task`.
        fit: the probe, `fit(key, activations, labels)`; `functools.partial` of `linear.fit` gives it other settings.
        budget: bytes of working memory.
        progress: called after each fit.

    Raises:
        ValueError: there is not one word for each token, or see `control_task`.

    Source:
        Hewitt and Liang 2019.
    """
    for given, data, name in zip(words, (train, test), ("train", "test"), strict=True):
        if len(given) != len(data[1]):
            raise ValueError(f"expected a word for each of the {len(data[1])} {name} tokens, got {len(given)}")
    order, draw = jax.random.split(key)
    control = control_task(
        draw, train[1], seeds=seeds, sample_from=sample_from, case_sensitive=case_sensitive, words=words[0]
    )
    given, wanted = (control_labels(control, part) for part in words)
    tasks = [(np.asarray(train[1]), np.asarray(test[1])), *zip(given, wanted, strict=True)]
    found = []
    for i, (labels, held) in enumerate(tasks):  # one shape, compiled once
        found.append(held_out(fit(order, train[0], labels), test[0], held, budget=budget))
        if progress:
            progress(i + 1, len(tasks))
    controls = Information(*(np.array(field) for field in zip(*found[1:], strict=True)))
    spread = float(np.std(controls.accuracy, ddof=1)) if seeds > 1 else np.nan
    return Selectivity(found[0], controls, float(found[0].accuracy - controls.accuracy.mean()), spread)


def control_task(
    key: Array,
    labels: Int[Any, "token"] | Bool[Any, "token"],
    *,
    seeds: int = 1,
    sample_from: Literal["same", "uniform"] = "same",
    case_sensitive: bool = True,
    words: Sequence[str] | None = None,
) -> Control:
    """Make control tasks that look like a task: as many labels, and by default as often.

    Of a rare concept, a draw may give all words that a probe is trained on one label, which nobody can learn: given
    those words, such a draw is drawn again.

    Args:
        key: one key, of which each seed gets its own part.
        labels: of the task, in the training data.
        seeds: how many tasks.
        sample_from: the distribution of the labels over types: that of the task's tokens, or a uniform one.
        case_sensitive: whether "The" and "the" are two types.
        words: of the training data, of which at least two types get different labels in each task.

    Raises:
        ValueError: labels that are not one property, or all the same; no seeds; another distribution; a single word
            type.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "biu" or labels.min() < 0:
        raise ValueError(
            f"expected one property, whole numbers from 0 or booleans [token], got {labels.dtype} {labels.shape}; "
            "make a control task for each concept"
        )
    if seeds < 1 or sample_from not in ("same", "uniform"):
        raise ValueError(f"expected at least one seed, and 'same' or 'uniform'; got {seeds} and {sample_from!r}")
    concept = labels.dtype == bool
    counts = np.bincount(labels.astype(np.int64), minlength=2 if concept else 0).astype(np.float64)
    counts = np.ones(len(counts)) if sample_from == "uniform" else counts
    bits = np.asarray(jax.random.bits(key, (seeds, 4)), "<u4")
    control = Control(np.cumsum(counts) / counts.sum(), tuple(row.tobytes() for row in bits), concept, case_sensitive)
    if words is None:
        return control
    types = sorted(set(words) if case_sensitive else {word.lower() for word in words})
    if len(types) < 2 or np.count_nonzero(counts) < 2:
        raise ValueError(
            f"expected at least two word types and two labels, got {len(types)} and {np.count_nonzero(counts)}; "
            "there is no control task that a probe could learn"
        )
    return control._replace(salts=tuple(_telling(control, salt, types) for salt in control.salts))


def _telling(control: Control, salt: bytes, types: Sequence[str]) -> bytes:
    """Return the first salt, from one on, under which not all types have one label; that takes about a hash a token."""
    while not np.ptp(control_labels(control._replace(salts=(salt,)), types).astype(int)):
        salt = hashlib.blake2b(salt, digest_size=len(salt)).digest()
    return salt


def control_labels(
    control: Control, words: Sequence[str]
) -> Int[np.ndarray, "seed token"] | Bool[np.ndarray, "seed token"]:
    """Return the label of each word in each control task; any word has one.

    Example:
        >>> control = control_task(jax.random.key(0), np.array([0, 1, 2, 0]), seeds=3)
        >>> labels = control_labels(control, ["the", "dog", "the"])
        >>> labels.shape, bool((labels[:, 0] == labels[:, 2]).all())
        ((3, 3), True)
    """
    types, index = np.unique(
        np.array([w if control.case_sensitive else w.lower() for w in words], object), return_inverse=True
    )
    drawn = np.array([[_uniform(word, salt) for word in types] for salt in control.salts]).reshape(
        len(control.salts), -1
    )
    found = np.searchsorted(control.cumulative, drawn, side="right").astype(np.int32)
    found = np.minimum(found, len(control.cumulative) - 1)[:, index]
    return found.astype(bool) if control.concept else found


def _uniform(word: str, salt: bytes) -> float:
    """Return a number in [0, 1) that is a word's own under a seed."""
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest()
    return (int.from_bytes(digest, "little") >> 11) / 2**53
