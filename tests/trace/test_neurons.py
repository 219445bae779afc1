import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Clamp
from jaxneuron.targets import Logit
from jaxneuron.trace import Settings, neurons
from tests.trace.planted import CIRCUIT, CLEAN, CORRUPTED, EDGES, forward, named, params, texts

SITES = ("layer1", "layer0")
ALL = Settings(share=1.0, edge_share=1.0)


def trace(clean=CLEAN, corrupted=CORRUPTED, token=0, sites=SITES, **settings):
    return neurons.trace(
        forward, params(), clean, corrupted, Logit(token), sites=sites, settings=ALL._replace(**settings)
    )


@pytest.mark.parametrize("order", ["first", "integrated", "relevance", "dropped"])
def test_a_planted_circuit_is_returned_whole_with_no_unit_beside_it(order):
    found = trace(order=order)
    names = named(found)
    assert found.sites == ("layer0", "layer1") and set(names) == CIRCUIT
    ends = [*names, "score"]
    edges = {(ends[a], ends[b]) for a, b in zip(found.edges.source, found.edges.reader, strict=True)}
    assert edges == EDGES | {(name, "score") for name in CIRCUIT if name[0] == "layer1"}
    np.testing.assert_allclose(found.check.faithfulness, 1, rtol=1e-5)
    np.testing.assert_allclose(found.check.rest, 0, atol=1e-5)
    np.testing.assert_allclose(found.check.through, 1, rtol=1e-5)
    assert found.check.agreement > 0.9 and found.check.covered == 1


def test_exact_effects_are_those_of_a_loop():
    weights, found = params(), trace()
    clean = forward(weights, CLEAN, {})[1]
    before = Logit(0)(*forward(weights, CORRUPTED, {}), CORRUPTED)
    for (site, position, unit), exact in zip(named(found), found.nodes.exact, strict=True):
        there = jnp.zeros(clean[site].shape, bool).at[:, position, unit].set(True)
        edit = Clamp(jnp.where(there, clean[site], -jnp.inf), jnp.where(there, clean[site], jnp.inf))
        after = Logit(0)(*forward(weights, CORRUPTED, {site: edit}), CORRUPTED)
        np.testing.assert_allclose(exact, jnp.mean(after - before), rtol=1e-5)


@pytest.mark.parametrize("order", ["first", "integrated", "relevance"])
@pytest.mark.parametrize("positions", [True, False])
def test_a_node_passes_on_all_of_its_effect_along_its_edges(order, positions):
    found = trace(sites=("embed", *SITES), order=order, positions=positions)
    passed = np.bincount(found.edges.source, found.edges.weight, minlength=len(found.nodes.site))
    np.testing.assert_allclose(passed, found.nodes.effect, atol=1e-5)
    assert (found.nodes.position == -1).all() != positions


def test_against_a_baseline_effects_are_what_is_lost():
    found = trace(corrupted=None, order="integrated", steps=99)
    assert CIRCUIT <= set(named(found))
    np.testing.assert_allclose(found.check.through, 1, rtol=1e-5)
    np.testing.assert_allclose(found.check.faithfulness, 1, rtol=1e-5)


def test_fewer_nodes_are_asked_for_by_share_or_number():
    few = trace(share=0.5)
    assert 0 < len(few.nodes.site) < 4 and few.check.covered >= 0.5 and few.check.faithfulness < 1
    one = trace(most=1)
    assert len(one.nodes.site) == 1 and set(named(one)) <= CIRCUIT


def test_bad_input_is_named():
    with pytest.raises(KeyError, match="did you mean 'layer1'"):
        trace(sites=("layer2",))
    with pytest.raises(ValueError, match="same length, got .*3, 3.* and .*3.* tokens"):
        trace(corrupted=texts([0, 1, 0]))
    with pytest.raises(ValueError, match="got 'second'"):
        trace(order="second")
    with pytest.raises(ValueError, match="`share` is a share"):
        trace(share=0.0)
    with pytest.raises(ValueError, match="`most` must be at least 1"):
        trace(most=0)
    with pytest.raises(ValueError, match="unit .9. is out of range"):
        trace(token=9)
    with pytest.raises(ValueError, match="each once"):
        trace(sites=())


def test_units_are_found_without_a_graph_and_sets_of_them_kept():
    what, settings = (forward, params(), CLEAN, CORRUPTED, Logit(0)), Settings(order="first")
    found, right = (neurons.effects(*what, sites=SITES, settings=one) for one in (settings, None))
    own = [(found.sites[site], unit) for site, unit in zip(found.site, found.unit, strict=True)]
    member = np.array([name in {(site, unit) for site, _, unit in CIRCUIT} for name in own])
    assert (found.effect != 0).tolist() == member.tolist() == (np.abs(right.effect) > 1e-6).tolist()
    kept = np.stack([member, ~member, member & (found.site == 0)])
    np.testing.assert_allclose(neurons.faithfulness(*what, sites=SITES, kept=kept), [1, 0, 0], atol=1e-5)
    with pytest.raises(ValueError, match="over the 12 units"):
        neurons.faithfulness(*what, sites=SITES, kept=kept[:, :3])
