"""Where the peers' tests find published weights: none are kept in the project."""

import os
from pathlib import Path

import pytest

WEIGHTS = Path(os.environ.get("JAXNEURON_WEIGHTS") or Path(__file__).parents[3] / "shared" / "weights")


@pytest.fixture
def published():
    """Return a function from a model's name to the folder of its weights; without it, the test is skipped."""

    def folder(name):
        if not (WEIGHTS / name).is_dir():
            pytest.skip(f"no weights of {name} in {WEIGHTS}; JAXNEURON_WEIGHTS names another folder that has them")
        return WEIGHTS / name

    return folder
