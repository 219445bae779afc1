import gzip
import json

import numpy as np
import pytest
import scipy.io

from jaxneuron.corpora import captions


def write_shared(folder, *, lines=None, split="train"):
    (folder / "categories.json").write_text(json.dumps([{"name": "dog"}, {"name": "traffic light"}]))
    lines = lines or [
        json.dumps({"captions": ["A dog, running.", "One DOG"], "objects": [0]}),
        json.dumps({"captions": ["Lights!", "..."], "objects": []}),
    ]
    with gzip.open(folder / f"{split}.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))


def test_shared_layout(tmp_path):
    write_shared(tmp_path)
    found = captions.read(tmp_path, "train")
    assert found.sentences == [["a", "dog", "running"], ["one", "dog"], ["lights"]]  # "..." has no word
    assert found.image.tolist() == [0, 0, 1]
    assert found.features.tolist() == [[1, 0], [0, 0]] and found.features.dtype == np.float32
    assert found.names == ("dog", "traffic light")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"train.jsonl.gz, line 1: expected one JSON object per line"),
        ("[]", r"line 1: expected an object with the field 'captions' \(list\), got list"),
        ('{"objects": []}', r"line 1: expected an object with the field 'captions'.*got fields objects"),
        ('{"captions": ["a"]}', r"line 1: .*'objects'"),
        ('{"captions": [1], "objects": []}', r"line 1: expected 'captions' to be a list of strings"),
        ('{"captions": ["a"], "objects": [2]}', r"line 1: expected 'objects' from 0 to 1, got \[2\]"),
        ('{"captions": [], "objects": []}', r"no captions for 'train'"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, message):
    write_shared(tmp_path, lines=[line])
    with pytest.raises(ValueError, match=message):
        captions.read(tmp_path, "train")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*nowhere"):
        captions.read(tmp_path / "nowhere", "train")
    with pytest.raises(FileNotFoundError, match=r"expected train.jsonl.gz with categories.json.*got no files"):
        captions.read(tmp_path, "train")
    write_shared(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file .*test.jsonl.gz; its folder has categories.json"):
        captions.read(tmp_path, "test")
    with pytest.raises(ValueError, match="no split 'validation'; expected one of train, dev, test"):
        captions.read(tmp_path, "validation")


def test_a_truncated_or_damaged_file_is_named(tmp_path):
    write_shared(tmp_path, lines=[json.dumps({"captions": [f"dog {i}"], "objects": [0]}) for i in range(500)])
    file = tmp_path / "train.jsonl.gz"
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:20] + b"\xff" * 40 + whole[60:], b"no gzip"):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"cannot read .*train.jsonl.gz .*fetch it again"):
            captions.read(tmp_path, "train")
    (tmp_path / "categories.json").write_text("[")
    with pytest.raises(ValueError, match="cannot read .*categories.json as a JSON document"):
        captions.read(tmp_path, "train")


def write_coco(folder, name, images, *, instances=True):
    annotations = [{"image_id": i, "caption": f"Picture {i}."} for i in reversed(images)]
    document = {"images": [{"id": i} for i in images], "annotations": annotations}
    (folder / f"captions_{name}.json").write_text(json.dumps(document))
    objects = [{"image_id": images[0], "category_id": c} for c in (7, 7, 3)]
    categories = [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}]
    if instances:
        (folder / f"instances_{name}.json").write_text(json.dumps({"categories": categories, "annotations": objects}))


