"""The models of the page "Your own model in 30 lines": each is opened by its name, read and edited."""

from pathlib import Path

import jax.numpy as jnp
import pytest

from jaxneuron import tap
from jaxneuron.edits import Scale
from jaxneuron.types import Tokens
from jaxneuron_models.open import open as open_model

OWN = Path(__file__).parents[2] / "docs" / "own"
TEXT = Tokens(jnp.array([[1, 2, 3], [2, 3, 0]]), jnp.array([[True, True, True], [True, True, False]]))


@pytest.mark.parametrize("name", ["flax_model", "equinox_model", "plain_model"])
def test_a_model_of_thirty_lines_is_opened_read_and_edited(name, monkeypatch):
    if name == "equinox_model":
        pytest.importorskip("equinox")
    monkeypatch.syspath_prepend(str(OWN))
    model = open_model(f"{name}:load")
    assert set(tap.sites(model.forward, model.params, TEXT)) == {"embed/word", "hidden"}
    output = model.forward(model.params, TEXT, {})[0]
    edited, activations = model.forward(model.params, TEXT, {"hidden": Scale(0.0)})
    assert output.shape == (2, 3, 4) and not jnp.allclose(output, edited)
    assert not jnp.any(activations["hidden"])


def test_each_is_short():
    assert all(len(path.read_text().splitlines()) <= 33 for path in OWN.glob("*.py"))
