"""The captions of the literature: Karpathy's `dataset_coco.json`, and the text files of Vendrov et al. 2016."""

from pathlib import Path

from jaxneuron.corpora import _features as features
from jaxneuron.corpora._captions import Captions, assemble
from jaxneuron.corpora._files import field, open_text, read_json

SPLITS = {"train": ("train", "restval"), "dev": ("val", "dev"), "test": ("test",)}
"""The names that our splits have there. As usual, the images that Karpathy calls `restval` are trained on."""

CAPTIONS_PER_IMAGE = 5


def read_karpathy(path: Path, file: Path, split: str) -> Captions:
    """One JSON document with all images, and features for all of them in its order or for each split."""
    images = field(read_json(file), "images", list, str(file))
    captions, rows = [], []
    for row, image in enumerate(images):
        where = f"{file}, image {row}"
        if field(image, "split", str, where) in SPLITS[split]:
            rows.append(row)
            captions.append([_sentence(caption, where) for caption in field(image, "sentences", list, where)])
    own = features.first([path], (split, *SPLITS[split]))
    if own:
        return assemble(captions, features.load(own, len(rows)), ())
    return assemble(captions, features.load(features.only(path), len(images))[rows], ())


def _sentence(caption: object, where: str) -> list[str] | str:
    if isinstance(caption, dict) and "tokens" not in caption:
        return field(caption, "raw", str, where)
    return [str(token) for token in field(caption, "tokens", list, where)]


def read_vendrov(path: Path, split: str) -> Captions:
    """Five lines of words per image, and one matrix per split, here or in `images/10crop`."""
    names = (SPLITS[split][0], split)
    file = next((path / f"{name}.txt" for name in names if (path / f"{name}.txt").exists()), path / f"{names[0]}.txt")
    with open_text(file) as lines:
        try:
            captions = [line.split() for line in lines]
        except (UnicodeDecodeError, OSError) as error:
            raise ValueError(f"{file}: expected UTF-8 text ({error})") from error
    if len(captions) % CAPTIONS_PER_IMAGE:
        raise ValueError(
            f"{file}: expected {CAPTIONS_PER_IMAGE} lines for each image, got {len(captions)} lines; "
            "keep the empty lines of images with fewer captions"
        )
    folders = [path / "images" / "10crop", path]
    matrix = features.first(folders, names)
    if not matrix:
        raise FileNotFoundError(f"no features for {file}; expected {folders[0] / file.stem}.npy or {file.stem}.npy")
    groups = [captions[i : i + CAPTIONS_PER_IMAGE] for i in range(0, len(captions), CAPTIONS_PER_IMAGE)]
    return assemble(groups, features.load(matrix, len(groups)), ())
