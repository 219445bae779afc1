"""What a dictionary reads and writes, against the formulas written out."""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.dictionary import Codes, Dictionary, check, decode, encode, highest, reconstruct

UNITS, FEATURES = 5, 40


def dictionary(**options):
    """Return a dictionary of random numbers."""
    draw = np.random.default_rng(0).normal
    parts = {
        "encoder": draw(size=(UNITS, FEATURES)),
        "encoder_bias": draw(size=FEATURES),
        "decoder": draw(size=(FEATURES, UNITS)),
        "decoder_bias": draw(size=UNITS),
    }
    kinds = {"k": 3} | options
    return Dictionary(**{name: jnp.asarray(part, jnp.float32) for name, part in parts.items()}, **kinds)


VALUE = np.random.default_rng(1).normal(size=(2, 7, UNITS)).astype(np.float32)


def before(found, value):
    """Return what the features read, in double precision."""
    read = value.astype(np.float64) - np.asarray(found.decoder_bias, np.float64) * found.centred
    return read @ np.asarray(found.encoder, np.float64) + np.asarray(found.encoder_bias, np.float64)


@pytest.mark.parametrize("kind", ["relu", "topk", "jumprelu"])
def test_codes_are_those_of_the_formula(kind):
    threshold = jnp.linspace(-0.5, 2, FEATURES) if kind == "jumprelu" else None
    found = dictionary(kind=kind, threshold=threshold)
    read = before(found, VALUE)
    least = {
        "relu": 0,
        "topk": np.maximum(np.sort(read, axis=-1)[..., -3:-2], 0),
        "jumprelu": np.maximum(np.linspace(-0.5, 2, FEATURES), 0),
    }[kind]
    wanted = np.where((read > least) | (kind == "topk") * (read == least), np.maximum(read, 0), 0)
    codes = encode(found, jnp.asarray(VALUE))
    np.testing.assert_allclose(codes, wanted, atol=1e-4)
    whole = wanted @ np.asarray(found.decoder, np.float64) + np.asarray(found.decoder_bias, np.float64)
    np.testing.assert_allclose(decode(found, codes), whole, atol=1e-4)
    np.testing.assert_allclose(reconstruct(found, jnp.asarray(VALUE)), whole, atol=1e-4)


def test_a_scaled_activation_is_scaled_back():
    for scaled in ("constant_norm_rescale", "layer_norm"):
        found = dictionary(kind="relu", normalised=scaled)
        first, second = (reconstruct(found, jnp.asarray(VALUE * factor)) for factor in (1, 10))
        np.testing.assert_allclose(10 * np.asarray(first), second, rtol=2e-3, atol=1e-3)
        with pytest.raises(ValueError, match="activation that it read"):
            decode(found, encode(found, jnp.asarray(VALUE)))


@pytest.mark.parametrize("features", [3, 40, 203, 1000])
def test_the_highest_are_exactly_k(features):
    values = np.random.default_rng(2).normal(size=(4, 3, features)).astype(np.float32)
    for k in (1, 3):
        mask = np.asarray(highest(jnp.asarray(values), k))
        assert (mask.sum(axis=-1) == k).all()
        np.testing.assert_array_equal(mask, values >= np.sort(values, axis=-1)[..., -k, None])
    assert (np.asarray(highest(jnp.zeros((2, features)), 2)).sum(axis=-1) == 2).all()
    assert not np.asarray(jax.grad(lambda v: jnp.where(highest(v, 2), 1.0, 0.0).sum())(jnp.asarray(values))).any()


def test_codes_are_computed_where_they_are_read():
    found = dictionary()
    rows = VALUE.reshape(-1, UNITS)
    codes, wanted = Codes(found, rows, budget=1), np.asarray(encode(found, jnp.asarray(rows)))
    close = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6)
    close(np.asarray(codes), wanted)
    close(codes[3:9, 4:7], wanted[3:9, 4:7])
    close(codes[[5, 2]], wanted[[5, 2]])
    close(codes[4], wanted[4])


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"k": 0}, "k from 1 to 40"),
        ({"kind": "gated"}, "relu, topk, jumprelu"),
        ({"kind": "jumprelu"}, "threshold"),
        ({"normalised": "batch"}, "normalised"),
        ({"output": "block0/mlp"}, "transcoder"),
        ({"encoder_bias": jnp.zeros(4)}, "encoder_bias"),
        ({"decoder": jnp.zeros((4, 4))}, "an encoder"),
    ],
)
def test_parts_that_do_not_fit_are_named(wrong, word):
    with pytest.raises(ValueError, match=word):
        check(replace(dictionary(), **wrong))
