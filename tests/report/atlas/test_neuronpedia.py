"""What is exported is what Neuronpedia keeps: its folders, its fields and the same numbers."""

import gzip
import json

import pytest

from jaxneuron.report.atlas import neuronpedia
from jaxneuron.report.atlas.unit import Neighbour
from tests.report.atlas import made

FEATURE = """modelId layer index creatorId createdAt maxActApprox hasVector vector vectorLabel
vectorDefaultSteerStrength
hookName topkCosSimIndices topkCosSimValues
neuron_alignment_indices neuron_alignment_values neuron_alignment_l1
correlated_neurons_indices correlated_neurons_pearson correlated_neurons_l1 correlated_features_indices
correlated_features_pearson correlated_features_l1 neg_str neg_values pos_str pos_values frac_nonzero
freq_hist_data_bar_heights freq_hist_data_bar_values logits_hist_data_bar_heights logits_hist_data_bar_values
decoder_weights_dist sourceSetName""".split()
ACTIVATION = """id modelId layer index tokens values maxValue maxValueTokenIndex minValue creatorId dataSource dataIndex
binMin binMax binContains qualifyingTokenIndex dfaValues dfaTargetIndex dfaMaxValue lossValues logitContributions
zIndices zValues""".split()
EXPLANATION = """id modelId layer index description authorId embedding typeName explanationModelName notes scoreV1
scoreV2""".split()
SITES = ["block0/residual", "lstm1/hidden"]


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neuronpedia, "BATCH", 3)
        return neuronpedia.export(out, made.units(SITES, 4, plain=False))


def test_the_folders_are_those_of_neuronpedia(exported):
    assert [f"{one.parent.name}/{one.name}" for one in exported] == ["made/0-block-residual", "made/1-lstm-hidden"]
    files = {path.relative_to(exported[0]).as_posix() for path in exported[0].rglob("*.jsonl*")}
    batches = {f"{kind}/batch-{n}.jsonl.gz" for kind in ("features", "activations", "explanations") for n in (0, 1)}
    assert files == batches | {"release.jsonl", "model.jsonl", "sourceset.jsonl", "source.jsonl"}


@pytest.mark.parametrize(
    ("kind", "fields"), [("features", FEATURE), ("activations", ACTIVATION), ("explanations", EXPLANATION)]
)
def test_the_rows_have_the_fields_of_neuronpedia(exported, kind, fields):
    for row in lines(exported[0] / kind / "batch-0.jsonl.gz"):
        assert set(fields) <= set(row)
        assert set(row) - set(fields) <= {"createdAt"}


def test_an_export_passes_its_check(exported):
    assert [neuronpedia.check(folder) for folder in exported] == [4 + 4 + 4 * 20 + 4] * 2


def test_the_numbers_are_those_of_the_record(exported):
    unit = made.unit(SITES[0], 3, units=4)
    (feature,) = lines(exported[0] / "features/batch-1.jsonl.gz")
    assert (feature["index"], feature["layer"], feature["hookName"]) == ("3", "0-block-residual", SITES[0])
    assert feature["maxActApprox"] == pytest.approx(unit.distribution.maximum, rel=1e-5)
    assert feature["freq_hist_data_bar_heights"] == unit.distribution.counts.tolist()
    assert len(feature["freq_hist_data_bar_values"]) == len(unit.distribution.counts)
    assert feature["pos_str"] == [one.token for one in unit.writes[0].top]
    for name, measure in (("correlated_neurons_indices", "correlation"), ("topkCosSimIndices", "cosine of outputs")):
        assert feature[name] == [one.unit for one in unit.neighbours if one.measure == measure]
    rows = lines(exported[0] / "activations/batch-1.jsonl.gz")
    assert [row["dataSource"] for row in rows] == ["top"] * 8 + ["quantile"] * 2 + ["bottom"] * 8 + [
        "bottom quantile"
    ] * 2
    assert rows[0]["tokens"] == unit.examples.positive.top[0].tokens
    assert rows[0]["values"][rows[0]["maxValueTokenIndex"]] == rows[0]["maxValue"] == max(rows[0]["values"])
    assert (rows[8]["binMin"], rows[8]["binContains"]) == (
        pytest.approx(unit.examples.positive.bins[0].lower, rel=1e-5),
        0.1,
    )
    (said,) = lines(exported[0] / "explanations/batch-1.jsonl.gz")
    assert said["scoreV1"] == pytest.approx(unit.descriptions[0].score.value, rel=1e-5)
    assert "auroc 0.9, control 0.5; on held-out text" in said["notes"]
    assert len({row["id"] for row in rows}) == len(rows)


def test_neighbours_of_other_sites_are_no_numbers_of_this_one(tmp_path):
    unit = made.unit("block0/residual", 1, plain=True)
    near = [Neighbour("block1/residual", 7, "correlation", 0.9), Neighbour("block0/residual", 5, "cluster", 0.9)]
    (folder,) = neuronpedia.export(tmp_path, [unit._replace(neighbours=near)], model="m", creator="me")
    (feature,) = lines(folder / "features/batch-0.jsonl.gz")
    assert feature["correlated_neurons_indices"] == [] and feature["creatorId"] == "me"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("index", 3, "'index' should be"), ("vector", None, "'vector'"), ("surprise", 1, "'surprise' should be absent")],
)
def test_a_wrong_row_is_named(exported, tmp_path, field, value, message):
    (folder,) = neuronpedia.export(tmp_path, made.units(["a"], 1, plain=False))
    path = folder / "features/batch-0.jsonl.gz"
    (row,) = lines(path)
    path.write_bytes(gzip.compress(json.dumps({**row, field: value}).encode()))
    with pytest.raises(ValueError, match=f"line 1: {message}"):
        neuronpedia.check(folder)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="no batch"):
        neuronpedia.check(folder)


def test_two_sites_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="both be called 0-a-b"):
        neuronpedia.export(tmp_path, made.units(["a/b", "a-b"], 1))
