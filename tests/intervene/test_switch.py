"""A model whose number is in one unit by hand: that unit turns every preference, no other one does."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Replace
from jaxneuron.intervene import Answered, switch
from jaxneuron.intervene.switch import Likelihood, Sides, Turn
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

VOCAB, UNITS, NUMBER = 6, 7, 2
SINGULAR, PLURAL, FILLER, SINGS, SING = range(1, 6)
NOISE = np.random.default_rng(0).normal(size=(VOCAB, UNITS)).astype(np.float32)
NOISE[:, NUMBER] = 0


def grammar(params, tokens, edits):
    """Remember the number of the last noun in one unit of a recurrence; the others are noise of the words."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
    noise = tap("embed", jnp.asarray(NOISE)[tokens.ids], time)
    said = jnp.where(tokens.ids == PLURAL, 1.0, jnp.where(tokens.ids == SINGULAR, -1.0, 0.0))

    def step(number, now):
        noise, said, time = now
        unit = jax.nn.one_hot(NUMBER, UNITS)[None] * jnp.where(said == 0, number, said)[:, None]
        value = tap.edit("hidden", noise + unit, time)
        return value[:, NUMBER], value

    _, hidden = jax.lax.scan(step, jnp.zeros(len(said)), (noise.swapaxes(0, 1), said.T, time))
    hidden = hidden.swapaxes(0, 1)
    tap.record("hidden", hidden)
    out = tap("out", 2 * hidden, time)
    logits = out[..., NUMBER, None] * params[None, None] + 0.01 * out[..., :VOCAB]
    return logits, tap.activations()


PARAMS = jnp.zeros(VOCAB).at[SINGS].set(-1.0).at[SING].set(1.0)


def pairs():
    """Return texts in pairs, the right form first, whose nouns differ in number, with the answers."""
    rows = [(noun, fillers) for noun in (SINGULAR, PLURAL) for fillers in (0, 1, 3)]
    ids, answers = np.zeros((2 * len(rows), 6), np.int32), np.full((2 * len(rows), 6), -1, np.int32)
    for row, (noun, fillers) in enumerate(rows):
        right = [SINGS, SING][noun == PLURAL]
        for other, form in enumerate((right, SINGS + SING - right)):
            ids[2 * row + other, : fillers + 3] = [FILLER, noun, *[FILLER] * fillers, form]
            answers[2 * row + other, fillers + 1] = form
    own = np.repeat([noun == PLURAL for noun, _ in rows], 2).astype(int)
    return Tokens(ids, ids > 0), answers, own


TEXT, ANSWERS, OWN = pairs()
turn = partial(switch.intervene, grammar, PARAMS, TEXT, Answered(Likelihood(), ANSWERS))


class Headless(NamedTuple):
    """What a model without a head puts out."""

    logits: None = None


def sides(site, **changed):
    means = switch.means(grammar, PARAMS, TEXT, OWN, ANSWERS >= 0, site=site)
    return Sides(means, OWN, ANSWERS >= 0)._replace(**changed)


@pytest.mark.parametrize("how", ["set", "mirror"])
@pytest.mark.parametrize("site", ["hidden", "out"])
def test_the_unit_of_number_turns_every_pair_and_no_other_one_does(site, how):
    found = switch.flips(turn(sides(site), site=site, turn=Turn(how)))
    assert (found.before > 0).all() and found.before.shape == (6,)
    np.testing.assert_array_equal(found.share, np.arange(UNITS) == NUMBER)


def test_several_sets_at_once_are_each_what_they_are_alone():
    masks = np.random.default_rng(1).random((2, 3, UNITS)) < 0.5
    whole = turn(sides("out"), masks, site="out").edited.nats
    assert whole.shape == (2, 3, 12)
    means, where = sides("out").means, (ANSWERS >= 0)[..., None]
    value = np.asarray(grammar(PARAMS, TEXT, {})[1]["out"])
    turned = np.where(where & masks[1, 2], means[1 - OWN][:, None], value)
    scores = jax.nn.log_softmax(grammar(PARAMS, TEXT, {"out": Replace(turned)})[0])
    asked = np.take_along_axis(np.asarray(scores), np.maximum(ANSWERS, 0)[..., None], -1)[..., 0]
    np.testing.assert_allclose(whole[1, 2], -np.where(ANSWERS >= 0, asked, 0).sum(-1), rtol=1e-5)


