"""Which layer carries a property, how many are enough, and where do a ranking's units lie?

Durrani et al. 2020, "Analyzing individual neurons in pre-trained language models" (arXiv:2010.02695) probe layer by
layer and count the top units of each. Dalvi et al. 2020, "Analyzing redundancy in pretrained transformer models"
(arXiv:2004.04010) take the lowest layer that, with all below it, does as well as all layers (LayerSelector). The first
layers are masks over the units of all, so that these probes are one fit.

Cost:
    No pass of the model: a probe for each layer, and one fit for all first layers together.

Fails:
    Wider layers know more by their width. What a probe finds in a layer, the layer after may not use.

Peers:
    NeuroX probes layer by layer, one fit each; LayerSelector is the authors' code.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Int

from jaxneuron import batching
from jaxneuron.evaluate._held_out import check, held_out
from jaxneuron.evaluate.information import Information
from jaxneuron.rank import linear
from jaxneuron.table import Table
from jaxneuron.types import Probe, Ranking, Site


class Layers(NamedTuple):
    """What each layer tells on held-out tokens; fields of `Information` have a number per layer (and per concept)."""

    sites: tuple[Site, ...]
    alone: Information  # [layer], of this layer
    first: Information  # [layer], of this layer and all before it, side by side


def layerwise(
    key: Array,
    train: tuple[Table, Int[Any, "token"] | Bool[Any, "token *label"]],
    test: tuple[Table, Int[Any, "other"] | Bool[Any, "other *label"]],
    layers: Mapping[Site, int],
    *,
    fit: Callable[..., Probe] = linear.fit,
    budget: int = batching.BUDGET,
) -> Layers:
    """Probe each layer, and the first l layers for each l.

    Args:
        key: for the order of the tokens.
        train: activations of all layers side by side, and labels.
        test: the same of other tokens.
        layers: site -> units, in the order of the columns, such as `Store.sites`.
        fit: the probe, called with `mask[probe unit]`; `functools.partial` of `linear.fit` gives it other settings.
        budget: bytes of working memory.

    Raises:
        ValueError: the layers have not as many units as the activations.

    Source:
        Durrani et al. 2020; Dalvi et al. 2020.
    """
    units = check(train[0], np.asarray(train[1]))[1]
    alone, first = masks(layers, units)
    found = []
    for here in alone:  # of one shape, if the layers are of one width
        columns = slice(int(here.argmax()), int(here.argmax() + here.sum()))
        found.append(held_out(fit(key, train[0][:, columns], train[1]), test[0][:, columns], test[1], budget=budget))
    own = Information(*(np.stack(field) for field in zip(*found, strict=True)))
    if len(layers) == 1:
        return Layers(tuple(layers), own, own)
    rest = held_out(fit(key, train[0], train[1], mask=first[1:]), *test, budget=budget)
    joined = Information(*(np.concatenate([one[:1], more]) for one, more in zip(own, rest, strict=True)))
    return Layers(tuple(layers), own, joined)


def masks(
    layers: Mapping[Site, int], units: int
) -> tuple[Bool[np.ndarray, "layer unit"], Bool[np.ndarray, "layer unit"]]:
    """Return the units of each layer, and those of each layer with all before it.

    Raises:
        ValueError: the layers have not as many units together.

    Example:
        >>> masks({"a": 1, "b": 2}, 3)[1].astype(int).tolist()
        [[1, 0, 0], [1, 1, 1]]
    """
    widths = np.array(list(layers.values()), np.int64)
    if not widths.size or widths.min() < 1 or widths.sum() != units:
        raise ValueError(
            f"expected layers of {units} units together, got {dict(layers)!r:.200}, which have {int(widths.sum())}"
        )
    layer = np.repeat(np.arange(len(widths)), widths)
    return layer == np.arange(len(widths))[:, None], layer <= np.arange(len(widths))[:, None]


def lowest(layers: Layers, *, within: float = 0.01) -> int:
    """Return the first layer that, with all before it, has nearly the accuracy of all layers.

    Args:
        layers: of one property, measured on dev data.
        within: the share of that accuracy that may be lost, 0 to 1; the paper has 0.01 to 0.03.

    Returns:
        The number of the layer, from 0: an index of `sites`.

    Raises:
        ValueError: several concepts, or a share out of range.
    """
    accuracy = np.asarray(layers.first.accuracy)
    if accuracy.ndim != 1 or not 0 <= within <= 1:
        raise ValueError(f"expected one property and a share from 0 to 1, got accuracies {accuracy.shape} and {within}")
    return int(np.flatnonzero(accuracy >= (1 - within) * accuracy[-1])[0])


def distribution(ranking: Ranking, layers: Mapping[Site, int], *, top: int) -> Int[np.ndarray, "*label layer"]:
    """Return how many of the top units lie in each layer, label by label.

    Args:
        ranking: of all units of all layers side by side.
        layers: site -> units, in the order of the columns.
        top: how many units count, 1 to all.

    Raises:
        ValueError: layers of other units than the ranking's, or a number out of range.

    Example:
        >>> distribution(Ranking(np.zeros(3), np.array([2, 0, 1])), {"a": 1, "b": 2}, top=2).tolist()
        [1, 1]
    """
    order = np.asarray(ranking.order)
    alone, _ = masks(layers, order.shape[-1])
    if not 1 <= top <= order.shape[-1]:
        raise ValueError(f"expected a top of 1 to {order.shape[-1]} units, got {top}")
    return alone[:, order[..., :top]].sum(axis=-1).transpose(*range(1, order.ndim), 0)
