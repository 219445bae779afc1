import pytest

from jaxneuron.report import text


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
