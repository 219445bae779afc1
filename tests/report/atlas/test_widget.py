"""An atlas as a widget: what is set is shown, and what is not there is refused."""

import pytest

from jaxneuron.report.atlas import widget, write
from tests.report.atlas import made


@pytest.fixture
def folder(tmp_path):
    write.write(tmp_path, made.units(["a/b", "c"], 5))
    return tmp_path


def test_what_is_set_is_shown(folder):
    shown = widget.Atlas(folder)
    assert (shown.site, shown.unit, shown.units) == ("a/b", 0, {"a/b": [[0, 4]], "c": [[0, 4]]})
    first, seen = shown.page, []
    shown.observe(lambda change: seen.append(change.new), "page")
    shown.unit = 3
    shown.show("c", 1)
    assert shown.record.identity.site == "c" and shown.record.identity.unit == 1
    assert seen[-1] == shown.page and len({first, *seen}) == 3


def test_what_is_not_there_is_refused(folder, tmp_path_factory):
    with pytest.raises(KeyError, match="no page of unit 9 of c; it has 0-4"):
        widget.Atlas(folder, "c", 9)
    with pytest.raises(KeyError, match="'d'"):
        widget.Atlas(folder, "d")
    with pytest.raises(FileNotFoundError, match="no atlas.json"):
        widget.Atlas(tmp_path_factory.mktemp("none"))
