"""Image captions with visual features: COCO and its relatives, in the layouts in which people have them.

The layout is told by the files of the folder:

- shared: `{train,dev,test}.jsonl.gz` (an image per line, with `captions` and `objects`) and `categories.json`
- Karpathy: `dataset_coco.json` (or another `dataset_*.json`) and a feature matrix, either one for all images in the
  order of the file (`vgg_feats.mat`, or any one `.npy` or `.npz`) or one per split (`train.npy`)
- COCO: `captions_train2014.json`, `captions_val2014.json`, here or in `annotations/`, with `instances_*.json` (the
  features are then the objects in the image) or a matrix (`train2014.npy`). Without files for dev and test, the
  images of val are halved, by a fixed seed
- Vendrov: `{train,val,test}.txt`, five lines per image, and `{train,val,test}.npy`, here or in `images/10crop/`

Each text or JSON file may end in `.gz`. Captions are lower-cased and rid of punctuation (`text.words`) unless the
layout has them as words already.
"""

from pathlib import Path

from jaxneuron.corpora._captions import SPLITS, Captions, assemble, multi_hot
from jaxneuron.corpora._coco import read_coco
from jaxneuron.corpora._files import either, listing, named
from jaxneuron.corpora._json import field, read_json, read_lines
from jaxneuron.corpora._karpathy import read_karpathy, read_vendrov

__all__ = ["Captions", "holds", "read"]


def read(path: str | Path, split: str) -> Captions:
    """Read one split of a folder of captioned images, whichever layout it has.

    Args:
        path: the folder.
        split: `"train"`, `"dev"` or `"test"`.

    Returns:
        The captions as words, and for each the row of its image in `features[image, feature]`.

    Raises:
        FileNotFoundError: the folder or a file of the split is missing.
        ValueError: no such split, a malformed file, or features that do not fit the captions.

    Source:
        Lin et al. 2014, Microsoft COCO (arXiv 1405.0312); Chen et al. 2015, COCO captions (arXiv 1504.00325).
    """
    path = Path(path)
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; expected one of {', '.join(SPLITS)}")
    if not path.is_dir():
        raise FileNotFoundError(f"no folder {path}; expected a folder of captions (see jaxneuron.corpora.captions)")
    captions = _read(path, split)
    if not captions.sentences:
        raise ValueError(f"no captions for {split!r} in {path}; expected at least one image with a caption")
    return captions


def holds(path: Path) -> bool:
    """Tell whether a folder has captions in a layout that no other text has."""
    folders = (path, path / "annotations")
    return either(path / "categories.json").exists() or bool(
        named(path, "dataset_*.json") or any(named(folder, "captions_*.json") for folder in folders)
    )


def _read(path: Path, split: str) -> Captions:
    if either(path / "categories.json").exists():
        return _read_shared(path, split)
    documents = named(path, "dataset_*.json")
    if len(documents) == 1:
        return read_karpathy(path, documents[0], split)
    for folder in (path, path / "annotations"):
        if named(folder, "captions_*.json"):
            return read_coco(folder, split)
    if any(either(path / f"{name}.txt").exists() for name in ("train", "val", "dev", "test")):
        return read_vendrov(path, split)
    raise FileNotFoundError(
        f"no captions in {path}; expected {split}.jsonl.gz with categories.json, one dataset_*.json, captions_*.json, "
        f"or train.txt with train.npy (see jaxneuron.corpora.captions); got {listing(path)}"
    )


def _read_shared(path: Path, split: str) -> Captions:
    """One JSON object per image and line: its captions, and the indices of the objects in it."""
    categories = either(path / "categories.json")
    names = [field(row, "name", str, f"{categories}, entry {i}") for i, row in enumerate(_list(categories))]
    plain = path / f"{split}.jsonl"
    file = plain if plain.exists() else path / f"{split}.jsonl.gz"
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
