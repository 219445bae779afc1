"""Fit a linear probe that predicts the labels from all units, and rank the units by the size of their weights.

Dalvi et al. 2019, "What is one grain of sand in the desert?" (arXiv 1812.09355); Durrani et al. 2020 (arXiv
2010.02695). NeuroX is their code. We differ in this: a probe is fitted until it has converged (NeuroX goes ten times
over the data, which is too few on less than some 30,000 tokens; `NEUROX` has its options), the L1 penalty gives exact
zeros, the L2 penalty is the sum of the squared weights (NeuroX adds the norm itself, whose pull on small weights never
ends), units are standardised, and many probes are fitted at once, for which the activations are read once.

Cost:
    No pass of the model: the table is read once for each pass of the optimiser, for all probes together, until it has
    converged.

Fails:
    Weights of correlated units are shared out by the penalty: a unit may carry the label and have no weight. A probe
    may learn the task by itself: see `evaluate.selectivity`. Without batches all tokens are held in the budget.

Peers:
    NeuroX's linear_probe; `NEUROX` has its options. scikit-learn's LogisticRegression reaches the same minimum.

Example:
    from docs.tiny import activations, labels
    from jaxneuron.rank import linear

    ranking, probe = linear.rank(None, activations, labels, settings=linear.Settings(l1=1e-2))
    print(ranking.order[0, 0], probe.weights.shape)
    #: 1 (2, 4)
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.rank._probe import logits as logits
from jaxneuron.rank.linear._fit import Labels as Labels
from jaxneuron.rank.linear._fit import fit as fit
from jaxneuron.rank.linear._mass import mass_order as mass_order
from jaxneuron.rank.linear._settings import DEFAULT
from jaxneuron.rank.linear._settings import NEUROX as NEUROX
from jaxneuron.rank.linear._settings import WEAK as WEAK
from jaxneuron.rank.linear._settings import Settings as Settings
from jaxneuron.ranking import ranked
from jaxneuron.table import Table
from jaxneuron.types import Probe, Ranking


def rank(
    key: Array | None,
    activations: Table,
    labels: Labels,
    *,
    settings: Settings = DEFAULT,
    mask: Bool[Any, "*masked unit"] | None = None,
    weight: Float[Any, "*weighted token"] | None = None,
    dev: tuple[Table, Any] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> tuple[Ranking, Probe]:
    """Rank units by the absolute weight that a probe gives them for each label.

    Args:
        key: shuffles the tokens; may be None without `batch`, as nothing is random then.
        activations: of each token.
        labels: classes, concepts or numbers.
        settings: penalties, and when to stop.
        mask: units that a probe may use.
        weight: how much each token counts, at least 0; only ratios matter.
        dev: activations and labels to choose the pass of each probe by.
        budget: bytes for a block of activations.
        progress: called after each block in batches, and else every few passes.

    Returns:
        `score[*probe label unit]`, and the probe of `fit`, whose weights have the sign: `ranking.ranked(probe.weights)`
        orders by what speaks for a label. Yes-or-no labels as `Bool[token]` have one row. `mass_order` and
        `ranking.overall` make one order of many.

    Raises:
        TypeError, ValueError: as `fit`.
    """
    probe = fit(
        key,
        activations,
        labels,
        settings=settings,
        mask=mask,
        weight=weight,
        dev=dev,
        budget=budget,
        progress=progress,
    )
    return ranked(jnp.abs(probe.weights)), probe
