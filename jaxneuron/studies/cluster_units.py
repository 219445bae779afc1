"""Which units of a site work as a group? Clusters over the n-grams of captions, for the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxneuron.decompose import correlation_clusters
from jaxneuron.studies import _captions
from jaxneuron.studies.poerner2018 import material
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Site, Tokens
from jaxneuron_models.model import Model

PAPER = 81 / 1024
"""Groups for each unit in Poerner et al. 2018."""


def cluster_units(
    model: Model,
    data: Path | None,
    site: Site,
    *,
    groups: int | None = None,
    length: int = 5,
    sample: int = 100_000,
    seed: int = 0,
    notice: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Cut the units of a site to groups that rise and fall together, as Poerner et al. 2018.

    Args:
        model: a trained model.
        data: a folder of captions; None takes the embedded scenes.
        site: where the units are.
        groups: how many; None takes one for about 13 units, as the paper, and two at least.
        length: words in an n-gram.
        sample: n-grams drawn.
        seed: of the draw.
        notice: called with the share of words that the model does not know, if it is more than a few percent.

    Returns:
        `site, length, sample, seed` and `groups`, a list of lists of unit numbers, the largest first.

    Raises:
        KeyError: the model has no such site.
        ValueError: more groups than units, or captions of other words than the model's.
    """
    word = Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))
    shapes = sites(model.forward, model.params, word)
    check_site(site, shapes)
    width = shapes[site].shape[-1]
    count = max(round(width * PAPER), min(width, 2)) if groups is None else groups
    if not 1 <= count <= width or width < 2 or sample < 2:
        raise ValueError(
            f"expected 1 to {width} groups of at least 2 units, and a sample of at least 2 n-grams; got {count} "
            f"groups of the {width} units of {site!r}, and {sample} n-grams"
        )
    found = _captions.prepare(model, data, length=length, sample=sample, seed=seed, notice=notice)
    basis = correlation_clusters.decompose(None, material.activations(found, site), factors=count).basis
    members = [np.flatnonzero(row).tolist() for row in np.asarray(basis)]
    return {"site": site, "length": length, "sample": sample, "seed": seed, "groups": members}
