"""Which parts of the model read which? The edges between whole sites that carry a difference to a score.

Edge attribution patching (EAP, Syed et al. 2023, arXiv 2310.10348) and, with `order="integrated"`, EAP-IG (Hanna et al.
2024, arXiv 2403.17806): what u writes into v changes the score by

    (u - u') . d score / d input of v

where the input of v is what v reads of the stream: here the gradient goes back through v and, with all other sites
held, straight to u, which is the same product and needs no model that has a stream.

Cost:
    Three passes at each of five steps for the effects, and as many for each of the nodes and the score for the edges;
    one pass for each node, patched alone, and four or five for the check.

Fails:
    Estimates miss what saturates; `Check.agreement` says by how much. Few texts make a graph of those texts. All
    positions together need sites without recurrence.

Peers:
    The authors' EAP and EAP-IG code on TransformerLens, which needs a stream of known parts; here any sites of any
    forward.

Example:
    from docs.tiny import forward, pairs, params
    from jaxneuron.targets import Logit, Minus
    from jaxneuron.trace import edges

    target, sites = Minus(Logit(4), Logit(5)), ("embed/word", "stream", "mlp/hidden")
    graph = edges.trace(forward, params, pairs.tokens, pairs.source, target, sites=sites)
    print([graph.sites[one] for one in graph.nodes.site])
    #: ['embed/word', 'stream', 'mlp/hidden']
"""

from collections.abc import Sequence

import numpy as np

from jaxneuron.trace import Graph, Settings
from jaxneuron.trace._graph import traced
from jaxneuron.trace._runs import contrast
from jaxneuron.types import Forward, Params, Site, Target, Text

FAST = Settings(order="integrated", share=1.0, positions=False, steps=5)
"""All sites, each at all positions together."""


def trace(
    forward: Forward,
    params: Params,
    clean: Text,
    corrupted: Text | None,
    target: Target,
    *,
    sites: Sequence[Site],
    settings: Settings = FAST,
    baseline: float = 0.0,
) -> Graph:
    """Return which sites carry what two texts differ in to a score, and what each reads of the others.

    Args:
        forward: the model.
        params: its weights.
        clean: texts, `[batch time]`; what is found is the mean over them.
        corrupted: other texts of the same lengths; None: the clean ones, with sites at a baseline.
        target: the score.
        sites: the nodes, such as the embedding and what every block's attention and MLP write. An edge is what passes
            from one to the other by none of the rest.
        settings: which gradient ("first" is EAP, "integrated" EAP-IG), and how much of what is found.
        baseline: of all sites, where there is no corrupted text.

    Raises:
        KeyError: no such site.
        ValueError: texts of different lengths, a site that does not reach the target, settings out of their range, or
            a recurrent site without positions.
        NotImplementedError: of "relevance", an operation without a rule.
    """
    given = contrast(forward, params, clean, corrupted, target, sites, baseline)
    whole = np.full_like(given.position, -1)
    names = np.stack([given.site, given.position if settings.positions else whole, whole])
    return traced(given, names, settings, corrupted is None)