def test_in_a_recurrence_what_was_turned_is_remembered():
    """Turned at the noun, a unit of the recurrence has turned at the verb; one above it only where that comes next."""
    at_noun = np.isin(TEXT.ids, (SINGULAR, PLURAL))
    found = switch.flips(turn(sides("hidden", where=at_noun), site="hidden"))
    assert found.share[NUMBER] == 1
    out = switch.flips(turn(sides("out", where=at_noun), site="out"))
    assert out.share[NUMBER] == pytest.approx(1 / 3)  # only where the verb follows the noun


def test_beyond_goes_farther():
    shifts = [
        switch.flips(turn(sides("out"), site="out", turn=Turn("set", beyond))).after[NUMBER] for beyond in (0.0, 1.0)
    ]
    assert (shifts[1] < shifts[0]).all()


def test_what_it_costs_is_the_rise_of_perplexity():
    everywhere = Sides(sides("out").means, OWN)
    effect = switch.intervene(grammar, PARAMS, TEXT, Likelihood(), everywhere, site="out")
    found = switch.rise(effect)
    assert found[NUMBER] > 0.1 and np.abs(np.delete(found, NUMBER)).max() < 0.1
    far = effect._replace(edited=effect.edited._replace(nats=np.full((1, 12), 1e6)))
    assert np.isfinite(switch.rise(far)).all()


def test_where_nothing_is_right_nothing_can_flip():
    swapped = np.arange(len(OWN)) ^ 1
    target = Answered(Likelihood(), ANSWERS[swapped])
    text = Tokens(TEXT.ids[swapped], TEXT.mask[swapped])
    with pytest.raises(ValueError, match="of 6 pairs the model prefers the right form in none"):
        switch.flips(switch.intervene(grammar, PARAMS, text, target, sides("out"), site="out"))
    odd = Tokens(TEXT.ids[:3], TEXT.mask[:3])
    some = Sides(sides("out").means, OWN[:3])
    with pytest.raises(ValueError, match="texts in pairs"):
        switch.flips(switch.intervene(grammar, PARAMS, odd, Likelihood(), some, site="out"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"means": np.zeros((2, 3))}, r"two finite means of each of the 7 units of 'out', \[2, 7\], got \(2, 3\)"),
        ({"means": np.full((2, UNITS), np.nan)}, "some that are no numbers"),
        ({"own": OWN + 1}, "12 texts has, 0 or 1"),
        ({"own": OWN[:3]}, "12 texts has, 0 or 1"),
        ({"where": np.ones((2, 2), bool)}, r"words to turn at, \[12, 6\]"),
    ],
)
def test_what_does_not_fit_is_named(changed, message):
    with pytest.raises(ValueError, match=message):
        turn(sides("out", **changed), site="out")


def test_a_site_that_is_not_there_a_model_without_a_head_and_one_value_are_refused():
    with pytest.raises(KeyError, match="did you mean 'hidden'"):
        turn(sides("out"), site="hiden")
    with pytest.raises(ValueError, match="set or mirror, got 'flip'"):
        turn(sides("out"), site="out", turn=Turn("flip"))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="no text has the value 1"):
        switch.means(grammar, PARAMS, TEXT, 0 * OWN, site="out")

    def headless(params, tokens, edits):
        return Headless(), grammar(params, tokens, edits)[1]

    with pytest.raises(ValueError, match="this model has no head"):
        switch.intervene(headless, PARAMS, TEXT, Answered(Likelihood(), ANSWERS), sides("out"), site="out")
