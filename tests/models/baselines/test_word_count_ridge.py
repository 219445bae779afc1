"""Agrees with scikit-learn's ridge on the same counts, and recovers planted weights."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from jaxneuron.types import Tokens
from jaxneuron_models.baselines import word_count_ridge

V, FEATURES = 12, 3


def scene(seed, images, noise=0.0):
    """Two captions per image; the features are what the words of an image weigh, with noise."""
    rng = np.random.default_rng(seed)
    weights = np.random.default_rng(99).normal(size=(V, FEATURES))
    words = rng.integers(0, V, (images, 5))
    ids = np.concatenate([words, rng.permuted(words, axis=1)])
    image = np.tile(np.arange(images), 2)
    features = weights[words].sum(axis=1) + 1 + noise * rng.normal(size=(images, FEATURES))
    return Tokens(ids, np.ones(ids.shape, bool)), image, features


def counts(tokens):
    return np.array([np.bincount(row[mask], minlength=V) for row, mask in zip(*tokens, strict=True)], float)


def test_agrees_with_sklearn():
    train, image, features = scene(0, 40, noise=1.0)
    mask = train.mask.copy()
    mask[::3, 4] = False
    train = Tokens(train.ids, mask)
    dev = scene(1, 5)[0]
    alphas = (0.1, 3.0, 100.0)
    result = word_count_ridge.predict(train, image, features, dev, vocabulary_size=V, alphas=alphas, one_in=4)
    x, y, held = counts(train), features[image], image % 4 == 0
    errors = []
    for alpha in alphas:
        model = Ridge(alpha).fit(x[~held], y[~held])
        errors.append(np.mean((model.predict(x[held]) - y[held]) ** 2))
    assert result.error == pytest.approx(np.array(errors), rel=1e-8)
    assert result.alpha == alphas[int(np.argmin(errors))]
    expected = Ridge(result.alpha).fit(x, y).predict(counts(dev))
    assert result.features == pytest.approx(expected, abs=1e-8)


def test_recovers_planted_weights_and_the_amount_of_penalty_they_need():
    dev, _, truth = scene(1, 20)
    clean = word_count_ridge.predict(*scene(0, 200), dev, vocabulary_size=V)
    assert clean.alpha == word_count_ridge.ALPHAS[0]
    assert clean.features == pytest.approx(np.tile(truth, (2, 1)), abs=1e-3)
    noisy = word_count_ridge.predict(*scene(0, 30, noise=30.0), dev, vocabulary_size=V)
    assert noisy.alpha > 10 * clean.alpha


def test_features_are_read_in_blocks_of_any_size(monkeypatch):
    train, image, features = scene(0, 30, noise=1.0)
    once = word_count_ridge.predict(train, image, features > 0, train, vocabulary_size=V)
    monkeypatch.setattr(word_count_ridge, "BLOCK", 7)
    blocks = word_count_ridge.predict(train, image, features > 0, train, vocabulary_size=V)
    assert blocks.alpha == once.alpha
    assert blocks.features == pytest.approx(once.features, abs=1e-10)


def test_order_of_words_and_unused_images_do_not_matter():
    train, image, features = scene(0, 30, noise=1.0)
    plain = word_count_ridge.predict(train, image, features, train, vocabulary_size=V)
    gaps = np.full((60, FEATURES), np.nan)
    gaps[::2] = features
    turned = Tokens(train.ids[:, ::-1], train.mask)
    gaps[1::2] = 1e6  # images without a caption
    result = word_count_ridge.predict(turned, 2 * image, gaps, train, vocabulary_size=V)
    assert result.features == pytest.approx(plain.features, abs=1e-8)


def test_errors_say_what_to_do():
    train, image, features = scene(0, 10)
    with pytest.raises(ValueError, match="image numbers from 0 to 9"):
        word_count_ridge.predict(train, image + 1, features, train, vocabulary_size=V)
    with pytest.raises(ValueError, match="at least two images"):
        word_count_ridge.predict(train, 0 * image, features, train, vocabulary_size=V)
    with pytest.raises(ValueError, match="positive alphas"):
        word_count_ridge.predict(train, image, features, train, vocabulary_size=V, alphas=(0.0,))
    with pytest.raises(ValueError, match="leave those images out"):
        word_count_ridge.predict(train, image, np.full((10, 1), np.nan), train, vocabulary_size=V)
    with pytest.raises(ValueError, match="same vocabulary"):
        word_count_ridge.predict(train, image, features, train, vocabulary_size=V - 1)
