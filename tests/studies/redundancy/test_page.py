"""The page of redundancy says what was found, and no more than was measured."""

from jaxneuron.studies._finished import Finished
from jaxneuron.studies.redundancy import claims, page
from jaxneuron.studies.redundancy.results import (
    Depth,
    Fewest,
    General,
    Gone,
    Ordered,
    Reads,
    Results,
    Task,
    Thinned,
    Threshold,
    Whence,
    Without,
)

SITES = ["embed", *(f"block{number}/residual" for number in range(6))]


def make_task(name, each, units=50, **changed):
    """Return what a task of 700 units needs."""
    task = Task(
        name=name,
        layer="upos",
        each=each,
        units=700,
        classes=5,
        rows={"train": 90, "dev": 30, "test": 30},
        majority=0.3,
        dev=0.9,
        test=0.9,
        depths=[Depth(site, 0.8, 0.85) for site in SITES[:-1]] + [Depth(SITES[-1], 0.7, 0.9)],
        selected=3,
        left=200,
        fewest=[Fewest(share, units, 0.89, 0.88, True) for share in (0.97, 0.99)],
        thinned=[Thinned(0.3, 400, 0.9, 0.9), Thinned(0.7, 90, 0.9, 0.895), Thinned(0.9, 5, 0.5, 0.5)],
        curve=[Reads(order, count, 0.5) for order in Ordered for count in (1, 10, 108)],
    )
    return task._replace(**changed)


def make_results(**changed):
    """Return a run of two tasks on seven layers."""
    thresholds = [
        Threshold(distance, kept, 1 - kept / 700, [0.1] * 7, [0.2, 0.5, *[0.06] * 5])
        for distance, kept in ((0.3, 400), (0.7, 90), (0.9, 5))
    ]
    similar = [[1 - 0.1 * abs(one - other) for other in range(7)] for one in range(7)]
    missed = [
        Without(whence, gone, count, 0.9 - 0.001 * count * (gone is Gone.TOP))
        for whence in Whence
        for gone in Gone
        for count in (0, 10, 100)
    ]
    whole = Results(
        sites=SITES,
        general=General(700, 90, thresholds, similar),
        tasks=[make_task("tree", "word"), make_task("polarity", "text", units=20)],
        missed=missed,
    )
    return whole._replace(**changed)


def held(**changed):
    return {claim.claim: (claim.holds, claim.figure) for claim in claims.claims(make_results(**changed))}


def test_units_are_redundant_as_long_as_no_task_loses_more_than_a_percent():
    assert claims.removable(make_results().tasks) == 0.7
    (claim,) = [claim for claim in held() if claim.startswith("85%")]
    assert held()[claim] == (True, 1 - 90 / 700)
    weak = make_task("weak", "text", thinned=[Thinned(0.3, 400, 0.8, 0.8), *make_task("", "text").thinned[1:]])
    assert claims.removable([weak]) == 0.7  # a smaller distance that a probe does not like is no reason
    assert claims.removable([make_task("none", "text", test=0.99)]) is None
    assert held(tasks=[make_task("none", "text", test=0.99)])[claim] == (False, 0)


def test_few_units_are_measured_against_all():
    found = held()
    few = "tree: at most 10% of the units keep 97% of the accuracy"
    assert found[few] == (False, 0.5 / 0.9)  # with the 10 units that were tried
    enough = [Reads(Ordered.SELECTED, count, accuracy) for count, accuracy in ((10, 0.5), (70, 0.88), (71, 0.9))]
    assert held(tasks=[make_task("tree", "word", curve=enough)])[few] == (True, 0.88 / 0.9)
    assert found["labels of texts need fewer units than labels of words"] == (True, 30)
    assert found["labels of words need fewer layers than labels of texts"] == (False, 0)
    assert found["the model misses the first units more than as many at random"][0]


def test_headlines_say_what_was_not_reached():
    late = make_task("tree", "word", fewest=[Fewest(0.97, 200, 0.5, 0.5, False)])
    text = " ".join(page.headlines(Finished("redundancy", make_results(tasks=[late]))))
    assert "of which 97% were not reached" in text
    text = " ".join(page.headlines(Finished("redundancy", make_results())))
    assert (
        "87.1% of the units are redundant" in text and "87.1% if 3% may be" in text and "50 of 700 units (7.1%)" in text
    )


def test_a_run_without_a_part_has_a_page_without_it():
    alone = make_results(general=None, missed=[], tasks=[])
    assert page.content(Finished("redundancy", alone))["charts"] == {}
    assert page.headlines(Finished("redundancy", alone)) == [] and list(claims.claims(alone)) == []
