"""How much does a probe know about a property? Entropy, cross-entropy and mutual information, all of them in bits.

Pimentel et al. 2020, "Information-theoretic probing for linguistic structure" (arXiv:2004.03061): what a representation
tells about a property is at least `H(property) - cross-entropy of the probe`, on data that the probe has not seen.
Torroba Hennigen, Williams, Cotterell 2020 (arXiv:2010.02812) divide that by `H(property)`. NeuroX divides bits by nats,
so that perfect knowledge comes out as 1.44; here it is 1.

Cost:
    None: logits of a probe that is there.

Fails:
    A lower bound of what the representation tells: a bad probe knows less, and an overconfident one less than nothing.
    Bits of different properties compare only as shares of their entropy.

Peers:
    NeuroX's mutual information divides bits by nats, so that perfect knowledge is 1.44.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

FLOOR = -126.0
"""Bits: the smallest normal float32, 2^-126. No label's log-probability falls below."""


class Information(NamedTuple):
    """What logits tell about labels; the last axis of each field is the concept's, if labels are concepts."""

    entropy: Float[np.ndarray, "*probe"]  # bits, of the labels' own distribution in this data
    cross_entropy: Float[np.ndarray, "*probe"]  # bits per token that the probe needs
    mutual_information: Float[np.ndarray, "*probe"]  # entropy - cross-entropy, bits; a lower bound, may be negative
    normalised: Float[np.ndarray, "*probe"]  # share of the entropy, at most 1; nan where the entropy is 0
    accuracy: Float[np.ndarray, "*probe"]  # share of tokens whose label has the highest logit


def information(
    logits: Float[Any, "*probe token label"],
    labels: Int[Any, "_token"] | Bool[Any, "_token *_label"],
    *,
    floor: float = FLOOR,
) -> Information:
    """Compare logits, or log joint probabilities, with the labels.

    Args:
        logits: for classes, the softmax over `label` is the probe's prediction (log joint probabilities will do); for
            concepts, the sigmoid of each. +inf is certainty.
        labels: classes, or a column per concept. A class beyond the logits, which the probe never saw in training,
            counts as wrong and costs `-floor` bits.
        floor: bits, below which no log-probability falls, so that one token cannot make the mean infinite.

    Returns:
        A number per probe, or per probe and concept.

    Raises:
        ValueError: labels and logits do not fit each other.

    Source:
        Torroba Hennigen et al. 2020.

    Example:
        >>> sure = information(np.array([[90.0, 0], [0, 90], [90, 0], [0, 90]]), np.array([0, 1, 0, 1]))
        >>> float(sure.entropy), float(sure.normalised)
        (1.0, 1.0)
    """
    bits, right = token_bits(logits, labels, floor=floor)
    token = -2 if np.ndim(labels) == 2 else -1
    return from_means(labels, bits.mean(axis=token), right.mean(axis=token))


def from_means(
    labels: Shaped[Any, "token *label"], bits: Float[Any, "*probe"], right: Float[Any, "*probe"]
) -> Information:
    """Return the information of probes from their mean cost in bits and their accuracy, for data seen in parts.

    Args:
        labels: of all data.
        bits: mean cost of a label.
        right: share of labels that are predicted.
    """
    bits, right = np.asarray(bits, np.float64), np.asarray(right, np.float64)
    own = np.broadcast_to(entropy(labels), bits.shape)
    gained = own - bits
    normalised = np.divide(gained, own, out=np.full(bits.shape, np.nan), where=own > 0)
    return Information(own, bits, gained, normalised, right)


def entropy(labels: Shaped[Any, "token *label"]) -> Float[np.ndarray, "*label"]:
    """Return the entropy of the labels' distribution in bits, one number for classes, one per column for concepts.

    Example:
        >>> float(entropy(np.array([0, 0, 1, 1])))
        1.0
    """
    labels = np.asarray(labels)
    if labels.ndim == 1:
        share = np.unique(labels, return_counts=True)[1] / len(labels)
        return np.asarray(-np.sum(share * np.log2(share)) + 0.0)
    true = labels.mean(axis=0)
    both = np.stack([true, 1 - true])
    return -np.sum(both * np.log2(both, out=np.zeros(both.shape), where=both > 0), axis=0) + 0.0


