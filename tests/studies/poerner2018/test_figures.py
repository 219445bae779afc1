from math import nan
from xml.etree import ElementTree

import matplotlib.image
import pytest

from jaxneuron.report.figures import learning_curves, losses
from jaxneuron.studies.poerner2018 import figures
from tests.studies.poerner2018.conftest import read


def check(paths, name):
    assert [path.name for path in paths] == [f"{name}.png", f"{name}.svg"]
    image = matplotlib.image.imread(paths[0])
    assert min(image.shape[:2]) > 300 and image[..., :3].min() < 0.2 < 0.9 < image[..., :3].max()  # ink on paper
    assert ElementTree.parse(paths[1]).getroot().tag.endswith("svg")
    assert {path.name for path in paths[0].parent.iterdir()} == {path.name for path in paths}


def test_figure1_is_drawn_as_png_and_svg_and_repeats_itself(run, tmp_path):
    paths = figures.figure1(read(*run).found, tmp_path / "new" / "figure1")
    check(paths, "figure1")
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in figures.figure1(read(*run).found, tmp_path / "new" / "figure1.png")] == before


def test_boxes_are_one_per_method_in_the_papers_order(run):
    axes = figures.Figure().subplots()
    figures._boxes(axes, figures._scores([row for row in read(*run).found if row.setting == "visual/gru"]))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["crp", "emb", "logit", "smx", "gbl"]


@pytest.mark.parametrize("keep", [["visual/gru"], []])
def test_figures_of_an_incomplete_run_are_drawn(run, tmp_path, keep):
    found = [row for row in read(*run).found if row.setting in keep]
    check(figures.figure1(found, tmp_path / "a" / "figure1"), "figure1")
    assert all(path.exists() for path in figures.gains(found, tmp_path / "gains"))


def test_undefined_scores_are_left_out(run, tmp_path):
    found = [row._replace(score=nan, gain=nan) if row.target == 3 else row for row in read(*run).found]
    check(figures.figure1(found, tmp_path / "figure1"), "figure1")


def test_gains_are_drawn(run, tmp_path):
    check(figures.gains(read(*run).found, tmp_path / "gains"), "gains")


def test_learning_curves_draw_every_loss_that_was_recorded(run, tmp_path):
    curves = [*run[0]["model"]["curves"], {"epoch": 9, "step": 9000, "train_loss": 2.1, "dev_loss": None}]
    check(learning_curves(curves, tmp_path / "learning_curves"), "learning_curves")
    assert losses(curves) == ["train_loss", "dev_loss"]
