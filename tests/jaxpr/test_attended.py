import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split, targets
from jaxneuron.jaxpr.attended import attended
from jaxneuron.types import Tokens
from jaxneuron_models import transformer

CONFIG = transformer.TransformerConfig(9, width=8, blocks=2, heads=4, longest=5, causal=True)
TEXT = Tokens(jnp.array([[1, 2, 3, 4], [5, 6, 7, 0]]), jnp.array([[True] * 4, [True] * 3 + [False]]))


FORWARD, INIT = transformer.build(CONFIG)
PARAMS = INIT(jax.random.key(0))


@pytest.mark.parametrize(("site", "softmaxes"), [("embed", 1), ("block0/mlp", 1), ("block1/mlp", 0)])
def test_a_model_is_cut_at_the_attention_that_reads_a_site_first(site, softmaxes):
    value = split.below(FORWARD, PARAMS, site)(TEXT)
    score = split.above(FORWARD, PARAMS, TEXT, site, targets.Unit("block1/residual", 3, -1))
    weights, rest = attended(score, value)
    found = weights(value)
    assert [one.shape[0] for one in found] == [2] * softmaxes
    for one in found:
        np.testing.assert_allclose(one.sum(-1)[:, ..., :3], 1, rtol=1e-6)
    np.testing.assert_allclose(rest(value, found), score(value), rtol=1e-5)
    held = rest(2 * value, found)  # what the weights are is given, not computed
    assert softmaxes or np.allclose(held, score(2 * value))
    if softmaxes:
        np.testing.assert_allclose(rest(2 * value, weights(2 * value)), score(2 * value), rtol=1e-5)
        assert np.abs(held - score(2 * value)).max() > 1e-4


def test_a_softmax_of_a_softmax_belongs_to_the_rest():
    def f(x):
        inner = jax.nn.softmax(x, axis=1)
        return jnp.sum(jax.nn.softmax(3 * inner, axis=1) * jax.nn.softmax(x * x, axis=1), axis=1)

    x = jax.random.normal(jax.random.key(0), (2, 3))
    weights, rest = attended(f, x)
    assert len(weights(x)) == 2
    np.testing.assert_allclose(rest(x, weights(x)), f(x), rtol=1e-6)
    np.testing.assert_allclose(
        rest(x, [jnp.ones_like(x), jnp.ones_like(x)]), jnp.ones(2), rtol=1e-6
    )  # thirds that add up
