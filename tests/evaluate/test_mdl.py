"""Codelengths, in bits: short where labels are easy to learn, and the sum of what a loop of probes needs."""

from functools import partial

import jax
import numpy as np
import pytest

from jaxneuron.evaluate.information import token_bits
from jaxneuron.evaluate.mdl import mdl
from jaxneuron.rank import linear
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

FIT = partial(linear.fit, epochs=8, batch=16, learning_rate=0.05, l2=1e-3)
X, Y = planted.classes().train


def test_a_property_that_is_there_compresses_and_noise_does_not(key):
    there, noise = mdl(key, X, Y, fit=FIT), mdl(key, X, np.random.default_rng(5).permutation(Y), fit=FIT)
    assert there.compression > 1.5 > 1.05 > noise.compression
    np.testing.assert_allclose(there.uniform, 240 * np.log2(3))
    np.testing.assert_allclose(there.portions.sum(), there.bits)
    assert there.tokens.sum() == 240 and there.tokens[-1] == 120
    np.testing.assert_allclose(there.portions[0], there.tokens[0] * np.log2(3))


def test_one_fit_is_a_loop_of_probes_on_what_was_sent(key):
    one = partial(linear.fit, epochs=40, batch=None, learning_rate=0.05, standardise=False)
    found = mdl(key, X, Y, fractions=(0.25, 0.5, 1.0), fit=one, budget=2**13)
    order = np.asarray(jax.random.permutation(jax.random.split(key)[0], 240))
    bits = [60 * np.log2(3)]
    for start, stop in ((60, 120), (120, 240)):
        probe = one(key, X[order[:start]], Y[order[:start]])
        rows = order[start:stop]
        bits.append(token_bits(linear.logits(probe, X[rows]), Y[rows])[0].sum())
    np.testing.assert_allclose(found.portions, bits, rtol=1e-3)


def test_concepts_add_up(key):
    found = mdl(key, X, np.stack([Y == 0, Y == 1], axis=1), fit=FIT)
    assert found.uniform == 480 and found.compression > 1.2


def test_what_does_not_fit_is_named(key):
    for fractions in ((0.5,), (0.5, 0.4, 1.0), (0.5, 0.9)):
        with pytest.raises(ValueError, match="rise from above 0 to 1"):
            mdl(key, X, Y, fractions=fractions)
    with pytest.raises(ValueError, match="make 1 portion"):
        mdl(key, X, Y, fractions=(0.001, 1.0))
