"""Equal runs leave equal results: what the clock said is kept apart, and put back for people."""

import pytest

from jaxneuron.report import timings

WHOLE = {
    "results": {
        "visual": {"corpus": {"mean": 1.0, "seconds": 2.0}, "logit": {"mean": 3.0}},
        "seconds": {"linear": 4.0},
    },
    "curves": [{"epoch": 1}, {"epoch": 2, "seconds": 5.0}],
    "claims": [{"holds": True}],
    "device": "cpu",
}


def test_no_time_is_left_in_the_results_and_each_comes_back():
    results, times = timings.apart(WHOLE)
    assert "seconds" not in str(results) and results["claims"] == WHOLE["claims"]
    assert times == {
        "results": {"visual": {"corpus": {"seconds": 2.0}}, "seconds": {"linear": 4.0}},
        "curves": [None, {"seconds": 5.0}],
    }
    assert timings.together(results, times) == WHOLE


@pytest.mark.parametrize("times", [None, {}, {"results": 3, "curves": [None, None, {"seconds": 1}], "gone": {}}])
def test_times_of_another_run_or_none_leave_the_results(times):
    results, _ = timings.apart(WHOLE)
    together = timings.together(results, times)
    assert {name: together[name] for name in results} == results
