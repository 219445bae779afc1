"""A model whose units each write a word by hand: forcing the expert writes the concept, random units do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.intervene import Sampling, induce
from jaxneuron.intervene.induce import Experts, Tried
from jaxneuron.types import Tokens
from tests import tiny
from tests.intervene import writers

UNITS = tiny.VOCAB + 1
PROMPT = Tokens(np.array([[1, 3], [4, 0]], np.int32), np.array([[True, True], [True, False]]))
WORD = 6
EXPERTS = Experts(np.array([WORD, *(unit for unit in range(UNITS) if unit != WORD)]), np.full(UNITS, 20.0))


def write(weights, experts=EXPERTS, **options):
    options = {"site": "hidden", "sampling": Sampling(6, read=writers.words), "tried": Tried((1, UNITS), 3)} | options
    given = jax.random.key(0), writers.recurrent, weights, writers.start(2), PROMPT
    return induce.intervene(*given, experts, **options)


def test_the_expert_writes_its_word_and_random_units_write_others(weights):
    found = write(weights)
    assert found.counts == (0, 1, UNITS) and found.effect.tokens.ids.shape == (4, 3, 2, 8)
    wrote = np.where(found.effect.sampled, found.effect.tokens.ids == WORD, False).sum((-1, -2))
    assert wrote[0, 1] == 12 and wrote[0, 0] < 6  # both texts, six words each
    assert len(set(wrote[:, 0])) == len(set(wrote[:, 2])) == 1  # none is none, all are all
    assert (wrote[1:, 1] < 12).any()


def test_perplexity_is_that_of_the_model_as_it_is(weights):
    found = write(weights)
    ids, sampled = found.effect.tokens.ids[2, 1], found.effect.sampled[2, 1]
    output = writers.recurrent(weights, writers.start(2), jnp.asarray(ids), {})[0][..., : tiny.VOCAB]
    scores = np.asarray(jax.nn.log_softmax(output))[:, :-1]
    nats = -np.take_along_axis(scores, ids[:, 1:, None], -1)[..., 0][sampled[:, 1:]]
    assert found.perplexity[2, 1] == pytest.approx(np.exp(nats.mean()), rel=1e-5)
    free = np.exp(-found.effect.log_probability[0, 0].sum() / found.effect.sampled[0, 0].sum())
    assert found.perplexity[0, 0] == pytest.approx(free, rel=1e-5)


def test_units_of_several_sites_are_counted_through(weights):
    order = np.array([UNITS + WORD, *(unit for unit in range(2 * UNITS) if unit != UNITS + WORD)])
    both = write(weights, Experts(order, np.full(2 * UNITS, 20.0)), site=("embed", "hidden"), tried=Tried((1,), 0))
    alone = write(weights, tried=Tried((1,), 0))
    np.testing.assert_array_equal(both.effect.tokens.ids, alone.effect.tokens.ids)


def test_a_transformer_is_induced_with_its_cache():
    experts, sampling = Experts(np.arange(8), np.full(8, 9.0)), Sampling(3)
    given = jax.random.key(0), writers.attentive, writers.attentive_weights(), writers.cache(2), PROMPT
    found = induce.intervene(*given, experts, site="final", tried=Tried((4,), 1), sampling=sampling)
    free = np.exp(-found.effect.log_probability[0, 0].sum() / found.effect.sampled[0, 0].sum())
    assert found.perplexity[0, 0] == pytest.approx(free, rel=1e-5) and np.isfinite(found.perplexity).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"experts": Experts(np.arange(3), np.zeros(3))}, ValueError, "expected the 9 units of hidden in an order"),
        ({"experts": EXPERTS._replace(order=np.zeros(UNITS, int))}, ValueError, "each once"),
        ({"tried": Tried((10,))}, ValueError, "counts from 1 to the 9 units"),
        ({"tried": Tried(())}, ValueError, "counts from 1"),
        ({"site": ("embed", "hiden")}, KeyError, "did you mean 'hidden'"),
        ({"sampling": Sampling(0)}, ValueError, "a length of at least 1"),
    ],
)
def test_what_cannot_be_forced_is_named(weights, options, error, message):
    with pytest.raises(error, match=message):
        write(weights, **options)
