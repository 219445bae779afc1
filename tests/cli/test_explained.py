"""Texts of many lengths share a row length where the model does not see it; what a method says is the text's own."""

import inspect
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover, attribute, interact
from jaxneuron.cli import _explained
from jaxneuron.cli.interact import _sets
from jaxneuron_models.open import open as open_model
from tests.contracts import called
from tests.models.test_pretrained import save, tensors

TEXTS = ["w1 w2", "w2 w1 w3", "w3 w3 w1 w2 w1", "w1"]
RANDOM = {"smooth_grad", "expected_gradients"}
METHODS: dict[str, Any] = {
    name: method
    for name, method in _discover.methods(attribute).items()
    if not {"groups", "mask", "through"} & set(inspect.signature(method).parameters) and name not in RANDOM
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained") / "hf"
    save(folder, tensors())
    return open_model(str(folder))


def explain(model, text, *, padded):
    return _explained.explain(model, text.split(), None, "block0/residual:1", -1, padded=padded)


def test_a_row_that_is_longer_changes_no_score_and_no_share(model):
    assert _explained.blind(model, TEXTS[0].split()) and "integrated_gradients" in METHODS
    found = {padded: explain(model, TEXTS[1], padded=padded) for padded in (False, True)}
    assert found[True].score == pytest.approx(found[False].score, rel=1e-5)
    for name, method in METHODS.items():
        plain, padded = (
            one.own(getattr(said, "attribution", said))
            for one in found.values()
            for said in [called(method, {"f": one.f, "x": one.x, "baseline": one.baseline("mean")})]
        )
        assert np.abs(plain).max() > 1e-3, name
        np.testing.assert_allclose(padded, plain, atol=1e-4 * np.abs(plain).max(), err_msg=name)


def test_texts_of_many_lengths_have_one_shape(model):
    assert len({explain(model, text, padded=True).x.shape for text in TEXTS}) == 1
    assert len({explain(model, text, padded=False).x.shape for text in TEXTS}) == len(TEXTS)


def test_a_model_that_reads_beyond_the_mask_is_seen(model):
    def careless(params, tokens, edits):
        output, activations = model.forward(params, tokens, edits)
        return output, {site: value + jnp.mean(value) for site, value in activations.items()}

    assert not _explained.blind(model._replace(forward=partial(careless)), TEXTS[0].split())


def test_what_the_head_scores_highest_is_explained_also_of_a_model_that_does_not_say_what_it_is_of(model):
    def forward(params, tokens, edits):
        found = model.forward(params, tokens, edits)[1]
        return jnp.stack([found["embed"][..., 0], found["embed"][..., 0] + 9], axis=-1), found

    own = model._replace(forward=forward, head="none")
    found = _explained.explain(own, ["w1"], None, None, -1)
    assert found.name == "output 1" and found.score == pytest.approx(float(jax.jit(found.f)(found.x)[0]), rel=1e-4)
    assert _explained.explain(own, ["w1"], None, "output 0", -1).name == "output 0"


GAMES: dict[str, Any] = {
    f"{package.__name__}.{name}": method
    for package, names in ((attribute, ("ablation", "patching")), (interact, ("harsanyi", "arch_detect")))
    for name, method in _discover.methods(package).items()
    if name in names
}


def test_players_behind_the_text_change_nothing(model):
    texts = [text.split() for text in TEXTS if len(text.split()) in (3, 5)]
    assert {_explained.explain(model, text, None, "block0/residual:1", -1, padded=True, played=True).x.shape[1]
            for text in texts} == {4, 6}  # fmt: skip
    for name, method in GAMES.items():
        found = []
        for padded in (False, True):
            one = _explained.explain(model, texts[0], None, "block0/residual:1", -1, padded=padded, played=True)
            given = {"f": one.f, "x": one.x, "baseline": one.baseline("mean")}
            said = method(*given.values(), groups=one.groups(), mask=one.mask())
            own = one.own(said).ravel() if ".attribute." in name else sorted(
                (members, value) for members, value in _sets(said) if max(members) < len(texts[0])
            )  # fmt: skip
            found.append(own)
        if ".attribute." in name:
            np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-5, err_msg=name)
        else:
            assert [members for members, _ in found[1]] == [members for members, _ in found[0]], name
            values = [[value for _, value in each] for each in found]
            np.testing.assert_allclose(values[1], values[0], rtol=1e-5, atol=1e-4, err_msg=name)
