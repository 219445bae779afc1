"""A network whose circuit is known: two units per layer carry the word's number, the others carry the word itself.

Beside each layer stands a site `aside`, which reads all that the layer reads and differs in every unit between the
texts, but writes only to what no head reads.
"""

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

WIDTH, UNITS, TIME = 8, 6, 3
NUMBER, WORD, ANSWER = 0, 1, 7
"""Entries of the stream: the number that is asked for, what else differs, and what the head reads."""

CIRCUIT = {("layer0", 1, 2), ("layer0", 1, 4), ("layer1", 2, 1), ("layer1", 2, 3)}
"""Site, position and unit: at the second word two units copy its number, at the last two read it from there."""

EDGES = {(("layer0", 1, 2), ("layer1", 2, 1)), (("layer0", 1, 4), ("layer1", 2, 3))}


def params():
    reads = np.zeros((2, WIDTH, UNITS), np.float32)
    writes = np.zeros((2, UNITS, WIDTH), np.float32)
    reads[0, NUMBER, [2, 4]], reads[0, WORD, [0, 1, 3, 5]] = (1, 2), (1, -1, 2, 1)
    writes[0, 2, 3], writes[0, 4, 4], writes[0, [0, 1, 3, 5], 5] = 1, 1, 1
    reads[1, 3, 1], reads[1, 4, 3], reads[1, 5, [0, 2, 4, 5]] = 1, 1, (1, 2, -1, 1)
    writes[1, [1, 3], ANSWER], writes[1, [0, 2, 4, 5], 6] = (1, 2), 1
    beside = np.random.default_rng(0).normal(size=(WIDTH, UNITS)).astype(np.float32)
    unread = np.zeros((UNITS, WIDTH), np.float32)
    unread[:, [5, 6]] = 1
    table = np.zeros((4, WIDTH), np.float32)
    table[:, NUMBER], table[:, WORD] = (0, 1, 0, 2), (0.5, 1, -2, 3)
    return jax.tree.map(
        jnp.asarray, {"table": table, "reads": reads, "writes": writes, "beside": beside, "unread": unread}
    )


def forward(params, tokens, edits):
    tap = Tap(edits)
    time = jnp.arange(tokens.ids.shape[1])
    stream = tap("embed", params["table"][tokens.ids], time)
    for layer in range(2):
        beside = tap(f"aside{layer}", jax.nn.silu(stream @ params["beside"]), time)
        hidden = tap(f"layer{layer}", jax.nn.silu(stream @ params["reads"][layer]), time)
        added = hidden @ params["writes"][layer] + beside @ params["unread"]
        if layer == 0:  # each position reads the sum of those before it, as attention does
            stream = stream + jnp.cumsum(added, axis=1) - added
        else:
            stream = stream + added
    return stream[..., ANSWER:], tap.activations()


SITES = ("layer1", "aside1", "layer0", "aside0")


def texts(*ids):
    return Tokens(jnp.asarray(ids), jnp.ones((len(ids), TIME), bool))


CLEAN, CORRUPTED = texts([0, 1, 0], [2, 3, 0]), texts([0, 2, 0], [2, 0, 0])


def named(graph):
    nodes = graph.nodes
    return [
        (graph.sites[site], int(at), int(unit))
        for site, at, unit in zip(nodes.site, nodes.position, nodes.unit, strict=True)
    ]