def test_coco_layout(tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    write_coco(folder, "train2014", [30, 10])
    write_coco(folder, "val2014", list(range(100, 120)))
    train = captions.read(tmp_path, "train")
    assert train.sentences == [["picture", "30"], ["picture", "10"]]
    assert train.names == ("dog", "cat") and train.features.tolist() == [[1, 1], [0, 0]]
    dev, test = captions.read(tmp_path, "dev"), captions.read(folder, "test")
    halves = [{int(number) for _, number in split.sentences} for split in (dev, test)]
    assert halves[0] | halves[1] == set(range(100, 120)) and not halves[0] & halves[1] and len(halves[0]) == 10
    assert captions.read(tmp_path, "dev").sentences == dev.sentences
    assert dev.features.sum() + test.features.sum() == 2  # the objects of image 100


def test_coco_with_its_own_dev_file_or_matrix(tmp_path):
    write_coco(tmp_path, "val2014", [1, 2], instances=False)
    write_coco(tmp_path, "test2014", [3], instances=False)
    np.save(tmp_path / "val2014.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    dev = captions.read(tmp_path, "dev")
    assert len(dev.sentences) == 2 and dev.names == () and dev.features[dev.image[1]].tolist() == [3, 4, 5]
    with pytest.raises(FileNotFoundError, match=r"expected captions_train\*.json, got captions_test2014.json"):
        captions.read(tmp_path, "train")
    with pytest.raises(FileNotFoundError, match="instances_test2014.json"):
        captions.read(tmp_path, "test")
    write_coco(tmp_path, "val2017", [1])
    with pytest.raises(ValueError, match="several files of captions for val"):
        captions.read(tmp_path, "dev")


def write_karpathy(folder):
    splits = ["train", "val", "restval", "test", "train"]
    sentences = [[{"tokens": ["image", str(i)], "raw": "Other!"}, {"raw": f"Raw: {i}"}] for i in range(5)]
    images = [{"split": split, "sentences": rows} for split, rows in zip(splits, sentences, strict=True)]
    (folder / "dataset_coco.json").write_text(json.dumps({"images": images}))
    return np.arange(10, dtype=np.float32).reshape(5, 2)


@pytest.mark.parametrize("suffix", ["mat", "npy", "npz"])
def test_karpathy_layout(tmp_path, suffix):
    matrix = write_karpathy(tmp_path)
    file = tmp_path / f"vgg_feats.{suffix}"
    {
        "mat": lambda: scipy.io.savemat(file, {"feats": matrix.T}),
        "npy": lambda: np.save(file, matrix.astype(np.float64)),
        "npz": lambda: np.savez(file, anything=matrix),
    }[suffix]()
    train = captions.read(tmp_path, "train")
    assert train.sentences[:2] == [["image", "0"], ["raw", "0"]] and len(train.sentences) == 6
    assert train.features.tolist() == matrix[[0, 2, 4]].tolist() and train.features.dtype == np.float32
    assert train.image.tolist() == [0, 0, 1, 1, 2, 2]
    dev, test = captions.read(tmp_path, "dev"), captions.read(tmp_path, "test")
    assert dev.features.tolist() == [[2, 3]] and test.features.tolist() == [[6, 7]]


def test_blank_tokens_are_no_words(tmp_path):
    rows = [{"tokens": ["a", "", " ", "\u00a0", "dog", "."]}, {"tokens": [" "]}, {"tokens": ["b", None]}]
    images = [{"split": "train", "sentences": rows[:2]}, {"split": "test", "sentences": rows[2:]}]
    (tmp_path / "dataset_x.json").write_text(json.dumps({"images": images}))
    np.save(tmp_path / "x.npy", np.zeros((2, 1), np.float32))
    assert captions.read(tmp_path, "train").sentences == [["a", "dog", "."]]
    with pytest.raises(ValueError, match="dataset_x.json, image 1: expected 'tokens' to be strings, got None"):
        captions.read(tmp_path, "test")


def test_vendrov_gzipped_with_a_mark(tmp_path):
    text = "\ufeffa dog\r\n" + "b\r\n" * 4
    (tmp_path / "train.txt.gz").write_bytes(gzip.compress(text.encode()))
    np.save(tmp_path / "train.npy", np.zeros((1, 2), np.float32))
    assert captions.read(tmp_path, "train").sentences == [["a", "dog"], *[["b"]] * 4]


def test_karpathy_with_a_matrix_per_split(tmp_path):
    matrix = write_karpathy(tmp_path)
    np.save(tmp_path / "train.npy", matrix[:3])
    np.save(tmp_path / "val.npy", matrix[:1])
    train = captions.read(tmp_path, "train")
    assert isinstance(train.features, np.memmap)
    assert captions.read(tmp_path, "dev").features.tolist() == matrix[:1].tolist()
    with pytest.raises(ValueError, match="several feature matrices: train.npy, val.npy"):
        captions.read(tmp_path, "test")


def test_features_that_do_not_fit_are_named(tmp_path):
    matrix = write_karpathy(tmp_path)
    with pytest.raises(FileNotFoundError, match="no feature matrix in"):
        captions.read(tmp_path, "train")
    file = tmp_path / "vgg.npy"
    np.save(file, matrix[:4])
    with pytest.raises(ValueError, match=r"vgg.npy: expected a row for each of the 5 images.*got shape \(4, 2\)"):
        captions.read(tmp_path, "train")
    np.save(file, matrix[0])
    with pytest.raises(ValueError, match=r"expected numbers \[image, feature\]"):
        captions.read(tmp_path, "train")
    np.save(file, matrix)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(ValueError, match="cannot read .*vgg.npy as a feature matrix"):
        captions.read(tmp_path, "train")
    file.unlink()
    scipy.io.savemat(tmp_path / "vgg.mat", {"features": matrix})
    with pytest.raises(ValueError, match="expected the key 'feats', got features"):
        captions.read(tmp_path, "train")
    (tmp_path / "vgg.mat").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot read .*vgg.mat"):
        captions.read(tmp_path, "train")


@pytest.mark.parametrize("folder", ["", "images/10crop"])
def test_vendrov_layout(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    lines = [f"a  caption {i}" for i in range(10)]
    (tmp_path / "val.txt").write_text("\n".join([*lines[:4], "", *lines[5:]]) + "\n")
    np.save(tmp_path / folder / "val.npy", np.eye(2, dtype=np.float32))
    dev = captions.read(tmp_path, "dev")
    assert dev.sentences[0] == ["a", "caption", "0"] and dev.image.tolist() == [0] * 4 + [1] * 5
    assert dev.features.tolist() == np.eye(2).tolist()
    (tmp_path / "val.txt").write_text("\n".join(lines[:9]))
    with pytest.raises(ValueError, match="expected 5 lines for each image, got 9"):
        captions.read(tmp_path, "dev")
    with pytest.raises(FileNotFoundError, match="train.txt"):
        captions.read(tmp_path, "train")
    (tmp_path / "train.txt").write_text("\n".join(lines))
    with pytest.raises(FileNotFoundError, match="no features for .*train.txt"):
        captions.read(tmp_path, "train")
