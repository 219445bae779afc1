import io

import pytest
from rich.console import Console

from jaxneuron.studies.poerner2018 import tables
from tests.studies.poerner2018.conftest import read


def printed(table, width):
    console = Console(width=width, record=True, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    console.print(table)
    return console.export_text(styles=True)


@pytest.mark.parametrize("width", [80, 120])
def test_table1_shows_both_inputs_and_marks_the_name(run, width):
    rows = read(run[0]).results.table1
    text = printed(tables.table1(rows), width)
    for row in rows:
        assert f"{row.crp_score:.2f}" in text and f"{row.gbl_score:.2f}" in text
    assert "\x1b[1;32mumbrellas" in text  # bold green


def test_a_name_with_brackets_is_no_markup(run):
    row = read(run[0]).results.table1[0]._replace(name="[bold]dog[/bold]", crp="a [red] dog")
    text = printed(tables.table1([row]), 120)
    assert "[bold]dog" in text and "[red]" in text


def test_summary_has_a_row_per_setting_and_method(run):
    results = read(run[0]).results.results
    table = tables.summary(results)
    assert table.row_count == sum(len(rows) for rows in results.values())
    text = printed(table, 100)
    gain = results["visual/projection"]["gumbel_softmax"].gain
    assert f"{gain:+.2f}" in text and "< 0.001" in text
