import numpy as np
import pytest

from jaxneuron.rank import single_neuron

RNG = np.random.default_rng(0)
STATES = RNG.normal(size=(30, 3)).astype(np.float32)
STARTS = np.array([0, 7, 7, 19, 30])  # one text is empty; the last number is a store's, the end


def by_hand(lags):
    columns = np.zeros((30, len(lags), 3), np.float32)
    for first, end in zip(STARTS[:-1], STARTS[1:], strict=True):
        for i, lag in enumerate(lags):
            columns[first + lag : end, i] = STATES[first : max(end - lag, first)]
    return columns.reshape(30, -1)


def test_states_never_cross_the_boundary_of_a_text():
    lags = [0, 2, 11, 50]
    np.testing.assert_array_equal(single_neuron.lagged(STATES, lags, starts=STARTS), by_hand(lags))


def test_parts_are_read_as_they_are_asked_for():
    lazy, whole = single_neuron.lagged(STATES, [1, 0, 3], starts=STARTS), by_hand([1, 0, 3])
    assert lazy.shape == whole.shape and len(lazy) == 30
    for index in [slice(5, 22), np.array([29, 3, 8]), (slice(6, 9), slice(2, 8)), (slice(None), slice(4, 5))]:
        np.testing.assert_array_equal(lazy[index], whole[index])
    np.testing.assert_array_equal(lazy[:, ::2], whole[:, ::2])


def test_a_label_that_follows_a_unit_is_found_at_its_lag():
    label = np.r_[False, False, STATES[:-2, 1] > 0]
    columns = single_neuron.lagged(STATES, range(4))
    found = single_neuron.rank(None, columns, label, folds=5, by="balanced", budget=500)
    assert divmod(int(found.order[0, 0]), 3) == (2, 1)


@pytest.mark.parametrize(
    ("lags", "starts", "message"),
    [([-1], None, "different whole numbers"), ([0, 0], None, "different"), ([], None, "lags as"),
     ([0], [1, 2], "ascending from 0"), ([0], [0, 5, 3], "ascending"), ([0], [0, 31], "first of the 30 tokens")],
)  # fmt: skip
def test_wrong_lags_and_starts_are_named(lags, starts, message):
    with pytest.raises(ValueError, match=message):
        single_neuron.lagged(STATES, lags, starts=None if starts is None else np.array(starts))
