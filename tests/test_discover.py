import importlib
import sys

import pytest

from jaxneuron import _discover, find


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a maker of packages from file names and sources."""

    def make(name, **sources):
        folder = tmp_path / name
        folder.mkdir()
        for module, source in {"__init__": "", **sources}.items():
            (folder / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        return importlib.import_module(name)

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "invented"]:
        del sys.modules[name]


def test_a_file_is_a_method(package):
    made = package("invented", first="def invented(): return 1", second="def invented(): return 2", _shared="x = 1")
    assert {name: verb() for name, verb in _discover.methods(made).items()} == {"first": 1, "second": 2}


def test_a_folder_without_methods_has_none(package):
    assert _discover.methods(package("invented", _shared="")) == {}


def test_a_method_without_the_verb_is_an_error(package):
    with pytest.raises(AttributeError, match="invented"):
        _discover.methods(package("invented", first="def other(): ..."))


def test_the_methods_of_find_are_those_of_the_paper():
    assert {"corpus", "embedding", "logit", "softmax", "gumbel_softmax"} <= set(_discover.methods(find))
