"""Writing a symbol at a time is what reading the whole text again for each symbol gives."""

from functools import partial

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import targets
from jaxneuron.edits import Add, Clamp
from jaxneuron.intervene import Sampling, generate
from jaxneuron.types import Tokens
from tests import tiny
from tests.intervene import writers

PROMPT = Tokens(np.array([[1, 3, 5], [4, 0, 0]], np.int32), np.array([[True, True, True], [True, False, False]]))


@pytest.fixture(params=["recurrent", "attentive"])
def model(request, weights):
    """Return step, forward, params, initial state, reader, and an edit that matters."""
    if request.param == "recurrent":
        units = np.arange(tiny.VOCAB + 1) == 2
        edit = Clamp(jnp.where(units, 2.0, -jnp.inf), jnp.where(units, 2.0, jnp.inf))
        return writers.recurrent, tiny.recurrent, weights, writers.start, writers.words, {"hidden": edit}
    params = writers.attentive_weights()
    edit = {"final": Add(8 * jax.random.normal(jax.random.key(5), (16, 8)))}  # another push at each time
    return writers.attentive, writers.FORWARD, params, writers.cache, targets.logits, edit


def write(model, edits=None, *, prompt=PROMPT, key=0, **options):
    step, _, params, state, read, _ = model
    sampling = Sampling(**{"length": 4, "temperature": 0.0, "read": read} | options)
    given = (jax.random.key(key), step, params, state(len(prompt.ids)), prompt, edits)
    return generate.intervene(*given, sampling=sampling)


def scores(model, ids, edits):
    """Return the log-probabilities of what follows, from reading all of it."""
    _, forward, params, _, read, _ = model
    width = 8  # one for all, so that little is compiled
    padded = np.zeros((1, width), np.int32)
    padded[0, : len(ids)] = ids
    return np.asarray(whole(forward, read, params, Tokens(padded, np.arange(width)[None] < len(ids)), edits))[
        : len(ids)
    ]


@partial(jax.jit, static_argnums=(0, 1))
def whole(forward, read, params, tokens, edits):
    return jax.nn.log_softmax(read(*forward(params, tokens, edits)))[0]


@pytest.mark.parametrize("edited", [False, True])
def test_the_likeliest_text_is_that_of_a_loop_over_forwards(model, edited):
    edits = model[-1] if edited else {}
    found = write(model, edits)
    for row, length in enumerate((3, 1)):
        ids = PROMPT.ids[row, :length].tolist()
        for _ in range(4):
            ids.append(int(scores(model, ids, edits)[-1].argmax()))
        assert found.tokens.ids[row, : length + 4].tolist() == ids
        assert found.tokens.mask[row].tolist() == [place < length + 4 for place in range(7)]
        assert found.sampled[row].tolist() == [length <= place < length + 4 for place in range(7)]
    if edited:
        assert not np.array_equal(found.tokens.ids, write(model).tokens.ids)


def test_log_probabilities_are_those_of_the_model(model):
    found = write(model, model[-1], temperature=1.0)
    for row, length in enumerate((3, 1)):
        ids = found.tokens.ids[row, : length + 4]
        log_p = scores(model, ids, model[-1])
        expected = log_p[np.arange(length - 1, length + 3), ids[length:]]
        np.testing.assert_allclose(found.log_probability[row, length : length + 4], expected, atol=1e-4)
    assert np.all(found.log_probability[~found.sampled] == 0)


def test_a_text_is_the_same_alone(model):
    found = write(model, temperature=1.0)
    alone = write(model, temperature=1.0, prompt=Tokens(*(leaf[:1] for leaf in PROMPT)))
    np.testing.assert_array_equal(alone.tokens.ids[0], found.tokens.ids[0])
    again = write(model, temperature=1.0)
    np.testing.assert_array_equal(again.tokens.ids, found.tokens.ids)


def test_among_one_is_the_likeliest_and_among_two_is_one_of_two(model):
    np.testing.assert_array_equal(write(model, temperature=3.0, top_k=1).tokens.ids, write(model).tokens.ids)
    found = write(model, temperature=5.0, top_k=2)
    for row, length in enumerate((3, 1)):
        log_p = scores(model, found.tokens.ids[row], {})
        for place in range(length, length + 4):
            assert found.tokens.ids[row, place] in np.argsort(log_p[place - 1])[-2:]


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_symbols_are_drawn_as_often_as_they_are_likely(weights, temperature):
    model = (writers.recurrent, tiny.recurrent, weights, writers.start, writers.words, {})
    prompt = Tokens(np.full((2000, 1), 3, np.int32), np.ones((2000, 1), bool))
    found = write(model, prompt=prompt, temperature=temperature, length=1)
    expected = np.exp(scores(model, [3], {})[0] / temperature)
    counts = np.bincount(found.tokens.ids[:, 1], minlength=tiny.VOCAB)
    np.testing.assert_allclose(counts / 2000, expected / expected.sum(), atol=4 * 0.5 / 2000**0.5)


def test_a_text_stops_after_its_end(model):
    free = write(model, temperature=1.0)
    end = int(free.tokens.ids[0, 4])
    found = write(model, temperature=1.0, end=end)
    stop = 3 + free.tokens.ids[0, 3:].tolist().index(end)
    assert found.tokens.mask[0].sum() == stop + 1
    np.testing.assert_array_equal(found.tokens.ids[0, : stop + 1], free.tokens.ids[0, : stop + 1])
    assert not found.sampled[0, stop + 1 :].any()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"length": 0}, "length of at least 1"),
        ({"temperature": -1.0}, "temperature of at least 0"),
        ({"top_k": 0}, "top_k of at least 1"),
        ({"prompt": Tokens(PROMPT.ids, np.zeros((2, 3), bool))}, "at least one symbol"),
    ],
)
def test_what_cannot_be_written_is_said(weights, options, fault):
    model = (writers.recurrent, tiny.recurrent, weights, writers.start, writers.words, {})
    with pytest.raises(ValueError, match=fault):
        write(model, **options)


def test_a_cache_without_room_is_named():
    state, check = writers.cache(2), generate._sampling.check
    check(PROMPT, state, Sampling(14))  # 16 symbols are read: the last one is only written
    with pytest.raises(ValueError, match="room for 16 more symbols, and a prompt of 3 with 15 written .* needs 17"):
        check(PROMPT, state, Sampling(15))
    begun = state._replace(length=jnp.int32(12))
    with pytest.raises(ValueError, match="room for 4 more"):
        generate.intervene(jax.random.key(0), writers.attentive, {}, begun, PROMPT, sampling=Sampling(3))


def test_a_symbol_costs_the_same_whatever_was_read(model):
    """One scan, whose body does not depend on how long the text gets."""
    step, _, params, state, read, _ = model

    def scans(length):
        sampling = Sampling(length, read=read)
        write = partial(generate._sampling.write, step=step, edits={}, sampling=sampling)
        closed = jax.make_jaxpr(write)(jax.random.key(0), params=params, state=state(2), prompt=PROMPT)
        return [eqn for eqn in equations(closed.jaxpr) if eqn.primitive.name == "scan" and eqn.params["length"] > 1]

    (short,), (long,) = scans(4), scans(9)
    assert (short.params["length"], long.params["length"]) == (6, 11)
    assert str(short.params["jaxpr"]) == str(long.params["jaxpr"])


def equations(jaxpr):
    """Yield the equations of a program and of all that are inside."""
    for eqn in jaxpr.eqns:
        yield eqn
        for inner in jax.extend.core.jaxprs_in_params(eqn.params):
            yield from equations(inner)
