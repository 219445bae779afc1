"""What a model is trained on, and what it is stopped by."""

import pytest

from jaxneuron.studies import texts


def test_training_needs_no_labels(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"premise": "a b", "id": 1}\n{"premise": "c", "id": 2}\n')
    assert texts.train_and_dev(tmp_path / "a.jsonl") == ([["a", "b"]], [["c"]])
    (tmp_path / "train.tsv").write_text("0\tdogs bark\n")
    (tmp_path / "dev.tsv").write_text("1\tcats run\n")
    assert texts.train_and_dev(tmp_path, text=1) == ([["dogs", "bark"]], [["cats", "run"]])
    (tmp_path / "one.txt").write_text("a b\n")
    with pytest.raises(ValueError, match="one sentence; training needs at least two"):
        texts.train_and_dev(tmp_path / "one.txt")
