"""A graph of nodes and edges, drawn, and in the format that Neuronpedia and Anthropic's viewer read.

The format: github.com/hijohnnylin/neuronpedia, apps/webapp/app/api/graph/graph-schema.json. A site is a layer there,
numbered in the order of the computation; a node's influence is that of all nodes with at least as much, by which the
viewers' sliders cut.
"""

import html
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

import jaxneuron
from jaxneuron.report.palette import COLOURS
from jaxneuron.trace import Graph

UP, DOWN = COLOURS[0], COLOURS[1]
STEP, ROW, LEFT, TOP = 22, 64, 150, 56
"""Pixels: between nodes, between sites, beside the sites' names, above the first row."""


class Asked(NamedTuple):
    """What a graph is an answer to."""

    model: str
    text: str
    pieces: Sequence[str]  # of the clean text, as the model reads it
    target: str
    position: int  # the piece at which the target is read


def neuronpedia(graph: Graph, asked: Asked) -> dict[str, Any]:
    """Return a graph in Neuronpedia's schema, ready for `json.dump`."""
    nodes, count = graph.nodes, len(graph.nodes.site)
    order = np.argsort(-nodes.influence, kind="stable")
    reached = np.empty(count)
    reached[order] = np.cumsum(nodes.influence[order]) / max(nodes.influence.sum(), 1e-30)
    site, position, unit = (
        np.append(np.maximum(one, 0), 0).tolist() for one in (nodes.site, nodes.position, nodes.unit)
    )
    site[-1], position[-1] = len(graph.sites), asked.position
    kinds = [*("component" if one < 0 else "neuron" for one in nodes.unit), "logit"]
    effect = np.append(nodes.effect, graph.check.clean - graph.check.corrupted)
    names = [f"{a}_{b}_{c}" for a, b, c in zip(site, unit, position, strict=True)]
    told = [
        {
            "node_id": names[number],
            "feature": unit[number],
            "layer": str(site[number]),
            "ctx_idx": position[number],
            "feature_type": kinds[number],
            "jsNodeId": f"{site[number]}_{unit[number]}-{position[number]}",
            "clerp": name(graph, number) if number < count else asked.target,
            "influence": float(reached[number]) if number < count else 0.0,
            "activation": float(effect[number]),
        }
        for number in range(count + 1)
    ]
    edges = zip(graph.edges.source, graph.edges.reader, graph.edges.weight, strict=True)
    return {
        "metadata": {
            "slug": "-".join("".join(c if c.isalnum() else " " for c in asked.text.lower()).split())[:60] or "graph",
            "scan": asked.model,
            "prompt_tokens": list(asked.pieces),
            "prompt": asked.text,
            "node_threshold": 1.0,
            "info": {
                "description": f"What the texts differ in, on its way to {asked.target}; a node's activation is its "
                "effect on the score. Checked by exact patching: "
                + ", ".join(f"{key} {value:.3g}" for key, value in graph.check._asdict().items()),
                "generator": {"name": "jaxneuron", "version": jaxneuron.__version__},
            },
        },
        "qParams": {"pinnedIds": [], "supernodes": [], "linkType": "both", "clickedId": "", "sg_pos": ""},
        "nodes": told,
        "links": [{"source": names[a], "target": names[b], "weight": float(value)} for a, b, value in edges],
    }


def written(graph: Graph, asked: Asked) -> str:
    """Return a graph in Neuronpedia's schema as a file has it; what is no number is null."""
    told = neuronpedia(graph, asked)
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def name(graph: Graph, number: int) -> str:
    """Return what a node is called: its site, its unit and its position, as far as it has them."""
    nodes = graph.nodes
    if number == len(nodes.site):
        return "the score"
    said = graph.sites[nodes.site[number]]
    if nodes.unit[number] >= 0:
        said += f":{nodes.unit[number]}"
    return said + (f" at {nodes.position[number]}" if nodes.position[number] >= 0 else "")


