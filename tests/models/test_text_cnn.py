"""The text CNN agrees with a loop over its windows and learns; a head over an encoder is one more forward."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split, tap
from jaxneuron.edits import Add, Replace, Scale
from jaxneuron.targets import Logit, Minus, Unit
from jaxneuron.types import Tokens, Vocabulary
from jaxneuron_models import heads, text_cnn, text_cnn_training, transformer
from jaxneuron_models.model import Model
from jaxneuron_models.train import Schedule

TEXT = Tokens(jnp.array([[3, 4, 5, 6, 7], [5, 3, 0, 0, 0]]), jnp.array([[True] * 5, [True] * 2 + [False] * 3]))


@pytest.fixture(scope="module")
def network():
    forward, init = text_cnn.build(text_cnn.TextCnnConfig(vocabulary=9, embedding=4, filters=3, widths=(2, 3)))
    params = jax.tree.map(lambda leaf: leaf + 0.1, init(jax.random.key(0)))
    return forward, params


def test_the_cnn_agrees_with_a_loop_over_windows(network):
    forward, params = network
    output, activations = jax.jit(forward)(params, TEXT, {})
    for row in range(2):
        pooled = []
        words = np.asarray(params["word"])[np.asarray(TEXT.ids)[row]] * np.asarray(TEXT.mask)[row][:, None]
        for width in (2, 3):
            kernel = np.asarray(params[f"kernel{width}"]).reshape(width, 4, 3)
            beyond = np.concatenate([words, np.zeros((width, 4))])
            at = [
                np.maximum(sum(beyond[t + k] @ kernel[k] for k in range(width)) + params[f"bias{width}"], 0)
                for t in range(int(TEXT.mask[row].sum()))
            ]
            np.testing.assert_allclose(activations[f"conv{width}"][row, : len(at)], at, rtol=1e-5)
            pooled.append(np.max(at, axis=0))
        scores = np.concatenate(pooled) @ np.asarray(params["scores"]["kernel"]) + params["scores"]["bias"]
        np.testing.assert_allclose(output[row, 0], scores, rtol=1e-5)
    assert list(forward(params, TEXT, {})[1]) == ["embed/word", "embed", "conv2", "conv3", "pool", "logits"]


def test_padding_says_nothing_and_gets_nothing(network):
    forward, params = network
    alone = Tokens(TEXT.ids[1:, :2], TEXT.mask[1:, :2])
    np.testing.assert_allclose(forward(params, alone, {})[0][0], forward(params, TEXT, {})[0][1], rtol=1e-6)
    value = split.below(forward, params, "embed/word")(TEXT)
    above = split.above(forward, params, TEXT, "embed/word", Minus(Logit(1), Logit(0)))
    gradient = jax.grad(lambda value: jnp.sum(above(value)))(value)
    assert jnp.all(gradient[1, 2:] == 0) and jnp.any(gradient[1, :2] != 0)


@pytest.mark.parametrize("options", [{"widths": ()}, {"widths": (3, 3)}, {"dropout": 1.0}, {"filters": 0}])
def test_a_network_that_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match="the text CNN's"):
        text_cnn.TextCnnConfig(vocabulary=9, **options)


def test_the_cnn_learns_what_needs_the_order_of_words(tmp_path):
    random = np.random.default_rng(0)
    texts, labels = [], []
    for _ in range(160):
        filler = list(random.choice(list("pqrs"), 4))
        swapped = bool(random.integers(2))
        texts.append(filler[:2] + (["b", "a"] if swapped else ["a", "b"]) + filler[2:])
        labels.append("yes" if swapped else "no")
    options = {"schedule": Schedule(8, 16, 1e-2), "embedding": 6, "filters": 4, "widths": (2,)}
    data = (texts[40:], labels[40:]), (texts[:40], labels[:40])
    trained = text_cnn_training.fit(jax.random.key(0), *data, tmp_path, **options)
    assert trained.curves[-1]["dev_accuracy"] > 0.95
    model = text_cnn_training.load(tmp_path)
    assert model.labels == ("no", "yes") and model.config.widths == (2,)
    assert jax.tree.all(jax.tree.map(np.array_equal, model.params, trained.params))
    assert len(text_cnn_training.fit(jax.random.key(0), *data, tmp_path, **options).curves) == len(trained.curves)
    with pytest.raises(ValueError, match="other settings .*filters 4 -> 5"):
        text_cnn_training.fit(jax.random.key(0), *data, tmp_path, **options | {"filters": 5})
    with pytest.raises(ValueError, match="no text to train on has the label 'maybe'"):
        text_cnn_training.fit(jax.random.key(0), data[0], (texts[:40], ["maybe"] * 40), tmp_path / "x", **options)


@pytest.fixture(scope="module")
def encoder():
    config = transformer.TransformerConfig(
        9, width=8, blocks=1, heads=2, longest=8, causal=False, head="none", norm_first=False
    )
    forward, init = transformer.build(config)
    params = jax.tree.map(lambda leaf: 8 * leaf, init(jax.random.key(1)))
    return Model(forward, params, Vocabulary((), np.zeros(0, int)), {}, config)


HEAD = heads.HeadConfig("block0/residual", 8, 2, hidden=4)


@pytest.fixture(scope="module")
def headed(encoder):
    _, init = heads.build(encoder.forward, HEAD)
    return heads.with_head(encoder, HEAD, init(jax.random.key(2)))


def test_a_head_is_one_more_forward(encoder, headed):
    forward, params = headed.forward, headed.params
    shapes = tap.sites(forward, params, TEXT)
    inside = tap.sites(encoder.forward, encoder.params, TEXT)
    assert set(shapes) == {*inside, "head/pool", "head/hidden", "head/logits"}
    scores, activations = forward(params, TEXT, {})
    state = np.asarray(encoder.forward(encoder.params, TEXT, {})[1]["block0/residual"])
    pool = np.stack([state[0].mean(0), state[1, :2].mean(0)])
    np.testing.assert_allclose(activations["head/pool"][:, 0], pool, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        Logit(1)(scores, activations, TEXT), Unit("head/logits", 1)(scores, activations, TEXT)
    )
    assert heads.build(encoder.forward, HEAD)[0] == forward and hash(heads.build(encoder.forward, HEAD)[0]) == hash(
        forward
    )


@pytest.mark.parametrize("site", ["embed/word", "block0/mlp/hidden", "block0/residual", "head/pool", "head/hidden"])
def test_edits_work_at_every_site(headed, site):
    forward, params = headed.forward, headed.params
    scores, activations = forward(params, TEXT, {})
    same, _ = forward(params, TEXT, {site: Replace(activations[site])})
    np.testing.assert_allclose(same, scores, rtol=1e-5, atol=1e-6)
    other, edited = forward(params, TEXT, {site: Add(1.0), "head/logits": Scale(2.0)})
    assert not np.allclose(other, 2 * scores, atol=1e-4)
    np.testing.assert_allclose(edited[site], activations[site] + 1, rtol=1e-5, atol=1e-5)


def test_what_does_not_fit_is_said(encoder, headed):
    with pytest.raises(KeyError, match="did you mean 'head/hidden'"):
        headed.forward(headed.params, TEXT, {"head/hiden": Scale(0.0)})
    with pytest.raises(KeyError, match="no site 'block7/residual'"):
        heads.with_head(encoder, heads.HeadConfig("block7/residual", 8, 2), {})
    with pytest.raises(ValueError, match="has 8 units, but the head was made for 16"):
        heads.with_head(encoder, heads.HeadConfig("block0/residual", 16, 2), {})
    with pytest.raises(ValueError, match="has a head already"):
        heads.with_head(headed, HEAD, {})
    with pytest.raises(ValueError, match="a head reads mean or words, got 'max'"):
        heads.HeadConfig("embed", 8, 2, reads="max")


@pytest.mark.parametrize("reads", ["mean", "words"])
def test_a_head_learns_over_an_encoder_that_stays(encoder, tmp_path, reads):
    random = np.random.default_rng(0)
    ids = random.integers(3, 8, (640, 5)).astype(np.int32)
    here = random.integers(0, 5, 640)
    ids[np.arange(640), here] = np.where(random.random(640) < 0.5, 8, ids[np.arange(640), here])
    label = np.any(ids == 8, axis=1).astype(np.int32)
    if reads == "words":  # where word 8 is, twice
        ids[np.arange(640), here] = 8
        label = np.stack([here, here], axis=1).astype(np.int32)
    tokens, config = Tokens(ids, np.ones(ids.shape, bool)), heads.HeadConfig("embed/word", 8, 2, reads=reads)
    cut = [(Tokens(tokens.ids[part], tokens.mask[part]), label[part]) for part in (slice(128, None), slice(0, 128))]
    model = heads.fit(jax.random.key(0), encoder, config, *cut, tmp_path, schedule=Schedule(4, 16, 5e-2, patience=4))
    scores = np.asarray(model.forward(model.params, jax.tree.map(jnp.asarray, cut[1][0]), {})[0])
    found = scores[:, 0].argmax(-1) if reads == "mean" else scores.argmax(1)
    assert np.mean(found == cut[1][1]) > 0.9
    again = heads.load(tmp_path, encoder)
    assert again.config == config and again.forward == model.forward
    np.testing.assert_array_equal(again.forward(again.params, jax.tree.map(jnp.asarray, cut[1][0]), {})[0], scores)
    assert jax.tree.all(jax.tree.map(lambda a, b: a is b, again.params["encoder"], encoder.params))