def token_bits(
    logits: Float[Any, "*probe token label"],
    labels: Int[Any, "_token"] | Bool[Any, "_token *_label"],
    *,
    floor: float = FLOOR,
) -> tuple[Float[np.ndarray, "..."], Bool[np.ndarray, "..."]]:
    """Return what each label costs in bits, and whether the probe predicts it; see `information`.

    Both are `[*probe token]`, with an axis of labels at the end if these are concepts. A cost is nan where a logit is.

    Args:
        logits: as in `information`.
        labels: as in `information`.
        floor: as in `information`.

    Raises:
        ValueError: labels and logits do not fit each other.
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim < 2 or labels.ndim not in (1, 2) or labels.shape[0] != logits.shape[-2] or not len(labels):
        raise ValueError(
            "expected logits [..., token, label] and labels [token] of the same tokens, "
            f"got the shapes {logits.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "biu" or (labels.ndim == 2 and labels.dtype != bool):
        raise ValueError(
            f"expected classes as whole numbers [token] or concepts as booleans, got {labels.dtype} {labels.shape}; "
            "numbers have no entropy"
        )
    if labels.dtype == bool and labels.ndim == 1 and logits.shape[-1] == 1:
        bits, right = token_bits(logits, labels[:, None], floor=floor)
        return bits[..., 0], right[..., 0]
    if labels.ndim == 2 and labels.shape != logits.shape[-2:]:
        raise ValueError(f"expected a logit per concept, got logits {logits.shape} and labels {labels.shape}")
    if labels.ndim == 1 and labels.min() < 0:
        raise ValueError(f"expected classes from 0 on, got {labels.min()}; leave out tokens that have no label")
    lead, single = logits.shape[:-2], logits.shape[-2:]
    one = _sigmoid if labels.ndim == 2 else _softmax
    parts = [one(probe.astype(np.float64), labels, floor) for probe in logits.reshape(-1, *single)]
    shape = lead + labels.shape
    return np.array([bits for bits, _ in parts]).reshape(shape), np.array([right for _, right in parts]).reshape(shape)


def best_so_far(values: Float[Any, "*probe k"]) -> Float[np.ndarray, "*probe k"]:
    """Return the running maximum along the last axis: more units never tell less, so the best bound so far holds.

    It is a bound for the representation, not for the probe: report the probe's own curve beside it. A nan is left out.

    Example:
        >>> best_so_far(np.array([0.5, 0.9, -17.4])).tolist()
        [0.5, 0.9, 0.9]
    """
    return np.fmax.accumulate(np.asarray(values, np.float64), axis=-1)


def _softmax(logits: np.ndarray, labels: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    tokens, count = logits.shape
    peak = logits.max(axis=1, keepdims=True)
    if np.isposinf(peak).any():  # certain: only the infinite logits count
        logits = np.where(np.isposinf(peak), np.where(np.isposinf(logits), 0, -np.inf), logits)
        peak = logits.max(axis=1, keepdims=True)
    if np.isneginf(peak).any():  # impossible under every label: no label is better than another
        logits = np.where(np.isneginf(peak), 0, logits)
        peak = np.where(np.isneginf(peak), 0, peak)
    seen = labels < count
    chosen = logits[np.arange(tokens), np.where(seen, labels, 0)]
    log = chosen - peak[:, 0] - np.log(np.exp(logits - peak).sum(axis=1))
    bits = -np.maximum(np.where(seen, log / np.log(2), floor), floor) + 0.0
    return bits, seen & (logits.argmax(axis=1) == labels) & ~np.isnan(log)


def _sigmoid(logits: np.ndarray, labels: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    log = -np.logaddexp(0, np.where(labels, -logits, logits)) / np.log(2)
    return -np.maximum(log, floor) + 0.0, ((logits > 0) == labels) & ~np.isnan(logits)
