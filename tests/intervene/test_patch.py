"""Every site and position at once is what a loop of single patches gives; and a planted place is found."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Replace
from jaxneuron.intervene import patch
from jaxneuron.tap import Tap
from jaxneuron.targets import Logit, Unit
from jaxneuron.types import Tokens
from tests import tiny

UNITS, SITES = tiny.VOCAB + 1, ("embed", "hidden")
MASK = np.arange(4) < np.array([[4], [3], [4]])
TOKENS = Tokens(np.array([[1, 3, 5, 2], [4, 1, 6, 0], [7, 7, 6, 1]], np.int32), MASK)
SOURCE = Tokens(np.array([[1, 2, 5, 2], [4, 1, 3, 0], [2, 7, 6, 3]], np.int32), MASK)
TARGET = Unit("projection", 3)


def run(weights, tokens=TOKENS, source=SOURCE, target=TARGET, groups=None, **options):
    return patch.intervene(tiny.recurrent, weights, tokens, source, target, groups, **({"sites": SITES} | options))


@jax.jit
def score(weights, edits):
    tokens = Tokens(*map(jnp.asarray, TOKENS))
    return TARGET(*tiny.recurrent(weights, tokens, edits), tokens)


def test_all_places_at_once_are_a_loop_over_places(weights, no_compilation):
    pair = np.arange(UNITS) < 2
    found = run(weights, groups={"embed": np.stack([pair, ~pair])})
    own, other = (tiny.recurrent(weights, Tokens(*map(jnp.asarray, text)), {})[1] for text in (TOKENS, SOURCE))
    for units, group in ((pair, 0), (~pair, 1)):
        for place in range(4):
            here = (np.arange(4) == place)[None, :, None] & units
            edit = {"embed": Replace(jnp.where(here, other["embed"], own["embed"]))}
            expected = np.where(MASK[:, place], score(weights, edit), np.nan)
            np.testing.assert_allclose(found.edited["embed"][group, place], expected, atol=1e-5)
    # the last step's state is all that the target reads
    np.testing.assert_allclose(found.edited["hidden"][0, 3, ::2], found.source[::2], atol=1e-5)
    np.testing.assert_allclose(found.restored()["hidden"][0, 2, 1], 1, atol=1e-4)
    np.testing.assert_allclose(found.unedited, score(weights, {}), atol=1e-5)
    small = run(weights, groups={"embed": np.stack([pair, ~pair])}, budget=1)
    jax.tree.map(lambda one, two: np.testing.assert_allclose(one, two, atol=1e-5), found, small)
    others = jax.tree.map(lambda leaf: leaf * 1.5, weights)
    with no_compilation():
        run(others, groups={"embed": np.stack([~pair, pair])})


def told(params, tokens, edits):
    """Say what was read at position 1, which unit 2 carries past a site that knows nothing."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
    embed = tap("embed", params[tokens.ids], time)
    idle = tap("idle", 0 * embed + 1, time)
    kept = tap("kept", jnp.where((time == 1)[None, :, None], embed, 0), time)
    seen = jnp.sum(kept[..., 2:3], axis=1, keepdims=True)
    return seen + 0 * jnp.mean(idle, axis=1, keepdims=True)[..., :1], tap.activations()


def test_a_planted_place_and_unit_are_found_whole_and_nothing_beside():
    table = jnp.asarray(np.random.default_rng(0).normal(size=(9, 4)), jnp.float32)
    groups = {site: np.eye(4, dtype=bool) for site in ("embed", "kept")}
    found = patch.intervene(told, table, TOKENS, SOURCE, Logit(0, 0), groups, sites=("embed", "kept"))
    changed = np.asarray(TOKENS.ids[:, 1] != SOURCE.ids[:, 1])
    for site, share in found.restored().items():
        expected = np.zeros((4, 4))
        expected[2, 1] = 1
        assert changed[0] and site in groups
        np.testing.assert_allclose(share[..., 0], expected, atol=1e-5)
    assert np.isnan(found.restored()["embed"][..., 2]).all()  # both texts score alike


@pytest.mark.parametrize(
    ("options", "error", "fault"),
    [
        ({"source": SOURCE._replace(mask=MASK[[1, 0, 2]])}, ValueError, "text 0 has 4 symbols and its source 3"),
        ({"source": Tokens(*(leaf[:, :3] for leaf in SOURCE))}, ValueError, "text 0 has 4 symbols and its source 3"),
        ({"source": Tokens(*(leaf[:2] for leaf in SOURCE))}, ValueError, "a source for each of 3 texts"),
        ({"sites": ("hiden",)}, KeyError, "did you mean 'hidden'"),
        ({"sites": ()}, ValueError, "expected sites"),
        ({"target": Unit("embed", 0)}, ValueError, "choose a site before the one"),
        ({"target": Unit("projection", 99)}, ValueError, "out of range"),
        ({"groups": {"embed": np.ones((1, 3), bool)}}, ValueError, "'embed' has 9 units, got masks over 3"),
        ({"groups": {"bag": np.ones((1, 3), bool)}}, ValueError, "not among the sites"),
    ],
)
def test_what_does_not_fit_is_said(weights, options, error, fault):
    with pytest.raises(error, match=fault):
        run(weights, **options)
