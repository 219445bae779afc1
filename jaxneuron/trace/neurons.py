"""Which neurons pass it on, and to which? The circuit of units at positions between two texts and a score.

Neuron circuits as Transluce 2026 (arXiv 2601.22594), with the pruning of attribution graphs (Ameisen et al. 2025,
"Circuit Tracing"), on any forward whose operations are known, since no module is replaced: a node is one unit at one
position, its effect what patching it alone is estimated to change, an edge what passes straight to another unit while
all other sites are held. Beside them stands what exact patching says.

Cost:
    Three passes for the effects, and for each of up to 100 nodes a gradient for its edges and a pass with it patched
    alone; four or five passes for the check.

Fails:
    An operation without a rule is an error for "relevance" (NotImplementedError); "first" has none. A thousand units of
    small effect are cut off by `most`: `Check.covered` and `faithfulness` say what is left out.

Peers:
    Transluce's and Anthropic's circuit tracers, for models whose modules are replaced; here the program is read, and
    exact patching stands beside each node.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.trace import DEFAULT, Graph, Settings
from jaxneuron.trace._graph import estimated, exact, faithful, traced
from jaxneuron.trace._runs import contrast
from jaxneuron.types import Forward, Params, Site, Target, Text


def trace(
    forward: Forward,
    params: Params,
    clean: Text,
    corrupted: Text | None,
    target: Target,
    *,
    sites: Sequence[Site],
    settings: Settings = DEFAULT,
    baseline: float = 0.0,
) -> Graph:
    """Return the units that carry what two texts differ in to a score, and what passes between them.

    Args:
        forward: the model.
        params: its weights.
        clean: texts, `[batch time]`; what is found is the mean over them.
        corrupted: other texts of the same lengths; None: the clean ones, with units at a baseline.
        target: the score.
        sites: whose units are nodes, such as every `block0/mlp/hidden`.
        settings: which gradient, and how much of what is found.
        baseline: of all units, where there is no corrupted text.

    Raises:
        KeyError: no such site.
        ValueError: texts of different lengths, a site that does not reach the target, settings out of their range, or
            a recurrent site without positions.
        NotImplementedError: of "relevance", an operation without a rule.

    Example:
        >>> import jax.numpy as jnp
        >>> from jaxneuron.edits import Add
        >>> from jaxneuron.targets import Logit
        >>> from jaxneuron.tap import Tap
        >>> from jaxneuron.types import Tokens
        >>> def forward(params, tokens, edits):  # of four units, the head reads the first and, half, the second
        ...     tap = Tap(edits)
        ...     hidden = tap("hidden", params[tokens.ids], jnp.arange(1))
        ...     return hidden @ jnp.array([[1.0], [0.5], [0.0], [0.0]]), tap.activations()
        >>> clean, corrupted = (Tokens(jnp.array([[word]]), jnp.ones((1, 1), bool)) for word in (1, 0))
        >>> table = jnp.array([[0.0, 0, 0, 0], [1, 1, 1, 0]])
        >>> found = trace(forward, table, clean, corrupted, Logit(0), sites=("hidden",), settings=Settings(share=1.0))
        >>> found.nodes.unit.tolist(), found.nodes.effect.tolist(), found.check.faithfulness
        ([0, 1], [1.0, 0.5], 1.0)
    """
    given = contrast(forward, params, clean, corrupted, target, sites, baseline)
    position = given.position if settings.positions else np.full_like(given.position, -1)
    return traced(given, np.stack([given.site, position, given.unit]), settings, corrupted is None)


class Effects(NamedTuple):
    """What every unit of some sites does, at all positions together."""

    sites: tuple[Site, ...]  # in the order of the computation
    site: Int[np.ndarray, "unit"]  # its place among them
    unit: Int[np.ndarray, "unit"]
    effect: Float[np.ndarray, "unit"]  # by how much the score rises if it is as in the clean text
    size: Float[np.ndarray, "unit"]  # by which units are chosen: the effect without its sign, or GradDrop's


def effects(
    forward: Forward,
    params: Params,
    clean: Text,
    corrupted: Text,
    target: Target,
    *,
    sites: Sequence[Site],
    settings: Settings | None = DEFAULT,
) -> Effects:
    """Return the effects of all units, without a graph; arguments as for `trace`.

    Args:
        forward: the model.
        params: its weights.
        clean: texts; what is found is the mean over them.
        corrupted: other texts of the same lengths.
        target: the score.
        sites: whose units.
        settings: which gradient; None: exactly, a run for each unit.
    """
    given = contrast(forward, params, clean, corrupted, target, sites, 0.0)
    whole = np.stack([given.site, given.unit])
    names = np.insert(whole, 1, -1, axis=0)
    ordered = tuple(site for site, _, _ in given.clean.sites)
    site, unit = np.unique(whole, axis=1)
    if settings is None:
        alone = exact(given, names)
        return Effects(ordered, site, unit, alone, np.abs(alone))
    found = estimated(given, names, settings)
    return Effects(ordered, site, unit, found.effect, found.size)


def faithfulness(
    forward: Forward,
    params: Params,
    clean: Text,
    corrupted: Text,
    target: Target,
    *,
    sites: Sequence[Site],
    kept: Bool[Any, "set unit"],
) -> Float[np.ndarray, "set"]:
    """Return which share of the difference sets of units carry: they are computed, all others are as in the other text.

    Args:
        forward: the model; this and what follows as for `effects`.
        params: its weights.
        clean: the texts to be carried.
        corrupted: those that the other units are taken from.
        target: the score.
        sites: whose units are held.
        kept: true for the units of each set, in the order of `effects`.

    Returns:
        1 where a set does what all units do, 0 where it does what none does.

    Raises:
        KeyError, ValueError: as `trace`; sets of other units than those of the sites.
    """
    given = contrast(forward, params, clean, corrupted, target, sites, 0.0)
    _, of = np.unique(np.stack([given.site, given.unit]), axis=1, return_inverse=True)
    kept = np.asarray(kept)
    if kept.ndim != 2 or kept.shape[1] != of.max() + 1 or kept.dtype != bool:
        raise ValueError(
            f"expected sets [set unit] of truth values over the {of.max() + 1} units of {', '.join(sites)}, got "
            f"{kept.dtype} {kept.shape}"
        )
    return np.asarray(faithful(given.clean, given.other_values, jnp.asarray(kept[:, of.ravel()])))
