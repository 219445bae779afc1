"""Lists of pages that others put here: notebooks, which stand at the top of the repository, and tables of calls."""

import shutil
from pathlib import Path
from typing import Any

import written
from sphinx.application import Sphinx


def generate(app: Sphinx) -> None:
    """Copy the notebooks to where Sphinx reads, and list what is in each folder."""
    here = Path(app.srcdir)
    for notebook in sorted((here.parent / "notebooks").glob("*.ipynb")):
        copy = here / "notebooks" / notebook.name
        if not copy.exists() or copy.read_bytes() != notebook.read_bytes():
            shutil.copyfile(notebook, copy)
    for name in ("notebooks", "coming_from"):
        found = [f"{name}/{path.stem}" for path in sorted((here / name).iterdir()) if path.suffix in (".md", ".ipynb")]
        listed = "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(found) + "\n```\n" if found else "There is none yet.\n"
        written.page(here / "_generated" / f"{name}.md", listed)


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate the lists before Sphinx looks for what they name."""
    (Path(app.srcdir) / "_generated").mkdir(exist_ok=True)
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
