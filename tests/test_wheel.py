"""The package holds what the sources hold: what is installed from a wheel works."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parent.parent


def test_the_wheel_has_every_module_template_and_marker(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    kept = {
        path.relative_to(top).as_posix()
        for top in (ROOT, ROOT / "models")
        for package in ("jaxneuron", "jaxneuron_models")
        for path in (top / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == kept
    assert {"jaxneuron/py.typed", "jaxneuron_models/py.typed", "jaxneuron/report/templates/page.html"} <= packed