def drawing(graph: Graph, asked: Asked) -> str:
    """Return a graph as an SVG: sites from the bottom up, positions from left to right, the score on top."""
    nodes = graph.nodes
    used = sorted(set(nodes.site.tolist()))
    pooled = bool(len(nodes.site)) and bool((nodes.position < 0).all())
    columns = [-1] if pooled else list(range(len(asked.pieces)))
    cells = {
        (at, site): np.flatnonzero((nodes.position == at) & (nodes.site == site)) for at in columns for site in used
    }
    widths = [max(58, 12 + STEP * max((len(cells[at, site]) for site in used), default=0)) for at in columns]
    starts = LEFT + np.concatenate([[0], np.cumsum(widths)])
    bottom = TOP + ROW * len(used)
    where = np.zeros((len(nodes.site) + 1, 2))
    end = columns.index(-1 if pooled else asked.position)
    where[-1] = starts[end] + widths[end] / 2, TOP - 26
    for (at, site), members in cells.items():
        column, row = columns.index(at), used.index(site)
        offsets = (np.arange(len(members)) - (len(members) - 1) / 2) * STEP
        where[members, 0] = starts[column] + widths[column] / 2 + offsets
        where[members, 1] = bottom - ROW * (row + 0.5)
    aside = _aside(graph, where)
    crossing = float((LEFT - 6 - np.minimum(where[graph.edges.source, 0] + 0.75 * aside, LEFT)).max(initial=0))
    starts, where = starts + crossing, where + np.array([[crossing, 0]])  # no edge runs over the names of the sites
    most = max(np.abs(graph.edges.weight).max(initial=0), 1e-30), max(np.abs(nodes.effect).max(initial=0), 1e-30)
    parts = [
        f'<text x="{LEFT - 12}" y="{bottom - ROW * (row + 0.5) + 4}" text-anchor="end">{html.escape(graph.sites[site])}'
        f'</text><line x1="{LEFT}" x2="{starts[-1]}" y1="{bottom - ROW * row}" y2="{bottom - ROW * row}" class="rule"/>'
        for row, site in enumerate(used)
    ]
    for source, reader, weight, by in sorted(zip(*graph.edges, aside, strict=True), key=lambda edge: abs(edge[2])):
        (x, y), (to_x, to_y), size = where[source], where[reader], abs(weight) / most[0]
        middle = (y + to_y) / 2
        said = f"{name(graph, int(source))} → {name(graph, int(reader))}: {weight:+.3g}"
        parts.append(
            f'<path d="M{x:.1f} {y:.1f}C{x + by:.1f} {middle:.1f} {to_x + by:.1f} {middle:.1f} {to_x:.1f} '
            f'{to_y:.1f}" fill="none" stroke="{UP if weight > 0 else DOWN}" stroke-width="{0.4 + 3 * size:.2f}" '
            f'stroke-opacity="{0.15 + 0.7 * size:.2f}"><title>{html.escape(said)}</title></path>'
        )
    for number in range(len(nodes.site)):
        (x, y), effect = where[number], nodes.effect[number]
        said = f"{name(graph, number)}: effect {effect:+.3g}, patched alone {nodes.exact[number]:+.3g}"
        label = f'<text x="{x:.1f}" y="{y + 20:.1f}" class="small">{nodes.unit[number]}</text>'
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 6 * (abs(effect) / most[1]) ** 0.5:.1f}" fill="'
            f'{UP if effect > 0 else DOWN}"><title>{html.escape(said)}</title></circle>'
            + label
            * bool(nodes.unit[number] >= 0)
        )
    x, y = where[-1]
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="score"/>')
    parts.append(f'<text x="{x + 12:.1f}" y="{y + 4:.1f}">{html.escape(asked.target)}</text>')
    parts += [
        f'<text x="{starts[number] + widths[number] / 2:.1f}" y="{bottom + 18}" text-anchor="middle">'
        f"{html.escape(asked.pieces[at] if at >= 0 else 'all positions')}</text>"
        for number, at in enumerate(columns)
    ]
    wide, high = int(starts[-1]) + 140, bottom + 30
    style = (
        "svg.circuit text{font:12px system-ui,sans-serif;fill:currentColor}svg.circuit .small{font-size:9px;"
        "text-anchor:middle;opacity:.8}svg.circuit .rule{stroke:currentColor;opacity:.15}svg.circuit .score{fill:"
        "currentColor}"
    )
    return (
        f'<svg class="circuit" xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} '
        f'{high}" role="img" aria-label="The graph"><style>{style}</style>{"".join(parts)}</svg>'
    )


def _aside(graph: Graph, where: Float[np.ndarray, "node two"]) -> Float[np.ndarray, "edge"]:
    """Return how far to the side each edge is drawn, where it would run over what lies between its ends."""
    across, along = np.abs(where[graph.edges.source] - where[graph.edges.reader]).T
    size = np.where((across < STEP / 2) & (along > ROW), 18 * np.sqrt(along / ROW), 0)
    return np.where(graph.edges.weight > 0, size, -size)
