"""What a dictionary keeps of activations and of a model, against the formulas written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.dictionary import Dictionary, encode, reconstruct
from jaxneuron.edits import Replace
from jaxneuron.evaluate import reconstruction
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

ROWS = np.random.default_rng(0).normal(size=(101, 4)).astype(np.float32) + 7


def dictionary(**options):
    """Return a random dictionary."""
    keys = jax.random.split(jax.random.key(0), 2)
    shapes = [(4, 9), (9, 4)]
    encoder, decoder = (jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True))
    return Dictionary(encoder, jnp.zeros(9), decoder, jnp.full(4, 7.0), **({"k": 2, "site": "embed"} | options))


def test_variance_and_features_are_counted():
    found, known = reconstruction.kept(ROWS, dictionary(), budget=5000), dictionary()
    made, codes = reconstruct(known, jnp.asarray(ROWS)), np.asarray(encode(known, jnp.asarray(ROWS)))
    spread = np.square(ROWS - ROWS.mean(axis=0)).sum()
    assert found.explained == pytest.approx(1 - np.square(ROWS - np.asarray(made)).sum() / spread, rel=1e-4)
    np.testing.assert_allclose(found.density, (codes > 0).mean(axis=0))
    np.testing.assert_array_equal(found.counts, np.bincount((codes > 0).sum(axis=1), minlength=10))
    assert found.active == pytest.approx((codes > 0).sum(axis=1).mean())
    assert found.dead == (codes.max(axis=0) == 0).mean()


def test_a_transcoder_is_judged_by_what_it_writes():
    known = dictionary(centred=False, output="other", kind="relu", k=0)
    outputs = np.asarray(reconstruct(known, jnp.asarray(ROWS)))
    assert reconstruction.kept(ROWS, known, outputs=outputs).explained == pytest.approx(1)
    with pytest.raises(ValueError, match="reads 4 units"):
        reconstruction.kept(ROWS[:, :3], known)
    with pytest.raises(ValueError, match="never change"):
        reconstruction.kept(np.ones((5, 4)), dictionary())


def forward(params, tokens, edits):
    """A model of next words."""
    tap, time = Tap(edits), jnp.arange(tokens.ids.shape[-1])
    x = tap("embed", params[tokens.ids], time)
    return tap("logits", x @ params.T, time), tap.activations()


PARAMS = jnp.asarray(ROWS[:6] - 7)
IDS = np.random.default_rng(1).integers(0, 6, size=(5, 7))
TEXT = Tokens(IDS, np.arange(7)[None] < np.array([7, 3, 5, 1, 6])[:, None])


@pytest.mark.parametrize("loss", [None, reconstruction.surprise])
def test_the_loss_of_a_model_with_the_reconstruction(loss):
    known = dictionary()
    found = reconstruction.recovered(forward, PARAMS, TEXT, known, loss=loss, chunk=2)
    clean, activations = forward(PARAMS, TEXT, {})
    value = np.asarray(activations["embed"])
    mean = value[TEXT.mask].mean(axis=0)
    wanted = []
    for other in (
        value,
        np.asarray(reconstruct(known, jnp.asarray(value))),
        np.broadcast_to(mean, value.shape),
        0 * value,
    ):
        log_p = np.asarray(jax.nn.log_softmax(forward(PARAMS, TEXT, {"embed": Replace(jnp.asarray(other))})[0]))
        right = np.asarray(jax.nn.log_softmax(clean))
        if loss is None:
            wanted.append((np.exp(right) * (right - log_p)).sum(axis=-1)[TEXT.mask].sum())
        else:
            each = -np.take_along_axis(log_p[:, :-1], IDS[:, 1:, None], axis=-1)[..., 0]
            wanted.append(each[TEXT.mask[:, 1:]].sum())
    wanted = np.array(wanted) / TEXT.mask.sum()
    np.testing.assert_allclose(found[:4], wanted, rtol=1e-4, atol=1e-5)
    share = (wanted[2] - wanted[1]) / (wanted[2] - wanted[0]) if wanted[2] > wanted[0] else np.nan
    assert found.share == pytest.approx(share, rel=1e-3, nan_ok=True)


def test_a_perfect_dictionary_loses_nothing():
    both = jnp.concatenate([jnp.eye(4), -jnp.eye(4)], axis=1)
    whole = Dictionary(both, jnp.zeros(8), both.T, jnp.zeros(4), kind="relu", site="embed")
    assert reconstruction.recovered(forward, PARAMS, TEXT, whole).share == pytest.approx(1, abs=1e-4)
