"""A method is a file: its command, options and help are read from its source, and nobody else is told."""

import runpy
from pathlib import Path

import jax.numpy as jnp
import pytest

from benchmarks import attribute_methods
from jaxneuron import attribute
from jaxneuron.cli import _signature, main

METHOD = '''"""Which feature is largest? A method for a test."""

from typing import Literal


def attribute(f, x, *, power: float = 2.0, kind: Literal["plain", "odd"] = "plain", steps: int | None = None):
    """Return the features to a power.

    Args:
        f: the score.
        x: the value.
        power: what the features are raised to,
            and it may be any number.
        kind: which way.
        steps: how many.
    """
    return x**power
'''


@pytest.fixture
def added(tmp_path, monkeypatch):
    (tmp_path / "powered.py").write_text(METHOD)
    monkeypatch.setattr(attribute, "__path__", [*attribute.__path__, str(tmp_path)])


def test_options_are_read_without_an_import(added):
    found = _signature.read("jaxneuron.attribute", "powered", "attribute")
    assert found.takes == ("f", "x") and found.summary.startswith("Which feature is largest?")
    power, kind, steps = found.options
    assert power == ("power", float, 1, False, "2.0", "what the features are raised to, and it may be any number.", ())
    assert kind.choices == ("plain", "odd") and (steps.kind, steps.default) == (int, "None")


def test_a_new_file_is_a_command_with_its_help(added, capsys):
    for words, said in ((["attribute", "--help"], "powered"), (["attribute", "powered", "--help"], "--power")):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert not ended.value.code and said in capsys.readouterr().out


def test_a_new_file_is_held_to_the_contract(added):
    suite = runpy.run_path(str(Path(__file__).parents[1] / "attribute" / "test_contract.py"))
    assert "powered" in suite["METHODS"]
    with pytest.raises(AssertionError):  # it gives something to what no score reads
        suite["test_what_nothing_reads_gets_nothing"]("powered")


def test_a_new_file_is_measured(added):
    given = {"f": jnp.sum, "x": jnp.ones((1, 2)), "baseline": 0.0}
    rows = attribute_methods.each(given, ["powered"], size="small", repeats=1)
    assert [row.job for row in rows] == ["powered"] and "saliency" in attribute_methods.methods()


@pytest.mark.parametrize(
    ("folder", "verb"),
    [(name, name) for name in ("find", "rank", "attribute", "interact", "decompose", "intervene")]
    + [("concepts", "explain")],
)
def test_every_method_of_every_folder_is_read(folder, verb):
    package = f"jaxneuron.{folder}"
    names = _signature.names(package)
    assert names
    for name in names:
        found = _signature.read(package, name, verb)
        assert found.summary and found.takes
        if folder not in ("rank", "interact"):  # whose fields say it in a docstring, or need no word
            assert all(option.help for option in found.options), [one.name for one in found.options if not one.help]
