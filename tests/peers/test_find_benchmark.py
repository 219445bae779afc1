"""What benchmarks/find.py times still runs: here with two neurons and two steps."""

import pytest

pytest.importorskip("torch")
from benchmarks import find  # noqa: E402


def test_both_sides_search_at_a_small_size() -> None:
    side = find.build(find.QUICK)
    rows = find.equal_steps(side, 1, (2, 2), repeats=1, compiled=False)
    assert [row.peer for row in rows] == ["PyTorch, one by one", "PyTorch, batched, eager"]
    assert all(row.ratio > 0 for row in rows)


def test_memory_is_that_of_a_search() -> None:
    assert find.memory(find.QUICK, "ours") > 0
