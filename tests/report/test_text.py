import pytest

from jaxneuron.report import concepts, dni2018, text


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (5.2449, 5.2451, "is 5.2 bits at block0 and at block2"),
        (5.251, 5.249, "falls from 5.3 bits at block0 to 5.2 at block2"),
        (5.1, 5.2, "rises from 5.1 bits at block0 to 5.2 at block2"),
    ],
)
def test_a_change_is_one_between_printed_figures(first, last, said):
    show = lambda value: text.number(value, 1)  # noqa: E731
    assert text.change(first, last, show, unit=" bits", places=("block0", "block2")) == said


def test_nought_has_no_sign_and_claims_no_sixteen_digits():
    assert text.number(-1e-9) == text.number(1e-9) == "0.00" and text.number(1e-9, sign=True) == "0.00"
    assert text.shown(0.018420532088734676) == "0.01842" and text.shown(123456.789) == "123,457"
    assert text.shown({"a": [0.1234567, None]}) == "a: 0.1235, –"


def test_equal_bits_are_as_many():
    told = dni2018.headlines({"results": {"quality": {"bits": 1.50004, "n_gram": 1.5}}})
    assert len(told) == 1 and "as many as a 5-gram model (1.500)" in told[0] and "too little" in told[0]
    told = dni2018.headlines({"results": {"quality": {"bits": 1.2, "n_gram": 1.5}}})
    assert told == ["The model needs 1.200 bits per symbol, fewer than a 5-gram model (1.500)."]


def curve(ranking, direction, accuracy):
    row = {"scope": "all", "probe": "linear", "count": 50, "ranking": ranking, "direction": direction}
    return row | {"accuracy": accuracy}


def test_rankings_and_layers_that_print_alike_are_told_together():
    rows = [curve("linear", "top", 0.80012), curve("iou", "top", 0.80008), curve("random", "random", 0.8)]
    layers = [
        {"site": f"block{i}", "accuracy": accuracy, "control": 0.5} for i, accuracy in enumerate([0.9001, 0.9, 0.7])
    ]
    lost = [
        {"place": "model", "ranking": name, "direction": way, "count": count, "property": value}
        for name, way, count, value in (
            ("nothing", "top", 0, 0.9),
            ("linear", "top", 5, 0.70001),
            ("iou", "top", 5, 0.70002),
            ("random", "random", 5, 0.70003),
        )
    ]
    results = {"curves": rows, "layers": layers, "ablation": lost, "layer": "block1"}
    best, layer, used = concepts.headlines({"results": results})
    assert "every ranking reach 80.0%" in best and "did not exceed" in best
    assert layer.startswith("The layers block0 and block1 tell most (90.0%)")
    assert "linear probe and IoU" in used and "70.0% can be read after its last layer, as much as without" in used
