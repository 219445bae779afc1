"""Codelengths, in bits: short where labels are easy to learn, and the sum of what a loop of probes needs."""

from functools import partial

import jax
import numpy as np
import pytest

from jaxneuron.evaluate._held_out import check
from jaxneuron.evaluate.information import token_bits
from jaxneuron.evaluate.mdl import mdl
from jaxneuron.rank import linear
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

X, Y = planted.classes().train


def test_a_property_that_is_there_compresses_and_noise_does_not(key):
    there, noise = mdl(key, X, Y), mdl(key, X, np.random.default_rng(5).permutation(Y))
    assert there.compression > 1.5 > 1.05 > noise.compression
    np.testing.assert_allclose(there.uniform, 240 * np.log2(3))
    np.testing.assert_allclose(there.portions.sum(), there.bits)
    assert there.tokens.sum() == 240 and there.tokens[-1] == 120
    np.testing.assert_allclose(there.portions[0], there.tokens[0] * np.log2(3))


def test_one_fit_is_a_loop_of_probes_on_what_was_sent(key):
    one = partial(linear.fit, settings=linear.Settings(tolerance=1e-6, standardise=False))
    found = mdl(key, X, Y, fractions=(0.25, 0.5, 1.0), fit=one, budget=2**13)
    order = np.asarray(jax.random.permutation(jax.random.split(key)[0], 240))
    bits = [60 * np.log2(3)]
    for start, stop in ((60, 120), (120, 240)):
        probe = one(key, X[order[:start]], Y[order[:start]])
        rows = order[start:stop]
        bits.append(token_bits(linear.logits(probe, X[rows]), Y[rows])[0].sum())
    np.testing.assert_allclose(found.portions, bits, rtol=1e-3)


def test_concepts_add_up(key):
    found = mdl(key, X, np.stack([Y == 0, Y == 1], axis=1))
    assert found.uniform == 480 and found.compression > 1.2


def test_a_rare_label_is_cheap_and_a_loss_only_once(key):
    x = np.random.default_rng(0).normal(size=(2000, 5)).astype(np.float32)
    y = np.zeros(2000, int)
    y[5] = 1
    assert mdl(key, x, y).bits < 60  # of 2,000: eleven say where it is


def test_labels_that_never_occur_are_not_sent(key):
    gaps = np.array([0, 1, 7])[Y]
    np.testing.assert_allclose(mdl(key, X, gaps).uniform, 240 * np.log2(3))
    np.testing.assert_allclose(mdl(key, X, gaps).portions, mdl(key, X, Y).portions)


def test_what_does_not_fit_is_named(key):
    for labels in (Y.astype(str), Y.astype(np.float32)):
        with pytest.raises(TypeError, match="classes as whole numbers or concepts"):
            check(X, labels)
    for fractions in ((0.5,), (0.5, 0.4, 1.0), (0.5, 0.9)):
        with pytest.raises(ValueError, match="rise from above 0 to 1"):
            mdl(key, X, Y, fractions=fractions)
    with pytest.raises(ValueError, match="make 1 portion"):
        mdl(key, X, Y, fractions=(0.001, 1.0))
