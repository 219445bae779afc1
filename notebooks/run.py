"""Run the notebooks and keep each with what it says: `python -m notebooks.run [NAME ...]`, or `make notebooks`.

`JAXNEURON_NOTEBOOK=small` makes everything in them small: that is how the tests run them.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).parent

LARGEST = 400_000
"""Bytes of a notebook: it is kept in the repository, and read on slow connections."""


def executed(path: Path, *, directory: Path, timeout: int = 1800) -> NotebookNode:
    """Return a notebook with what its cells say, and nothing of when or where they said it.

    Args:
        path: the notebook.
        directory: in which it runs, and leaves what it writes.
        timeout: seconds for a cell.

    Raises:
        CellExecutionError: a cell failed.
        ValueError: a cell wrote a warning, or the notebook has grown beyond what may be kept.
    """
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(directory)}}
    NotebookClient(notebook, timeout=timeout, resources=resources, record_timing=False).execute()
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise ValueError(f"{path.name} writes to stderr: {output['text'][:500]}")
    notebook.metadata.language_info = NotebookNode(name="python", pygments_lexer="ipython3")
    if (size := len(nbformat.writes(notebook).encode())) > LARGEST:
        raise ValueError(f"{path.name} has {size:,} bytes with its output, more than {LARGEST:,}; show less")
    return notebook


def main(names: list[str]) -> None:
    """Run some notebooks, or all, and write them back."""
    import tempfile

    for path in sorted(HERE.glob("*.ipynb")):
        if names and not any(name in path.name for name in names):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as directory:
            notebook = executed(path, directory=Path(directory))
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.monotonic() - began:.0f} s, {path.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
