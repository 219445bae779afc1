"""Which neurons pass it on, and to which? The circuit of units at positions between two texts and a score.

Neuron circuits as Transluce 2026 (arXiv 2601.22594), with the pruning of attribution graphs (Ameisen et al. 2025,
"Circuit Tracing"), on any forward whose operations are known, since no module is replaced: a node is one unit at one
position, its effect what patching it alone is estimated to change, an edge what passes straight to another unit while
all other sites are held. Beside them stands what exact patching says.
"""

from collections.abc import Sequence

import numpy as np

from jaxneuron.trace import DEFAULT, Graph, Settings
from jaxneuron.trace._graph import traced
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
