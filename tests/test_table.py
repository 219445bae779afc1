"""One checked reader for activations in memory, in a store, or of any kind that is read by index."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.rank.single_neuron import lagged
from jaxneuron.table import Checked, Table, over_tokens, over_units, padded, spans

VALUES = np.arange(24, dtype=np.float32).reshape(8, 3)


class Lazy:
    """The least that a table is."""

    def __init__(self, array):
        self._array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, index):
        return self._array[index].copy()


@pytest.mark.parametrize("table", [VALUES, jnp.asarray(VALUES), Lazy(VALUES), lagged(VALUES, [0])])
def test_whatever_is_read_by_index_is_a_table(table):
    assert isinstance(table, Table) and not isinstance(VALUES.tolist(), Table)
    blocks = list(Checked(table).blocks(3))
    assert [here for here, _ in blocks] == [slice(0, 3), slice(3, 6), slice(6, 8)]
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), VALUES)
    units = dict((here.start, block) for here, block in over_units(table, budget=1))
    np.testing.assert_array_equal(np.concatenate([units[i] for i in range(3)], axis=1), VALUES)


@pytest.mark.parametrize(
    "index",
    [slice(2, 8), (slice(2, 8, 3), slice(1, 3)), np.array([1, 5]), (slice(4, 6), np.array([2, 0])), slice(-4, None)],
    ids=str,
)
def test_a_value_that_is_not_finite_is_named_by_its_place_in_the_whole(index):
    values = VALUES.copy()
    values[5, 2] = np.inf
    for table in (values, Lazy(values)):
        with pytest.raises(ValueError, match="unit 2 at token 5 is not finite"):
            Checked(table)[index]
        assert not np.isfinite(Checked(table).unchecked(index)).all()


def test_numbers_that_float32_does_not_hold_are_read_as_they_are_or_refused():
    wide = VALUES.astype(np.float64) + 1e-12
    assert Checked(wide, exact=True)[:].dtype == np.float64 and Checked(wide)[:].dtype == np.float32
    np.testing.assert_array_equal(Checked(wide, exact=True)[:], wide)
    assert Checked(VALUES.astype(np.int64), exact=True).dtype == np.float64
    wide[1, 1] = 1e300
    with pytest.raises(ValueError, match=r"unit 1 at token 1 is 1e\+300, more than float32 holds"):
        Checked(wide)[:]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (VALUES[:, 0], ValueError, r"expected activations \[token, unit\], got \(8,\); one unit is"),
        (VALUES.astype(complex), TypeError, "as real numbers, got complex128"),
        (VALUES.astype(str), TypeError, "as real numbers"),
    ],
)
def test_what_is_no_table_of_numbers_is_named(wrong, error, message):
    with pytest.raises(error, match=message):
        Checked(wrong)


def test_a_reduction_sees_every_token_once_in_either_precision():
    def update(total, index, valid, block, rows):
        return total + np.asarray(valid) @ (np.asarray(block) * np.asarray(rows)[:, None])

    rows = np.arange(8, dtype=np.float32)
    for values in (VALUES, VALUES.astype(np.float64)):
        calls = []
        found = over_tokens(update, 0, Lazy(values), rows, budget=100, progress=lambda *done, to=calls: to.append(done))
        np.testing.assert_array_equal(found, rows @ VALUES)
        assert len(calls) > 1 and calls[-1] == (8, 8)


def test_progress_comes_after_the_work():
    order = []
    for here in spans(3, 2, lambda done, total: order.append(("done", done, total))):
        order.append(here.start)
    assert order == [0, ("done", 2, 3), 2, ("done", 3, 3)]
    assert padded(np.ones((2, 2)), 3).tolist() == [[1, 1], [1, 1], [0, 0]]
