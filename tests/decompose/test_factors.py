"""Parts and clusters are those of scikit-learn and of the equations."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import cluster, decomposition

from jaxneuron.decompose import activation_clusters, ica, k_means, latent_concepts, nmf, pca, semi_nmf

KEY = jax.random.key(0)


def signals(tokens=200, seed=0):
    """Return activations of ten units that mix three sparse signals, all above 0, and the mixing."""
    random = np.random.default_rng(seed)
    codes = random.exponential(size=(tokens, 3)) * (random.uniform(size=(tokens, 3)) < 0.5)
    basis = random.exponential(size=(3, 10)) * (random.uniform(size=(3, 10)) < 0.6)
    return (codes @ basis + 0.01 * random.uniform(size=(tokens, 10))).astype(np.float32), basis


def test_components_are_scikit_learn_s():
    activations, _ = signals()
    wanted = decomposition.PCA(3, svd_solver="full").fit(activations.astype(np.float64))
    found = pca.decompose(None, activations + np.float32(1e3), factors=3, budget=4000)
    np.testing.assert_allclose(np.abs(found.basis @ wanted.components_.T), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(np.var(found.codes, axis=0, ddof=1), wanted.explained_variance_, rtol=1e-3)
    np.testing.assert_allclose(np.mean(found.codes, axis=0), 0, atol=1e-3)


def test_independent_components_add_up_and_have_one_variance():
    activations, _ = signals()
    found = ica.decompose(KEY, activations, factors=3)
    assert found.settled and not ica.decompose(KEY, activations, factors=3, steps=1).settled
    np.testing.assert_allclose(found.codes @ found.basis, activations - activations.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(np.asarray(found.codes).T), np.eye(3), atol=0.01)
    with pytest.raises(ValueError, match="vary in 3 directions only; ask for 3 factors at most"):
        flat = np.repeat(activations[:, :3], 2, axis=1)
        ica.decompose(KEY, flat, factors=4)


def test_parts_explain_as_much_as_scikit_learn_s():
    activations, basis = signals()
    found = nmf.decompose(KEY, activations, factors=3)
    peer = decomposition.NMF(3, init="random", random_state=0, max_iter=500)
    codes = peer.fit_transform(activations)
    assert np.min(found.codes) >= 0 and np.min(found.basis) >= 0
    error, wanted = (
        np.linalg.norm(activations - part) for part in (found.codes @ found.basis, codes @ peer.components_)
    )
    assert error < wanted * 1.02
    np.testing.assert_allclose(np.linalg.norm(found.basis, axis=1), 1, rtol=1e-5)


def test_each_text_has_parts_of_its_own():
    activations, _ = signals()
    starts = np.array([0, 40, 110, 200])
    for text, found in enumerate(nmf.each(KEY, activations, starts, factors=3)):
        own = activations[starts[text] : starts[text + 1]]
        assert found.codes.shape == (len(own), 3)
        assert np.linalg.norm(found.codes @ found.basis - own) < 0.05 * np.linalg.norm(own)
    with pytest.raises(ValueError, match="text 1 has 2 tokens, fewer than 3 factors"):
        nmf.each(KEY, activations[:10], np.array([0, 8, 10]), factors=3)


def test_what_is_below_nought_is_named_or_counts_as_nought():
    activations, _ = signals()
    activations[5, 2] = -1
    with pytest.raises(ValueError, match="unit 2 at token 5 is below 0; give clip"):
        nmf.decompose(KEY, activations, factors=3)
    clipped = np.maximum(activations, 0)
    for field, wanted in zip(
        *(nmf.decompose(KEY, x, factors=3, clip=True)[:2] for x in (activations, clipped)), strict=True
    ):
        np.testing.assert_array_equal(field, wanted)


def test_features_are_few_units_and_their_codes_never_below_nought():
    random = np.random.default_rng(0)
    codes = random.exponential(size=(300, 3)) * (random.uniform(size=(300, 3)) < 0.3)
    basis = np.zeros((3, 12))
    basis[0, [0, 5]], basis[1, [1, 2]], basis[2, [7, 9]] = (1, -1), (1, 1), (-1, 0.5)
    found = semi_nmf.decompose(KEY, (codes @ basis).astype(np.float32), factors=3, share=2 / 12)
    assert np.min(found.codes) >= 0 and np.all(np.count_nonzero(found.basis, axis=1) == 2)
    cosine = np.abs(np.asarray(found.basis) @ (basis / np.linalg.norm(basis, axis=1, keepdims=True)).T)
    assert cosine.max(axis=1).min() > 0.95


def test_a_code_that_became_nought_stays_a_number():
    activations = 10 * (np.random.default_rng(0).exponential(size=(200, 30)) - 0.5).astype(np.float32)
    found = semi_nmf.decompose(KEY, activations, factors=6, share=0.1)
    assert np.isfinite(found.codes).all() and np.count_nonzero(found.codes, axis=0).all() and found.settled


def test_centres_are_as_near_as_scikit_learn_s():
    random = np.random.default_rng(0)
    points = (random.normal(size=(8, 5))[random.integers(0, 8, 300)] + 0.3 * random.normal(size=(300, 5))).astype(
        np.float32
    )
    found = k_means.decompose(KEY, points, factors=8, restarts=4)
    peer = cluster.KMeans(8, n_init=4, random_state=0).fit(points)
    assert np.sum((points - found.codes @ found.basis) ** 2) < 1.01 * peer.inertia_
    sizes = np.sum(found.codes, axis=0)
    assert found.settled and np.all(np.diff(sizes) <= 0) and sizes.min() > 0


def test_concepts_are_ward_s_and_have_the_labels_that_they_share():
    activations, _ = signals(60)
    wanted = cluster.AgglomerativeClustering(5).fit_predict(activations)
    group = np.argmax(latent_concepts.decompose(None, activations, factors=5).codes, axis=1)
    assert len(set(zip(group.tolist(), wanted, strict=True))) == 5
    codes = np.eye(2)[[0, 0, 0, 1, 1]]
    found = latent_concepts.align(codes, np.array([2, 2, 0, 1, -1]), least=0.6)
    assert found.label.tolist() == [2, 1] and found.aligned.tolist() == [True, False]
    np.testing.assert_allclose(found.share, [2 / 3, 1 / 2])
    for labels in (np.full(5, -1), np.full(5, -2)):
        with pytest.raises(ValueError, match="expected a label"):
            latent_concepts.align(codes, labels)


@pytest.mark.parametrize("of", ["tokens", "units"])
def test_clusters_after_components(of):
    random = np.random.default_rng(0)
    signal = np.eye(3)[random.integers(0, 3, 90)] + 0.05 * random.normal(size=(90, 3))
    activations = np.repeat(signal, 4, axis=1).astype(np.float32)
    found = activation_clusters.decompose(KEY, activations, factors=3, of=of, dimensions=2)
    if of == "units":
        np.testing.assert_array_equal(np.unique(np.asarray(found.basis), axis=0), np.repeat(np.eye(3)[::-1], 4, axis=1))
        np.testing.assert_allclose(found.codes @ found.basis, activations, atol=1e-5)
    else:
        assert np.abs(found.codes @ found.basis - activations).max() < 0.3
    with pytest.raises(ValueError, match=f"expected 1 to {90 if of == 'tokens' else 12} clusters"):
        activation_clusters.decompose(KEY, activations, factors=3, of=of, restarts=0)


def test_umap_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ModuleNotFoundError, match="pip install 'jaxneuron-nlp.umap.'"):
        activation_clusters.decompose(KEY, signals()[0], factors=3, reduction="umap")


@pytest.mark.slow
def test_umap_keeps_neighbours_together():
    pytest.importorskip("umap")
    random = np.random.default_rng(0)
    member = random.integers(0, 3, 90)
    activations = (8 * np.eye(3, 12)[member] + random.normal(size=(90, 12))).astype(np.float32)
    found = activation_clusters.decompose(KEY, activations, factors=3, reduction="umap", dimensions=2)
    assert len(set(zip(member, np.argmax(found.codes, axis=1).tolist(), strict=True))) == 3


def test_in_double_precision_the_parts_are_the_same():
    activations, _ = signals()
    single = [method.decompose(KEY, activations, factors=3).basis for method in (nmf, pca)]
    with jax.enable_x64(True):
        double = [
            method.decompose(KEY, jnp.asarray(activations, jnp.float64), factors=3).basis for method in (nmf, pca)
        ]
    for one, other in zip(single, double, strict=True):
        np.testing.assert_allclose(one, other, atol=0.01)
