import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.targets import Logit
from jaxneuron.trace import Settings, edges
from tests.trace.planted import ANSWER, CLEAN, CORRUPTED, forward, params

WHAT = (CLEAN, CORRUPTED, Logit(0))
SITES = ("embed", "layer0", "layer1")
FIRST = Settings(order="first", share=1.0, edge_share=1.0, positions=False)


def weight(found, source, reader):
    names = [*(found.sites[site] for site in found.nodes.site), "score"]
    pairs = zip(found.edges.source, found.edges.reader, found.edges.weight, strict=True)
    return {(names[a], names[b]): float(value) for a, b, value in pairs}.get((source, reader), 0.0)


def test_an_edge_is_what_is_written_times_the_slope_of_what_the_reader_reads():
    """Equation 2 of arXiv 2310.10348, for the first layer, which reads the embedding and nothing else."""
    weights = params()
    found = edges.trace(forward, weights, *WHAT, sites=SITES, settings=FIRST)

    def read(entering):  # the score, where the first layer reads this and the rest of the model what it did
        stream = weights["table"][CORRUPTED.ids]
        added = jax.nn.silu(entering @ weights["reads"][0]) @ weights["writes"][0]
        stream = stream + jnp.cumsum(added, axis=1) - added
        stream = stream + jax.nn.silu(stream @ weights["reads"][1]) @ weights["writes"][1]
        return jnp.mean(stream[:, -1, ANSWER])

    clean, corrupted = (weights["table"][text.ids] for text in (CLEAN, CORRUPTED))
    right = jnp.sum((clean - corrupted) * jax.grad(read)(corrupted))
    np.testing.assert_allclose(weight(found, "embed", "layer0"), right, rtol=1e-5)
    assert weight(found, "layer0", "layer1") and weight(found, "layer1", "score")
    assert not weight(found, "layer0", "score") and not weight(found, "embed", "score")  # nothing passes straight


def test_averaged_slopes_add_up_to_the_difference():
    found = edges.trace(forward, params(), *WHAT, sites=SITES, settings=edges.FAST._replace(steps=20))
    difference = found.check.clean - found.check.corrupted
    np.testing.assert_allclose(found.nodes.effect[0], difference, rtol=1e-3)  # of the embedding, through which all goes
    np.testing.assert_allclose(found.nodes.exact[0], difference, rtol=1e-5)
    np.testing.assert_allclose([found.check.through, found.check.faithfulness], 1, rtol=1e-5)


def test_fewer_edges_carry_a_share():
    few = edges.trace(forward, params(), *WHAT, sites=SITES, settings=FIRST._replace(edge_share=0.3))
    assert 0 < len(few.edges.weight) < 3 and len(few.nodes.site) == 3


def test_a_recurrent_site_needs_positions():
    def recurrent(weights, tokens, edits):
        from jaxneuron.tap import Tap

        tap = Tap(edits)

        def step(state, inputs):
            word, time = inputs
            state = tap.edit("state", jnp.tanh(0.5 * state + word), time)
            return state, state

        words = jnp.moveaxis(weights[tokens.ids], 1, 0)
        _, states = jax.lax.scan(step, jnp.zeros_like(words[0]), (words, jnp.arange(len(words))))
        tap.record("state", jnp.moveaxis(states, 0, 1))
        return jnp.moveaxis(states, 0, 1), tap.activations()

    table = jnp.array([[0.1, -0.2], [0.5, 0.3], [-0.4, 0.2]])
    with pytest.raises(ValueError, match="'state' is recurrent"):
        edges.trace(recurrent, table, *WHAT, sites=("state",))
    found = edges.trace(recurrent, table, *WHAT, sites=("state",), settings=FIRST._replace(positions=True))
    places = found.nodes.position[found.edges.source]
    reads = np.append(found.nodes.position, 3)[found.edges.reader]
    assert (reads == places + 1).all()  # each step passes on to the next, and the last to the score
    passed = np.bincount(found.edges.source, found.edges.weight, minlength=len(found.nodes.site))
    np.testing.assert_allclose(passed, found.nodes.effect, atol=1e-6)
