"""Image captions with visual features: COCO and its relatives, in the layouts in which people have them.

The layout is told by the files of the folder:

- shared: `{train,dev,test}.jsonl.gz` (an image per line, with `captions` and `objects`) and `categories.json`
"""

from pathlib import Path

from jaxneuron.corpora._captions import SPLITS, Captions, assemble, field, listing, multi_hot, read_json, read_lines

__all__ = ["Captions", "read"]


def read(path: str | Path, split: str) -> Captions:
    """Read one split of a folder of captioned images, whichever layout it has.

    Args:
        path: the folder.
        split: `"train"`, `"dev"` or `"test"`.

    Returns:
        The captions as words, and for each the row of its image in `features[image, feature]`.

    Raises:
        FileNotFoundError: the folder or a file of the split is missing.
        ValueError: no such split, no known layout, or a malformed file.

    Source:
        Lin et al. 2014, Microsoft COCO (arXiv 1405.0312); Chen et al. 2015, COCO captions (arXiv 1504.00325).
    """
    path = Path(path)
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; expected one of {', '.join(SPLITS)}")
    if not path.is_dir():
        raise FileNotFoundError(f"no folder {path}; expected a folder of captions (see jaxneuron.corpora.captions)")
    if (path / "categories.json").exists():
        return _read_shared(path, split)
    raise ValueError(
        f"{path} has no layout of captions that is known; expected categories.json with {split}.jsonl.gz, "
        f"captions_*.json, dataset_coco.json or {split}.txt, got {listing(path)}"
    )


def _read_shared(path: Path, split: str) -> Captions:
    """One JSON object per image and line: its captions, and the indices of the objects in it."""
    categories = path / "categories.json"
    names = [field(row, "name", str, f"{categories}, entry {i}") for i, row in enumerate(_list(categories))]
    file = path / f"{split}.jsonl.gz"
    file = file if file.exists() else file.with_suffix("")
    captions, objects = [], []
    for line, row in read_lines(file):
        where = f"{file}, line {line}"
        captions.append(field(row, "captions", list, where))
        objects.append(field(row, "objects", list, where))
        if not all(isinstance(caption, str) for caption in captions[-1]):
            raise ValueError(f"{where}: expected 'captions' to be a list of strings, got {captions[-1]!r}")
        if not all(isinstance(index, int) and 0 <= index < len(names) for index in objects[-1]):
            raise ValueError(f"{where}: expected 'objects' from 0 to {len(names) - 1}, got {objects[-1]}")
    return assemble(captions, multi_hot(objects, len(names)), names)


def _list(path: Path) -> list:
    rows = read_json(path)
    if not isinstance(rows, list):
        raise ValueError(f"{path}: expected a list of objects, got {type(rows).__name__}")
    return rows
