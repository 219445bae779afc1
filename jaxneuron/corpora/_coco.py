"""Captions and objects as COCO publishes them: `captions_train2014.json`, `instances_train2014.json` and so on."""

import random
from pathlib import Path

import numpy as np

from jaxneuron.corpora import _features as features
from jaxneuron.corpora._captions import Captions, assemble, multi_hot
from jaxneuron.corpora._files import either, listing, named
from jaxneuron.corpora._json import field, read_json

SEED = 997
"""Where only a val file has captions, its images are shuffled by this seed: the first half is dev, the rest test."""


def read_coco(folder: Path, split: str) -> Captions:
    """Captions with the image's objects, or with a matrix of the same name (`train2014.npy`) where there is one."""
    file, share = _file(folder, split)
    document = read_json(file)
    where = str(file)
    ids = [field(image, "id", int, f"{where}, images") for image in field(document, "images", list, where)]
    groups: dict[int, list[str]] = {image: [] for image in ids}
    for i, row in enumerate(field(document, "annotations", list, where)):
        here = f"{where}, annotation {i}"
        image = field(row, "image_id", int, here)
        if image not in groups:
            raise ValueError(f"{here}: the image {image} is not among the 'images' of the file; fetch it again")
        groups[image].append(field(row, "caption", str, here))
    name = file.name.partition(".json")[0].removeprefix("captions_")
    matrix = features.first([folder, folder.parent], [name])
    if matrix:
        held, names = features.load(matrix, len(ids)), ()
    else:
        held, names = _objects(either(folder / f"instances_{name}.json"), ids)
    if share is None:
        return assemble(list(groups.values()), held, names)
    rows = list(range(len(ids)))
    random.Random(SEED).shuffle(rows)
    rows = sorted(rows[: len(rows) // 2] if share == "dev" else rows[len(rows) // 2 :])
    return assemble([groups[ids[row]] for row in rows], held[rows], names)


def _file(folder: Path, split: str) -> tuple[Path, str | None]:
    """Return the split's file of captions, and which share of it to take (none: all)."""
    found = {name: named(folder, f"captions_{name}*.json") for name in ("train", "val", "dev", "test")}
    for name, files in found.items():
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            raise ValueError(f"{folder} has several files of captions for {name}: {names}; keep those of one year")
    if found[split]:
        return found[split][0], None
    if split == "train" or not found["val"]:
        wanted = "captions_train*.json" if split == "train" else f"captions_{split}*.json or captions_val*.json"
        raise FileNotFoundError(f"no captions for {split!r} in {folder}; expected {wanted}, got {listing(folder)}")
    other = "test" if split == "dev" else "dev"
    return found["val"][0], None if found[other] else split


def _objects(file: Path, images: list[int]) -> tuple[np.ndarray, list[str]]:
    """Return which categories each image has, `[image, category]`, and their names in the order of their ids."""
    document, where = read_json(file), str(file)
    categories = {
        field(row, "id", int, f"{where}, categories"): field(row, "name", str, f"{where}, categories")
        for row in field(document, "categories", list, where)
    }
    column = {category: i for i, category in enumerate(sorted(categories))}
    members: dict[int, set[int]] = {image: set() for image in images}
    for i, row in enumerate(field(document, "annotations", list, where)):
        here = f"{where}, annotation {i}"
        image, category = field(row, "image_id", int, here), field(row, "category_id", int, here)
        if category not in column:
            raise ValueError(f"{here}: the category {category} is not among the 'categories' of the file")
        if image in members:
            members[image].add(column[category])
    return multi_hot([sorted(found) for found in members.values()], len(column)), [categories[c] for c in column]
