"""The whole study on a few scenes: what it leaves, and that a killed run goes on."""

import json
import math

import pytest

from jaxneuron.studies import _finished, captioned, running
from jaxneuron.studies._kept import plain
from jaxneuron.studies.poerner2018 import presets
from jaxneuron.studies.poerner2018.options import Options
from jaxneuron.studies.poerner2018.presets import Preset
from jaxneuron.studies.poerner2018.study import STUDY
from tests.studies import tiny_imaginet

CLIMB = {"steps": 20, "epoch": 10, "restarts": 2, "learning_rate": 0.2, "patience": None, "keep": "step"}
MICRO = Preset(
    imaginet={"embedding": 6, "units": 12},
    training={"epochs": 1, "batch": 64, "learning_rate": 3e-3},
    methods={
        "corpus": {"k": 2},
        "embedding": CLIMB,
        "logit": CLIMB,
        "softmax": CLIMB | {"start": 1},
        "gumbel_softmax": CLIMB | {"samples": 2, "harvest": True},
    },
    units=6,
    groups=4,
    sample=300,
    length=4,
    frequent=3,
)
pytestmark = pytest.mark.slow
SETTINGS = ("visual/projection", "textual/projection", "textual/projection/all", "visual/gru", "textual/gru")


class Killed(Exception):
    pass


@pytest.fixture(autouse=True, scope="module")
def micro():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "micro", MICRO)
        patch.setattr(captioned, "read", lambda path: tiny_imaginet.data())
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_imaginet.store(tmp_path_factory.mktemp("model"))


def run(directory, model, **options):
    asked = Options(model=model, draw=options.pop("draw", "unbiased"))
    return running.run(directory, STUDY, asked, **{"preset": "micro"} | options)


@pytest.fixture(scope="module")
def finished(model, tmp_path_factory):
    directory, reports = tmp_path_factory.mktemp("study"), []
    return directory, run(directory, model, report=reports.append), reports


def test_a_run_leaves_everything_that_a_person_needs(finished):
    directory, _, _ = finished
    left = {path.name for path in directory.iterdir()}
    assert {"report.html", "results.json", "timings.json", "found.jsonl", "settings.json", "search"} <= left
    assert {f"{figure}.{kind}" for figure in ("figure1", "gains") for kind in ("png", "svg")} <= left
    assert not list(directory.rglob("*.partial"))
    page = (directory / "report.html").read_text()
    assert "</html>" in page and all(setting in page for setting in SETTINGS)


def test_results_have_every_key_of_the_design(finished):
    directory, told, _ = finished
    assert json.dumps(plain(_finished.read(directory, STUDY))) == json.dumps(plain(told))
    times, results = (json.loads((directory / name).read_text()) for name in ("timings.json", "results.json"))
    assert '"seconds"' not in (directory / "results.json").read_text() + (directory / "found.jsonl").read_text()
    assert {"jax", "jaxlib", "flax", "numpy", "python", "jaxneuron"} == set(results["versions"])
    assert {"study", "version", "versions", "seed", "device", "settings", "results", "claims"} <= set(results)
    assert tuple(results["results"]) == SETTINGS
    for setting, table in results["results"].items():
        assert tuple(table) == tuple(MICRO.methods)
        for method, row in table.items():
            row = row | times["results"][setting][method]
            assert {"mean", "median", "n", "gain", "t", "p", "d_z", "seconds", "settings"} <= set(row)
            assert row["n"] >= 2 and math.isfinite(row["mean"])
            assert all((row[name] is None) == (method == "corpus") for name in ("gain", "t", "p", "d_z"))
            assert row["settings"] == MICRO.methods[method]
    for claim in results["claims"]:
        assert {"claim", "source", "holds", "figure", "note"} == set(claim) and isinstance(claim["holds"], bool)
    assert results["settings"]["preset"] == "micro" and results["settings"]["length"] == 4


def test_every_n_gram_found_is_written_with_its_activation(finished):
    directory, told, _ = finished
    rows = [json.loads(line) for line in (directory / "found.jsonl").read_text().splitlines()]
    assert len(rows) == sum(row.n for table in told.results.results.values() for row in table.values())
    for row in rows:
        assert {"setting", "target", "name", "method", "ngram", "words", "score"} <= set(row)
        assert row["ngram"].split() == row["words"] and 1 <= len(row["words"]) <= 4
    for setting, table in told.results.results.items():
        for method, figures in table.items():
            scores = [row["score"] for row in rows if (row["setting"], row["method"]) == (setting, method)]
            assert figures.mean == pytest.approx(sum(scores) / len(scores), rel=1e-5)


def test_a_start_from_the_corpus_optima_never_loses(finished):
    _, told, _ = finished
    assert all(table["softmax"].worse == 0 for table in told.results.results.values())


def test_each_search_is_reported_once(finished):
    _, _, reports = finished
    searched = [f"{pathway} pathway: {method}" for pathway in ("visual", "textual") for method in MICRO.methods]
    assert reports == [*searched, "draw the report"]


def test_a_killed_run_goes_on_without_repeating_itself(finished, model, tmp_path):
    directory, _, reports = finished
    stop = reports[6]

    def kill(what):
        if what == stop:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path, model, report=kill)
    assert not (tmp_path / "results.json").exists()
    again = []
    run(tmp_path, model, report=again.append)
    assert again == reports[6:]
    for name in ("results.json", "found.jsonl"):
        assert (tmp_path / name).read_bytes() == (directory / name).read_bytes()
    assert (tmp_path / "timings.json").read_bytes() != (directory / "timings.json").read_bytes()


def test_without_a_model_one_is_trained_and_kept(tmp_path):
    def kill(what):
        if what != "train Imaginet":
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path, None, report=kill)
    assert (tmp_path / "model" / "curves.json").exists()


@pytest.mark.parametrize("changed", [{"seed": 1}, {"draw": "original"}])
def test_another_run_s_folder_is_refused(finished, model, changed):
    with pytest.raises(ValueError, match=f"holds a run with other settings \\({[*changed][0]}\\)"):
        run(finished[0], model, **changed)


def test_a_folder_is_not_claimed_by_a_run_that_cannot_start(model, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        run(tmp_path, tmp_path / "nowhere")
    assert not (tmp_path / "settings.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"preset": "smal"}, "no preset 'smal': did you mean 'small'"), ({"draw": "mine"}, "no draw 'mine'")],
)
def test_what_does_not_exist_is_said(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "out", None, **options)
    assert not (tmp_path / "out").exists()
