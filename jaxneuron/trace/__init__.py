"""Through which units does it pass? Draw the graph by which a difference between two texts reaches a score.

Every module has one verb, `trace`, of a model that reads a clean and a corrupted text of the same length:

- `neurons`: units at positions, and what each passes to later units (neuron circuits)
- `edges`: whole sites, such as the heads and MLPs of each block, and what each reads of the others (EAP, EAP-IG)

Both hold what lies at the sites between two nodes, so that an edge is what passes straight from one to the other, and
what a node passes on along all its edges is its effect. Estimates are measured: `Check` says how well the effects agree
with exact patching, and how much of the difference the graph carries by itself.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.types import Forward, Params, Site, Target, Text


class Nodes(NamedTuple):
    """What a graph passes through, in the order of the computation."""

    site: Int[np.ndarray, "node"]  # its place in `Graph.sites`
    position: Int[np.ndarray, "node"]  # -1: all positions together
    unit: Int[np.ndarray, "node"]  # -1: the whole site
    effect: Float[np.ndarray, "node"]  # estimated: by how much the score rises if it is as in the clean text, mean
    # over the texts
    exact: Float[np.ndarray, "node"]  # the same, measured by patching the node alone
    influence: Float[np.ndarray, "node"]  # its share of all that flows into the score through the graph, 0 to 1


class Edges(NamedTuple):
    """What passes straight from one node to another."""

    source: Int[np.ndarray, "edge"]  # node
    reader: Int[np.ndarray, "edge"]  # node, or as many as there are nodes: the score itself
    weight: Float[np.ndarray, "edge"]  # in the score's unit, signed


class Check(NamedTuple):
    """What is true of a graph, measured on the model; all are means over the texts."""

    clean: float  # the score of the clean text
    corrupted: float  # the score of the other; against a baseline, that of the clean text with all sites held at it
    agreement: float  # Pearson's correlation of estimated and exact effects of the nodes; NaN of fewer than 3
    covered: float  # the nodes' share of all effects, taken without their signs
    faithfulness: float  # share of what passes through the sites that is left if only the nodes do as in the clean text
    rest: float  # the same if all but the nodes do: what the graph misses, or what makes up for it
    through: float  # share of `clean - corrupted` that passes through the sites at all; more where others work against


class Graph(NamedTuple):
    """Through which nodes a difference reaches a score, strongest edges only; what every `trace` returns."""

    sites: tuple[Site, ...]  # in the order of the computation
    nodes: Nodes
    edges: Edges
    check: Check


class Settings(NamedTuple):
    """How a graph is drawn."""

    order: Literal["first", "integrated", "relevance", "dropped"] = "relevance"  # which gradient estimates effects and
    # edges; dropped: the first order, with the nodes chosen by GradDrop of AtP*
    share: float = 0.8  # nodes are taken, largest effects first, until they have this share of all (without signs)
    most: int = 100  # so many nodes at most
    edge_share: float = 0.9  # edges are kept until they carry this share of all that flows into the score
    positions: bool = True  # a node at each position; otherwise one for all, for texts with their words at other places
    steps: int = 10  # gradients that are averaged, for integrated


DEFAULT = Settings()
"""Units at positions, by relevance."""


class Trace(Protocol):
    """The folder's verb."""

    def __call__(
        self,
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
        """Return the graph by which what the texts differ in reaches the target."""
        ...
