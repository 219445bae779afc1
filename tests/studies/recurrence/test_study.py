"""The whole study on a little text: what it leaves, and what its figures mean."""

import json

import numpy as np
import pytest

from jaxneuron.studies import _finished, running
from jaxneuron.studies.recurrence import presets
from jaxneuron.studies.recurrence.claims import claims, corresponding
from jaxneuron.studies.recurrence.comparing import Compared
from jaxneuron.studies.recurrence.erasing import _sets
from jaxneuron.studies.recurrence.options import Options
from jaxneuron.studies.recurrence.presets import Preset
from jaxneuron.studies.recurrence.results import Alike, End, Ranking
from jaxneuron.studies.recurrence.study import STUDY

MICRO = Preset(
    60,
    {"epochs": 1, "batch": 16},
    models=2,
    width=6,
    embedding=5,
    layers=1,
    compared=40,
    erased=10,
    shares=(0.2, 0.5),
    random=3,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Sentences of one length: a length is a compilation."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for split, count in (("train", 60), ("dev", 40)):
        rows = (" ".join(random.choice("a dog sees two black cats in the park".split(), 7)) for _ in range(count))
        (folder / f"{split}.txt").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    directory = tmp_path_factory.mktemp("recurrence")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "micro", MICRO)
        running.run(directory, STUDY, Options(data=data), preset="micro", seed=3)
    return directory


@pytest.mark.slow
def test_a_run_leaves_its_results_and_its_page(run):
    results = json.loads((run / "results.json").read_text())
    assert [claim["holds"] in (True, False) for claim in results["claims"]] == [True] * 9
    assert [row["site"] for row in results["results"]["scores"]] == ["embed", "lstm0/hidden"]
    assert len((run / "found.jsonl").read_text().splitlines()) == 2 * (5 + 6)
    page = (run / "report.html").read_text()
    assert "Which neurons recur" in page and "Units that recur least" in page and "NaN" not in page.split("<script")[0]
    for figure in ("correlations", "layers", "erased"):
        assert (run / f"{figure}.svg").exists()


@pytest.mark.slow
def test_what_is_found_is_what_is_summed_up(run):
    finished = _finished.read(run, STUDY)
    for row in finished.results.scores:
        own = [one for one in finished.found if one.site == row.site]
        by_model = [np.median([one.excess for one in own if one.model == model]) for model in (0, 1)]
        np.testing.assert_allclose(row.excess, np.mean(by_model), atol=1e-6)
        for one in own:
            assert abs(one.mean - one.rotated - one.excess) < 1e-6 and one.minimum <= one.mean <= one.maximum
            assert one.partner_model == 1 - one.model
    erased = finished.results.erased
    assert {row.end for row in erased} == {*End} and {row.share for row in erased} == {0.2, 0.5}
    assert len(erased) == (2 * len(Ranking) + 1) * 2


def test_the_units_that_are_taken_away_are_the_first_of_each_order():
    drawn = np.array([[0.3, 0.1, 0.2, 0.0]])
    sets = _sets([np.array([0.1, 0.9, 0.5, 0.2])], drawn, [1, 2])
    assert [np.flatnonzero(one).tolist() for one in sets] == [[1], [1, 2], [0], [0, 3], [3], [1, 3]]


def test_layers_that_correspond_are_counted():
    rows = [Alike("cka", (0, 1), [[0.9, 0.1], [0.8, 0.3]]), Alike("cka", (1, 0), [[0.9, 0.1], [0.2, 0.3]])]
    assert corresponding(rows, "cka") == 0.75


def test_units_are_ordered_by_what_they_have_over_rotated_models():
    class Scored:
        score = np.array([0.5, 0.9])

    found = Compared([1], {Ranking.MEAN: Scored(), Ranking.MAXIMUM: Scored()}, np.array([0.1, 0.7]))
    np.testing.assert_allclose(found.score(Ranking.EXCESS), [0.4, 0.2])
    np.testing.assert_allclose(found.score(Ranking.MAXIMUM), [0.5, 0.9])


@pytest.mark.slow
def test_claims_say_false_where_nothing_recurs(run):
    results = _finished.read(run, STUDY).results
    worse = [row._replace(excess=-0.1, regression=row.maximum - 0.1) for row in results.scores]
    made = {claim.claim[:20]: claim.holds for claim in claims(results._replace(scores=worse))}
    assert made["units correlate bett"] is False and made["all units of another"] is False
