"""The captions of the literature: Karpathy's `dataset_coco.json`, and the text files of Vendrov et al. 2016."""

from pathlib import Path

from jaxneuron.corpora import _features as features
from jaxneuron.corpora._captions import Captions, assemble
from jaxneuron.corpora._files import either
from jaxneuron.corpora._json import field, read_json
from jaxneuron.corpora._lines import lines

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
    """Return the words of a caption, or the caption where it has none; blank ones are no words."""
    if isinstance(caption, dict) and "tokens" not in caption:
        return field(caption, "raw", str, where)
    tokens = field(caption, "tokens", list, where)
    if odd := [token for token in tokens if not isinstance(token, str)]:
        raise ValueError(f"{where}: expected 'tokens' to be strings, got {odd[0]!r:.80}; mend the caption")
    return [token for token in tokens if token.strip()]


def read_vendrov(path: Path, split: str) -> Captions:
    """Five lines of words per image, and one matrix per split, here or in `images/10crop`."""
    names = (SPLITS[split][0], split)
    files = [either(path / f"{name}.txt") for name in names]
    file = next((file for file in files if file.exists()), files[0])
    captions = [line.split() for _, line in lines(file)]
    if len(captions) % CAPTIONS_PER_IMAGE:
        raise ValueError(
            f"{file}: expected {CAPTIONS_PER_IMAGE} lines for each image, got {len(captions)} lines; "
            "keep the empty lines of images with fewer captions"
        )
    folders = [path / "images" / "10crop", path]
    matrix = features.first(folders, names)
    if not matrix:
        raise FileNotFoundError(f"no features for {file}; expected {folders[0] / names[0]}.npy or {names[0]}.npy")
    groups = [captions[i : i + CAPTIONS_PER_IMAGE] for i in range(0, len(captions), CAPTIONS_PER_IMAGE)]
    return assemble(groups, features.load(matrix, len(groups)), ())
