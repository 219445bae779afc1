"""How a command is asked, in a folder of models and texts that each module of tests makes."""

import json
import sys

import pytest

from jaxneuron.cli import main


@pytest.fixture
def ask(here, monkeypatch, capsys):
    """Return what runs a command in the folder `here`, and returns what it prints, or its error if it fails so."""
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def ask(*words, code=0):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said.err
        if code:
            assert said.err.splitlines()[-1].startswith("jaxneuron: ") and "Traceback" not in said.err
        return said.err if code else said.out

    return ask


def rows(said):
    """Return the JSON lines that a command printed."""
    return [json.loads(line) for line in said.splitlines()]
