import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.tap import Tap, lookup
from jaxneuron.writes import weight_classes
from jaxneuron.writes.weight_classes import KINDS, Ways
from tests.writes import handmade

PLANTED = (
    # what the unit reads, what its gate reads, what it writes: axes of the stream, with a sign
    ("enrichment", 1, 1, 1, True),
    ("enrichment", 1, -1, 1, True),
    ("enrichment", 2, 2, 2, True),
    ("conditional enrichment", 3, 4, 3, True),
    ("depletion", 4, 4, -4, True),
    ("conditional depletion", 5, 6, -5, True),
    ("proportional change", 6, 7, 7, True),
    ("proportional change", 6, -7, 7, True),
    ("orthogonal output", 7, 8, 9, True),
    ("orthogonal output", 7, 7, 9, True),
)
"""The classes of 2505.17936, and units that are of them."""


def axes(numbers):
    """Return a row for each unit: an axis of the stream, or against it."""
    return jnp.sign(jnp.array(numbers))[:, None] * jnp.eye(handmade.WIDTH)[jnp.abs(jnp.array(numbers))]


def params(*, gated=True):
    """Return weights of which the MLP's are planted; the norm's scale is undone, so that the stream sees the axes."""
    found = handmade.weights(jax.random.key(0), gated=gated)
    reads, gates, writes = (axes([unit[place] for unit in PLANTED]) for place in (1, 2, 3))
    planted = {"in": (reads / found["norm"][None]).T, "gate": (gates / found["norm"][None]).T, "out": writes}
    return found | {name: 3 * leaf for name, leaf in planted.items() if name in found}


def test_classes_of_planted_weights_are_exact():
    found = weight_classes.write(handmade.forward, params(), site="block0/mlp/hidden")
    assert [KINDS[kind] for kind in found.kind] == [unit[0] for unit in PLANTED]
    assert found.typical.all()
    np.testing.assert_allclose(found.in_out[:6], [1, 1, 1, 1, -1, -1], atol=1e-4)
    np.testing.assert_allclose(found.gate_out[:4], [1, -1, 1, 0], atol=1e-4)
    np.testing.assert_allclose(found.gate_in[[0, 1, 3]], [1, -1, 0], atol=1e-4)


def test_without_a_gate_there_are_three_classes():
    found = weight_classes.write(handmade.forward, params(gated=False), site="block0/mlp/hidden")
    expected = ["enrichment"] * 4 + ["depletion"] * 2 + ["orthogonal output"] * 4
    assert [KINDS[kind] for kind in found.kind] == expected
    assert np.isnan(found.gate_out).all() and np.isnan(found.null[1:]).all() and np.isfinite(found.null[0]).all()


def test_a_gate_that_reads_otherwise_is_atypical():
    kind, typical = weight_classes.classify(
        np.array([0.9, 0.9, 0.1]), np.array([0.8, 0.1, 0.7]), np.array([0.1, 0.9, 0.1])
    )
    assert [KINDS[one] for one in kind] == ["enrichment", "conditional enrichment", "proportional change"]
    assert typical.tolist() == [False, False, True]


def test_chance_is_what_unlike_units_have():
    random = handmade.weights(jax.random.key(0))
    random = random | {"out": jax.random.normal(jax.random.key(1), random["out"].shape)}
    found = weight_classes.write(handmade.forward, random, site="block0/mlp/hidden")
    # of directions in ten dimensions, 95 % of the cosines are within 2 / sqrt(10)
    assert np.all(np.abs(np.abs(found.null) - 0.6) < 0.2)


def after_each_part(params, tokens, edits):
    """Normalise after attention, and after the MLP."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
    embed = tap("embed", lookup(params["table"], tokens.ids), time)
    attention = tap("block0/attention", embed @ params["mix"], time)
    x = handmade.normed(embed + attention, params["norm"])
    hidden = tap("block0/mlp/hidden", jax.nn.gelu(x @ params["in"]), time)
    added = tap("block0/mlp", hidden @ params["out"], time)
    residual = tap("block0/residual", handmade.normed(x + added, params["final"]), time)
    return residual @ params["head"], tap.activations()


def test_where_a_norm_is_between_its_scale_is_undone():
    found = handmade.weights(jax.random.key(0)) | {"norm": jnp.linspace(0.2, 3, handmade.WIDTH)}
    reads = jax.random.normal(jax.random.key(2), (handmade.WIDTH, handmade.WIDTH))
    found |= {"in": reads.T, "out": reads * jnp.where(jnp.arange(handmade.WIDTH) < 5, 1, -1)[:, None]}
    classes = weight_classes.write(after_each_part, found, site="block0/mlp/hidden")
    assert [KINDS[kind] for kind in classes.kind] == ["enrichment"] * 5 + ["depletion"] * 5
    np.testing.assert_allclose(np.abs(classes.in_out), 1, atol=1e-3)


def test_what_has_no_such_weights_is_named():
    with pytest.raises(ValueError, match="no site before|not of one width|no linear"):
        weight_classes.write(handmade.forward, params(), site="embed")
    with pytest.raises(ValueError, match="between 0 and 1"):
        weight_classes.write(handmade.forward, params(), site="block0/mlp/hidden", threshold=1.0)
    with pytest.raises(KeyError, match="did you mean"):
        weight_classes.write(
            handmade.forward, params(), site="block0/mlp/hidden", ways=Ways("block0/mlp/in", None, "block0/atention")
        )
