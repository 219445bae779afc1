"""A network stores a variable along a direction across units: DAS finds the direction, and no single unit is it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.directions import orthonormal
from jaxneuron.intervene import Answered, das, interchange
from jaxneuron.intervene.interchange import Counterfactuals, Preference, accuracy
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens

UNITS, WORDS, PAIRS = 12, 40, 1500
SITE = "hidden"
SETTINGS = das.Settings(steps=250, batch=256, rate=0.05)
LAST = np.array([-1, -1])


def forward(params, tokens, edits):
    """Answer by one direction of the last word's vector; the words before it are there, and say nothing."""
    tap = Tap(edits)
    hidden = tap(SITE, params["table"][tokens.ids], jnp.arange(tokens.mask.shape[-1]))
    score = hidden @ params["read"]
    return jnp.stack([-score, score, 0 * score - 9], axis=-1), tap.activations()


@pytest.fixture(scope="module")
def net():
    """Return weights, in which even words say 0 and odd ones 1, along a direction of no unit."""
    basis = orthonormal(jax.random.key(5), UNITS, UNITS)
    features = np.repeat(np.random.default_rng(0).normal(size=(WORDS // 2, UNITS)), 2, axis=0)
    features[:, 0] = np.arange(WORDS) % 2 * 2 - 1
    return {"table": jnp.asarray(features @ basis, jnp.float32), "read": jnp.asarray(basis[0], jnp.float32)}


def pairs(seed, count=PAIRS):
    """Return texts of two to four words, and sources whose last word says the other answer."""
    random = np.random.default_rng(seed)
    lengths = random.integers(2, 5, (2, count, 1))
    mask = np.arange(4) < lengths
    ids = random.integers(0, WORDS, (2, count, 4))
    last, rows = lengths[..., 0] - 1, np.arange(count)
    ids[1, rows, last[1]] += (ids[1, rows, last[1]] + ids[0, rows, last[0]] + 1) % 2
    ids = ids % WORDS
    now = ids[0, rows, last[0]] % 2
    places = np.full((count, 2), -1)
    return Counterfactuals(
        *(Tokens(ids[side], mask[side]) for side in (0, 1)), np.stack([1 - now, now], axis=1), places
    )


@pytest.fixture(scope="module")
def found(net):
    """Return what is learnt on some pairs, and measured on others."""
    return das.controlled(jax.random.key(0), forward, net, pairs(0), pairs(1), site=SITE, random=8, settings=SETTINGS)


def test_the_planted_direction_is_found_and_no_unit_is_it(net, found):
    assert found.aligned.directions.shape == (1, UNITS) and found.aligned.loss.shape == (250,)
    assert abs(found.aligned.directions[0] @ net["read"]) >= 0.99
    assert found.learnt.share >= 0.99 and found.all_units.share == 1 and found.unedited.share == 0
    assert found.learnt.low > 0.97 and found.learnt.pairs == PAIRS
    assert found.random.share.shape == (8,) and found.random.share.max() < 0.5
    given = pairs(1)
    target = Answered(Preference(), given.answers)
    one_by_one = interchange.intervene(forward, net, given.tokens, given.source, target, site=SITE, places=LAST)
    assert accuracy(one_by_one.edited).share.max() < 0.5
    whole = interchange.intervene(
        forward, net, given.tokens, given.source, target, np.ones(UNITS, bool), site=SITE, places=LAST
    )
    assert accuracy(whole.edited).share == 1


def test_an_untrained_network_is_no_better_than_its_answers(net, found):
    """Nothing of the variable is in shuffled weights, so the answers there follow nothing that was planted."""
    other = das.shuffled(jax.random.key(1), net)
    assert sorted(other["read"].tolist()) == sorted(net["read"].tolist())
    assert not np.allclose(other["table"], net["table"])
    assert found.untrained.share < 0.8 < found.learnt.low


def test_many_steps_are_compiled_once(net, no_compilation):
    given = pairs(2)
    das.fit(jax.random.key(0), forward, net, given, site=SITE, settings=SETTINGS)
    other = jax.tree.map(lambda leaf: leaf * 1.1, net)
    with no_compilation():
        das.fit(jax.random.key(1), forward, other, given, site=SITE, settings=SETTINGS._replace(rate=0.01))


def test_two_answers_or_one_against_all_others(net):
    given = pairs(0, 5)
    read = [
        interchange.intervene(
            forward,
            net,
            given.tokens,
            given.source,
            Answered(Preference(), answers),
            np.zeros(UNITS, bool),
            site=SITE,
            places=LAST,
        ).edited
        for answers in (given.answers, np.stack([given.answers[:, 0], np.full(5, -1)], axis=1))
    ]
    output = forward(net, Tokens(*map(jnp.asarray, given.tokens)), {})[0]
    score = np.asarray(output)[np.arange(5), given.tokens.mask.sum(axis=1) - 1]
    right = score[np.arange(5), given.answers[:, 0]]
    np.testing.assert_allclose(read[0], right - score[np.arange(5), given.answers[:, 1]], atol=1e-4)
    np.testing.assert_allclose(
        read[1],
        right
        - np.delete(score, given.answers[:, 0], 1)[range(5), 0].clip(
            np.array([np.delete(row, one).max() for row, one in zip(score, given.answers[:, 0], strict=True)])
        ),
        atol=1e-4,
    )


def test_all_words_and_places_of_each_pair(net):
    ids = np.array([[1, 2, 3, 0], [4, 5, 0, 0]])
    mask = np.arange(4) < np.array([[3], [2]])
    text, source = Tokens(ids, mask), Tokens((ids + 7) % WORDS, mask)
    target = Answered(Preference(0), np.array([[1, 0], [1, 0]]))
    every = interchange.intervene(forward, net, text, source, target, np.ones(UNITS, bool), site=SITE)
    score = np.asarray(forward(net, Tokens(*map(jnp.asarray, source)), {})[0])[:, 0]
    np.testing.assert_allclose(every.edited, score[:, 1] - score[:, 0], atol=1e-4)
    to_first = interchange.intervene(
        forward,
        net,
        text,
        source,
        target,
        np.ones(UNITS, bool),
        site=SITE,
        places=np.array([[0, 2], [0, -1]]),
    )
    score = np.asarray(forward(net, Tokens(*map(jnp.asarray, source)), {})[0])[[0, 1], [2, 1]]
    np.testing.assert_allclose(to_first.edited, score[:, 1] - score[:, 0], atol=1e-4)


def refused(net, said, *, answers=None, error=ValueError, source=None, places=LAST, site=SITE, settings=SETTINGS):
    given = pairs(0, 6)
    given = given._replace(
        answers=given.answers if answers is None else answers, source=given.source if source is None else source
    )
    with pytest.raises(error, match=said):
        das.fit(jax.random.key(0), forward, net, given._replace(places=places), site=site, settings=settings)


def test_what_does_not_go_together_is_refused(net):
    given = pairs(0, 6)
    refused(net, "did you mean 'hidden'", site="hiden", error=KeyError)
    refused(net, r"text \d has \d words and its source \d.*`places`", places=None)
    refused(net, "place 7 is no word of text 0", places=np.array([7, -1]))
    refused(net, "a source for each of the 6 texts", source=Tokens(*(leaf[:5] for leaf in given.source)))
    refused(net, r"pair 0 has the answers \[1, 1\]", answers=np.ones((6, 2), int))
    refused(net, r"outputs 0 to 2", answers=given.answers + 2)
    refused(net, "two answers of each of the 6 pairs", answers=given.answers[:, 0])
    refused(net, "1 to 12 dimensions", settings=das.Settings(dimensions=13))

    def headless(params, tokens, edits):
        return None, forward(params, tokens, edits)[1]

    with pytest.raises(ValueError, match="has no head"):
        das.fit(jax.random.key(0), headless, net, given, site=SITE)
    target = Answered(Preference(), given.answers)
    options = {"site": SITE, "places": LAST}
    for directions, said in ((np.eye(3), "as wide as 'hidden'"), (2 * np.eye(UNITS), "not orthonormal")):
        with pytest.raises(ValueError, match=said):
            das.intervene(forward, net, given.tokens, given.source, target, directions, **options)
