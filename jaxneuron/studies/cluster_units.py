"""Which units of a site work as a group? Clusters over the n-grams of captions, for the command line."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxneuron.decompose import correlation_clusters
from jaxneuron.studies.poerner2018 import material
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Site, Tokens
from jaxneuron_models.pure import Model


def cluster_units(
    model: Model,
    data: Path | None,
    site: Site,
    *,
    groups: int = 81,
    length: int = 5,
    sample: int = 100_000,
    seed: int = 0,
) -> dict[str, Any]:
    """Cut the units of a site to groups that rise and fall together, as Poerner et al. 2018.

    Args:
        model: a trained model.
        data: a folder of captions; None takes the embedded scenes.
        site: where the units are.
        groups: how many.
        length: words in an n-gram.
        sample: n-grams drawn.
        seed: of the draw.

    Returns:
        `site, length, sample, seed` and `groups`, a list of lists of unit numbers, the largest first.

    Raises:
        KeyError: the model has no such site.
        ValueError: more groups than units, or captions of other words than the model's.
    """
    word = Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))
    check_site(site, sites(model.forward, model.params, word))
    found = material.prepare(model, material.read(data), length=length, sample=sample, seed=seed)
    basis = correlation_clusters.decompose(None, material.activations(found, site), factors=groups).basis
    members = [np.flatnonzero(row).tolist() for row in np.asarray(basis)]
    return {"site": site, "length": length, "sample": sample, "seed": seed, "groups": members}
