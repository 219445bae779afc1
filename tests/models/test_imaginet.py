"""The two pathways: sites, soft words, losses, and the settings that cannot be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.corpora.vocabulary import END
from jaxneuron.edits import Replace, Scale
from jaxneuron.lowering import lower
from jaxneuron.tap import lookup, sites
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from jaxneuron_models import imaginet

CONFIG = imaginet.ImaginetConfig(vocabulary=11, features=5, embedding=6, units=7)
TOKENS = Tokens(
    jnp.array([[3, 4, 5, 6], [7, 8, 0, 0], [9, 0, 0, 0], [0, 0, 0, 0]], jnp.int32),
    jnp.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], bool),
)


def run(forward, params, tokens, edits):
    return jax.jit(forward)(params, tokens, edits)


@pytest.fixture(scope="module")
def model():
    forward, init = imaginet.build(CONFIG)
    return forward, jax.tree.map(lambda leaf: 3 * leaf, init(jax.random.key(0)))


def test_sites_and_shapes(model):
    forward, params = model
    shapes = {site: shape.shape for site, shape in sites(forward, params, TOKENS).items()}
    assert shapes == {
        "embed/word": (4, 4, 6),
        "embed": (4, 4, 6),
        "textual/gru": (4, 4, 7),
        "visual/gru": (4, 4, 7),
        "textual/projection": (4, 4, 11),
        "visual/projection": (4, 1, 5),
    }
    output, activations = run(forward, params, TOKENS, {})
    np.testing.assert_array_equal(output.textual, activations["textual/projection"])
    np.testing.assert_array_equal(output.visual, activations["visual/projection"])


def test_the_picture_is_told_from_the_last_word(model):
    forward, params = model
    whole = run(forward, params, TOKENS, {})[0].visual
    cut = Tokens(TOKENS.ids[1:2, :2], TOKENS.mask[1:2, :2])
    np.testing.assert_allclose(run(forward, params, cut, {})[0].visual, whole[1:2], atol=1e-6)
    gru = run(forward, params, TOKENS, {})[1]["visual/gru"][1, 1]
    expected = gru @ params["features"]["kernel"] + params["features"]["bias"]
    np.testing.assert_allclose(whole[1, 0], expected, atol=1e-5)


def test_ids_and_one_hot_words_agree(model):
    forward, params = model
    soft = Tokens(jax.nn.one_hot(TOKENS.ids, CONFIG.vocabulary), TOKENS.mask)
    hard, soft = run(forward, params, TOKENS, {}), run(forward, params, soft, {})
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), hard, soft)


@pytest.mark.parametrize("site", ["embed", "embed/word"])
def test_vectors_can_take_the_place_of_words(model, site):
    forward, params = model
    swapped = TOKENS._replace(ids=TOKENS.ids[jnp.array([1, 0, 2, 3])])
    vectors = lookup(params["embedding"], TOKENS.ids)
    expected, given = run(forward, params, TOKENS, {})[0], run(forward, params, swapped, {site: Replace(vectors)})[0]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), expected, given)


def test_the_pathways_share_nothing_but_the_embedding(model):
    forward, params = model
    plain = run(forward, params, TOKENS, {})[0]
    edited = run(forward, params, TOKENS, {"visual/gru": Scale(0.0)})[0]
    np.testing.assert_array_equal(plain.textual, edited.textual)
    assert not np.allclose(plain.visual[:3], edited.visual[:3])


@pytest.mark.parametrize("site", imaginet.LINEAR)
def test_linear_sites_lower_to_what_they_are(model, site):
    forward, params = model
    units = Unit(site, jnp.array([0, 4]))
    lowered = lower(forward, params, units, imaginet.LINEAR[site])
    output, activations = run(forward, params, TOKENS, {})
    exact, linear = (jax.vmap(lambda one: one(output, activations, TOKENS))(many) for many in (units, lowered))
    np.testing.assert_allclose(exact[:, :3], linear[:, :3], atol=1e-5)


def test_losses_are_those_of_a_loop(model):
    forward, params = model
    features = np.random.default_rng(0).random((4, 5), np.float32)
    output = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), run(forward, params, TOKENS, {})[0])
    nats, distance = [], []
    for row in range(4):
        words = np.asarray(TOKENS.ids[row])[np.asarray(TOKENS.mask[row])].tolist()
        for time, following in enumerate([*words, END][1:]):
            scores = output.textual[row, time]
            nats.append(np.log(np.exp(scores).sum()) - scores[following])
        if words:
            a, b = output.visual[row, 0], features[row]
            distance.append(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert len(nats) == 7 and len(distance) == 3
    given = imaginet.losses(forward, params, TOKENS, jnp.asarray(features))
    np.testing.assert_allclose(given.textual, np.mean(nats), rtol=1e-5)
    np.testing.assert_allclose(given.visual, np.mean(distance), rtol=1e-5)


def test_rows_without_words_or_features_leave_finite_gradients(model):
    forward, params = model
    gradients = jax.jit(jax.grad(lambda *inputs: sum(imaginet.losses(forward, *inputs))))
    empty = Tokens(TOKENS.ids, jnp.zeros_like(TOKENS.mask))
    for tokens, features in ((empty, np.ones((4, 5), np.float32)), (TOKENS, np.zeros((4, 5), np.float32))):
        gradient = gradients(params, tokens, features)
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(gradient))
    assert imaginet.losses(forward, params, empty, np.ones((4, 5), np.float32)) == (0.0, 0.0)


@pytest.mark.parametrize("name", ["reset", "gate", "candidate", "initial", "losses"])
def test_an_unknown_setting_names_the_known_ones(name):
    with pytest.raises(ValueError, match=rf"{name} must be one of .*, got 'soggy'"):
        imaginet.ImaginetConfig(vocabulary=3, features=2, **{name: "soggy"})


@pytest.mark.parametrize("published", [imaginet.POERNER2018, imaginet.KADAR2017])
def test_the_published_settings_exist(published):
    imaginet.ImaginetConfig(vocabulary=3, features=2, **published)


def test_equal_configs_give_equal_forwards():
    assert imaginet.build(CONFIG)[0] == imaginet.build(CONFIG)[0]
    assert hash(imaginet.build(CONFIG)[0]) == hash(imaginet.build(CONFIG)[0])
