"""The page of concepts says what was found, and what prints alike is told together."""

from jaxneuron.studies._finished import Finished
from jaxneuron.studies.concepts import charts, page
from jaxneuron.studies.concepts.methods import METHODS, Method
from jaxneuron.studies.concepts.results import (
    Agreement,
    Class,
    Direction,
    Extent,
    Layer,
    Lost,
    Place,
    Point,
    Reader,
    Results,
)


def make_results():
    """Return the curves of many rankings, with long names."""
    rankings = [*METHODS][:9]
    curves = [
        Point(extent, Reader.LINEAR, name, way, count, 0.5, 0.1)
        for extent in Extent
        for name in rankings
        for way in Direction
        for count in (1, 10, 50)
    ]
    layers = [Layer(f"block{i}/residual", 0.5, 0.4, compression=2.0) for i in range(6)]
    return Results(
        sites=[row.site for row in layers],
        layers=layers,
        classes=[Class("NOUN", 9, 0.5, 6, [1] * 6, [])],
        curves=curves,
        agreement=Agreement(rankings, 5, [[0.5] * 9] * 9, 0.5, {"a": 1}, {"linear": 1.0}),
    )


def headlines(**results):
    return page.headlines(Finished("concepts", Results(**results)))


def point(ranking, direction, accuracy):
    return Point(Extent.ALL, Reader.LINEAR, ranking, direction, 50, accuracy, 0.1)


def test_rankings_and_layers_that_print_alike_are_told_together():
    curves = [
        point(Method.LINEAR, Direction.TOP, 0.80012),
        point(Method.IOU, Direction.TOP, 0.80008),
        point(Method.RANDOM, Direction.RANDOM, 0.8),
    ]
    layers = [Layer(f"block{i}", accuracy, 0.5) for i, accuracy in enumerate([0.9001, 0.9, 0.7])]
    lost = [
        Lost(Place.MODEL, name, way, count, property=value)
        for name, way, count, value in (
            (Method.NOTHING, Direction.TOP, 0, 0.9),
            (Method.LINEAR, Direction.TOP, 5, 0.70001),
            (Method.IOU, Direction.TOP, 5, 0.70002),
            (Method.RANDOM, Direction.RANDOM, 5, 0.70003),
        )
    ]
    best, layer, used = headlines(curves=curves, layers=layers, ablation=lost, layer="block1")
    assert "every ranking reach 80.0%" in best and "did not exceed" in best
    assert layer.startswith("The layers block0 and block1 tell most (90.0%)")
    assert "linear probe and IoU" in used and "70.0% can be read after its last layer, as much as without" in used
    assert "with all units 90.0%" in used


def test_a_run_without_figures_says_nothing():
    assert headlines() == [] and page.content(Finished("concepts", Results()))["charts"] == {}


def test_a_ranking_has_the_same_colour_in_every_chart():
    found = charts.palette(["iou", "my_method", "random", "linear", "nothing"])
    assert list(found) == ["linear", "iou", "my_method", "random"] and found["random"] == charts.CHANCE


def test_the_dashes_have_a_legend_that_is_seen():
    dots = charts.dots(make_results().curves, "accuracy")
    spec = charts.curves(dots, charts.palette(["linear"]), title="", what="")
    line = next(layer for layer in spec["layer"] if "strokeDash" in layer["encoding"])
    assert line["mark"]["type"] == "line"  # a filled point would give it an invisible stroke
    assert line["encoding"]["strokeDash"]["legend"]["symbolStrokeColor"]
    assert str(spec).count("strokeDash") == 1


def test_what_was_not_measured_is_not_drawn():
    rows = [Lost(Place.MODEL, Method.IOU, Direction.TOP, 5, property=0.5, perplexity=float("nan"))]
    assert len(charts.dots(rows, "property")) == 1
    assert charts.dots(rows, "perplexity") == [] == charts.dots(rows, "divergence")
