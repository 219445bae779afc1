"""Write generated pages where they differ from what is there, and take away those that nobody generates any more."""

from collections.abc import Mapping
from pathlib import Path


def pages(folder: Path, texts: Mapping[str, str]) -> None:
    """Leave exactly these pages in a folder.

    Args:
        folder: made if it is not there; nothing but generated pages is kept in it.
        texts: name, without its ending -> page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.stem not in texts:
            old.unlink()
    for name, text in texts.items():
        page(folder / f"{name}.md", text)


def page(path: Path, text: str) -> None:
    """Write one page, unless it is there as it is."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
