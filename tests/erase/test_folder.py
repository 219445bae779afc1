"""An erasure that is kept, read again, and run in a model."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from jaxneuron import erase
from jaxneuron.edits import Add, Project, Scale
from jaxneuron.erase import Erased, leace
from jaxneuron.types import Tokens
from tests import tiny

TEXT = Tokens(jnp.array([[1, 2, 3], [4, 5, 0]]), jnp.array([[True, True, True], [True, True, False]]))


@pytest.fixture(scope="module")
def edit():
    """Return an erasure of nine units, whose numbers no short decimal has."""
    draw = np.random.default_rng(0)
    kind = draw.integers(0, 3, 80)
    return leace.erase(None, draw.normal(size=(80, 9)) + kind[:, None] * draw.normal(size=9), kind)


def test_what_is_kept_is_read_bit_for_bit(edit, tmp_path):
    erase.write(tmp_path / "erased", edit, site="embed", metadata={"class": None, "model": "tiny"})
    found = erase.read(tmp_path / "erased")
    assert (found.site, found.metadata) == ("embed", {"class": None, "model": "tiny"})
    for name in ("point", "read", "write"):
        one, other = (np.asarray(getattr(side, name)) for side in (found.edit, edit))
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at: (at / "erasure.json").unlink(), "has no erasure.json"),
        (lambda at: (at / "erasure.json").write_text("[1"), "is damaged"),
        (lambda at: (at / "erasure.json").write_text('{"site": "embed"}'), "is damaged .*directions"),
        (lambda at: (at / "erasure.safetensors").write_bytes(b"12"), "damaged or cut short"),
        (lambda at: save_file({"read": np.zeros((2, 9))}, at / "erasure.safetensors"), "expected point of shape"),
        (
            lambda at: save_file(
                {"point": np.zeros(9), "read": np.zeros((2, 8)), "write": np.zeros((2, 9))}, at / "erasure.safetensors"
            ),
            r"expected read of shape \(2, 9\), got shape \(2, 8\)",
        ),
        (
            lambda at: save_file(
                {"point": np.full(9, np.nan), "read": np.zeros((2, 9)), "write": np.zeros((2, 9))},
                at / "erasure.safetensors",
            ),
            "point is not finite",
        ),
    ],
)
def test_what_is_damaged_is_said(edit, tmp_path, change, said):
    erase.write(tmp_path, edit, site="embed")
    change(tmp_path)
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        erase.read(tmp_path)


def test_other_edits_are_not_written(edit, tmp_path):
    with pytest.raises(ValueError, match="an erasure of all places"):
        erase.write(tmp_path, Project(np.zeros((3, 9)), edit.read, edit.write), site="embed")


@pytest.mark.parametrize(("forward", "site"), [(tiny.recurrent, "hidden"), (tiny.bag_of_words, "embed")])
def test_a_model_runs_without_it(edit, forward, site):
    params = tiny.planted(jax.random.key(0))
    found = erase.without(forward, params, edit, TEXT, site=site)
    output, activations = found.forward(found.params, TEXT, {})
    expected, own = forward(params, TEXT, {site: edit})
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(activations[site], own[site])
    value = np.asarray(activations[site])[np.asarray(TEXT.mask)]
    np.testing.assert_allclose(Erased(value, edit)[:], value, atol=1e-5)  # it takes nothing more out
    other, _ = found.forward(found.params, TEXT, {site: Add(1.0), "embed/word": Scale(0.5)})
    assert not np.allclose(other, output)


def test_another_edit_of_the_site_sees_what_is_left(edit):
    params = tiny.planted(jax.random.key(0))
    found = erase.without(tiny.bag_of_words, params, edit, TEXT, site="embed")
    erased = found.forward(found.params, TEXT, {})[1]["embed"]
    twice = found.forward(found.params, TEXT, {"embed": Scale(2.0)})[1]["embed"]
    np.testing.assert_allclose(twice, 2 * erased, rtol=1e-6)


def test_erasures_that_do_not_fit_are_refused(edit):
    params = tiny.planted(jax.random.key(0))
    with pytest.raises(KeyError, match="did you mean 'embed'"):
        erase.without(tiny.bag_of_words, params, edit, TEXT, site="embet")
    few = Project(edit.point[:4], edit.read[:, :4], edit.write[:, :4])
    with pytest.raises(ValueError, match="of 4 units, and 'embed' has 9"):
        erase.without(tiny.bag_of_words, params, few, TEXT, site="embed")


def test_settings_are_plain_json(edit, tmp_path):
    erase.write(tmp_path, edit, site="embed", metadata={"data": "text.conll"})
    known = json.loads((tmp_path / "erasure.json").read_text())
    assert known == {"site": "embed", "units": 9, "directions": 2, "metadata": {"data": "text.conll"}}
