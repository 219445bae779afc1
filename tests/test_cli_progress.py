"""What a command says while it works: bars for people, lines for files."""

import io
import re
import threading
import time

import pytest
from rich.console import Console

from jaxneuron.cli import _interrupt, _progress


def shown(terminal, work):
    """Return what is seen while `work(report)` runs."""
    file = io.StringIO()
    with _progress.shown(Console(file=file, force_terminal=terminal, width=100)) as report:
        work(report)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", file.getvalue())


def three_stages(report):
    """Count to the end, stop early, and never count."""
    count = report("read")
    for done in range(5):
        count(done, 5)
    count(5, 5)
    report("train")(750, 1875)
    report("rank")


def test_each_stage_has_a_line_when_it_begins_and_one_when_it_is_done():
    lines = shown(False, three_stages).splitlines()
    assert [line.partition(", done in")[0] for line in lines[:4]] == [
        "read ...",
        "read: 5/5",
        "train ...",
        lines[3][:16],
    ]
    assert lines[3].startswith("train: 750/1,875") and re.fullmatch(r"rank: done in 0:00:0\d", lines[5])


def test_no_bar_stays_behind_when_its_stage_is_done():
    last = shown(True, three_stages).split("\r")[-1].replace("\n", " ")
    assert "5/5" in last and "750/750" in last and "1/1" in last and "0/?" not in last


def test_a_stage_that_takes_long_says_how_far_it_is(monkeypatch):
    now = time.monotonic()
    stage = _progress._Stage("train", began=now - 60, first=(now - 50, 100), done=200, total=400)
    assert stage.line("for") == "train: 200/400, for 0:01:00, about 0:01:40 left"
    monkeypatch.setattr(_progress, "EVERY", 0.02)
    assert shown(False, lambda report: report("rank") and time.sleep(0.2)).count("rank: for 0:00:00\n") >= 2


def test_a_failing_command_says_nothing_of_being_done():
    file = io.StringIO()
    with pytest.raises(ValueError, match="no"), _progress.shown(Console(file=file, force_terminal=False)) as report:
        report("train")
        raise ValueError("no")
    assert file.getvalue() == "train ...\n"


def test_work_stops_where_it_reports(monkeypatch):
    monkeypatch.setattr(_interrupt, "_asked", 2)
    monkeypatch.setattr(_interrupt, "_reached", threading.Event())
    with pytest.raises(KeyboardInterrupt):
        shown(False, lambda report: report("train"))
    assert _interrupt._reached.is_set()
