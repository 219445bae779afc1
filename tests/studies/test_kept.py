"""What is kept comes back as the type that it was."""

import json
import math
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pytest

from jaxneuron.studies._kept import keep, plain, typed


class Way(StrEnum):
    OUT = "out"
    BACK = "and back"


class Step(NamedTuple):
    way: Way
    length: float
    label: str | None  # of every step, if only to say that it has none
    height: float | None = None  # of some


STEPS = [Step(Way.OUT, 1.5, None), Step(Way.BACK, math.inf, "last", height=2)]


def test_it_is_computed_once(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return {"accuracy": np.float32(0.5), "counts": np.arange(2), "none": float("nan")}

    for _ in range(2):
        assert keep(tmp_path / "one.json", dict, compute) == {"accuracy": 0.5, "counts": [0, 1], "none": None}
    assert len(calls) == 1


def test_what_there_is_not_is_left_out_and_comes_back():
    written = json.loads(json.dumps(plain(STEPS)))
    assert written == [
        {"way": "out", "length": 1.5, "label": None},
        {"way": "and back", "length": None, "label": "last", "height": 2},
    ]
    first, last = typed(list[Step], written, "steps")
    assert first == STEPS[0] and first.way is Way.OUT and last.way is Way.BACK
    assert math.isnan(last.length) and last.height == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"way": "ou"}, r"steps \[0\]: way: expected one of 'out', 'and back', got 'ou'"),
        ({"way": []}, "expected one of 'out', 'and back', got \\[\\]"),
    ],
)
def test_a_word_that_is_not_in_an_enumeration_is_an_error(changed, message):
    with pytest.raises(ValueError, match=message):
        typed(list[Step], [plain(STEPS[0]) | changed], "steps")


def test_a_field_that_lacks_is_named():
    with pytest.raises(ValueError, match=r"steps \[0\] lacks way"):
        typed(list[Step], [{"length": 1.0, "label": "x"}], "steps")
