import numpy as np
import pytest

from jaxneuron.targets import Logit
from jaxneuron.trace import Settings, neurons
from tests.trace.planted import CIRCUIT, CLEAN, CORRUPTED, forward, named, params

SITES = ("layer1", "layer0")
ALL = Settings(share=1.0, edge_share=1.0)


def trace(clean=CLEAN, corrupted=CORRUPTED, token=0, sites=SITES, **settings):
    return neurons.trace(
        forward, params(), clean, corrupted, Logit(token), sites=sites, settings=ALL._replace(**settings)
    )


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
