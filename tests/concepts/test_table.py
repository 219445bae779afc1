"""One prediction's concepts: the formula by hand, and that nothing is lost or counted twice."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.concepts import table as concept_table
from jaxneuron.ranking import ranked
from jaxneuron.types import Probe


def test_contributions_and_remainder_sum_to_the_attribution():
    rng = np.random.default_rng(0)
    score, attribution = jnp.asarray(rng.normal(size=(4, 30))), jnp.asarray(rng.normal(size=(5, 30)))
    table = concept_table.explain(ranked(score), attribution, top=8)
    np.testing.assert_allclose(table.score.sum(-1) + table.remainder, table.total, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(table.total, attribution.sum(-1), rtol=1e-4, atol=1e-5)
    assert (table.share >= 0).all() and (table.share.sum(0) <= 1 + 1e-6).all()
    assert ((table.share > 0).sum(-1) <= 8).all()
    np.testing.assert_allclose(table.expected, attribution.mean(-1)[:, None] * table.share.sum(-1)[None], rtol=1e-4)


def test_a_unit_of_its_own_goes_to_its_concept_and_a_shared_one_in_parts():
    score = ranked(jnp.array([[3.0, 1.0, 0.0, -2.0], [0.0, 1.0, 1.0, -1.0]]))
    table = concept_table.explain(score, jnp.array([10.0, 4.0, 1.0, 7.0]), top=3)
    # per concept: [3/4 1/4 0 0] and [0 1/2 1/2 0]; the second unit is divided as 1/4 to 1/2
    np.testing.assert_allclose(table.share, [[1, 1 / 3, 0, 0], [0, 2 / 3, 1, 0]], rtol=1e-6)
    np.testing.assert_allclose(table.score, [10 + 4 / 3, 8 / 3 + 1], rtol=1e-6)
    np.testing.assert_allclose(table.remainder, 7)


def test_a_probe_counts_by_absolute_weight_and_one_concept_may_lack_the_axis():
    weights = jnp.array([[-4.0, 0.0, 1.0]])
    probe = Probe(weights, jnp.zeros(1), jnp.zeros(3), jnp.ones(3), {})
    attribution = jnp.array([1.0, 2.0, 3.0])
    by_probe = concept_table.explain(probe, attribution, top=1)
    by_rank = concept_table.explain(ranked(jnp.abs(weights[0])), attribution, top=1)
    assert by_probe.score.tolist() == by_rank.score.tolist() == [1.0]
    assert by_probe.remainder.item() == 5.0


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="units attributed"):
        concept_table.explain(ranked(jnp.ones((2, 3))), jnp.ones(4))
    with pytest.raises(ValueError, match="at least one top"):
        concept_table.explain(ranked(jnp.ones((2, 3))), jnp.ones(3), top=0)
