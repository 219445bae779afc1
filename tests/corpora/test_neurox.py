import json

import h5py
import numpy as np
import pytest

from jaxneuron import store
from jaxneuron.corpora import neurox

SENTENCES = [["a", "dog"], ["cats"], ["a", "dog"], [], ["x", "(Occurrence", "2)"], ["a", "dog"], ["über"], []]


def sample(layers=3, units=5):
    rng = np.random.default_rng(0)
    return [(words, rng.standard_normal((layers, len(words), units), np.float32)) for words in SENTENCES]


@pytest.mark.parametrize("name", ["acts.hdf5", "acts.h5", "acts.json", "acts.jsonl"])
def test_what_is_read_is_what_was_written(tmp_path, name):
    neurox.write(tmp_path / name, iter(sample()))
    read = list(neurox.read(tmp_path / name))
    assert [words for words, _ in read] == SENTENCES
    for (words, expected), (_, actual) in zip(sample(), read, strict=True):
        if words:
            np.testing.assert_allclose(actual, expected, atol=5e-9 if "json" in name else 0, rtol=0)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_the_hdf5_layout_is_that_of_neurox(tmp_path):
    """As its writer lays it out: a data set per sentence by number, and one JSON string that maps the words to it."""
    path = tmp_path / "acts.hdf5"
    neurox.write(path, sample(), dtype="float16")
    with h5py.File(path) as file:
        index = json.loads(file["sentence_to_index"][0])
        assert file["sentence_to_index"].shape == (1,)
        assert list(index.items())[:4] == [("a dog", "0"), ("cats", "1"), ("a dog (Occurrence 2)", "2"), ("", "3")]
        assert index["a dog (Occurrence 3)"] == "5"
        assert file["0"].shape == (3, 2, 5) and file["0"].dtype == np.float16
        # its loader: a word's layers side by side
        np.testing.assert_array_equal(
            np.swapaxes(file["0"][()], 0, 1).reshape(2, 15)[1, 5:10], sample()[0][1][1, 1].astype(np.float16)
        )


def test_the_json_layout_is_that_of_neurox(tmp_path):
    path = tmp_path / "acts.json"
    neurox.write(path, sample())
    first = json.loads(path.read_text().splitlines()[0])
    assert list(first) == ["linex_index", "features"] and first["linex_index"] == 0
    assert [feature["token"] for feature in first["features"]] == ["a", "dog"]
    assert [layer["index"] for layer in first["features"][1]["layers"]] == [0, 1, 2]
    assert first["features"][1]["layers"][2]["values"] == [round(x, 8) for x in sample()[0][1][2, 1].tolist()]


def test_sentences_come_by_number(tmp_path):
    with h5py.File(tmp_path / "acts.hdf5", "w") as file:
        for number in range(11):
            file[str(number)] = np.full((1, 1, 2), number)
        index = {f"w{number}": str(number) for number in range(10, -1, -1)}
        file.create_dataset("sentence_to_index", (1,), dtype=h5py.string_dtype())[0] = json.dumps(index)
    assert [words for words, _ in neurox.read(tmp_path / "acts.hdf5")] == [[f"w{number}"] for number in range(11)]


def test_to_and_from_a_store(tmp_path):
    sites = ["embed", "block0/residual", "block1/residual"]
    path = tmp_path / "acts.hdf5"
    neurox.write(path, sample())
    given = {"sites": dict.fromkeys(sites, 5), "sentences": [words for words, _ in neurox.read(path)]}
    with store.create(tmp_path / "store", **given, fingerprint="neurox") as writer:
        first = 0
        for words, layers in neurox.read(path):
            writer.write(first, dict(zip(sites, layers, strict=True)))
            first += len(words)
    read = store.open(tmp_path / "store")
    again = tmp_path / "again.hdf5"
    neurox.write(again, ((words, np.stack(list(rows.values()))) for words, rows in read.by_sentence()))
    for (words, one), (others, other) in zip(neurox.read(path), neurox.read(again), strict=True):
        assert words == others
        np.testing.assert_array_equal(one, other)


def hdf5(path, index, **arrays):
    with h5py.File(path, "w") as file:
        for number, array in arrays.items():
            file[number.removeprefix("_")] = array
        if index is not None:
            file.create_dataset("sentence_to_index", (1,), dtype=h5py.string_dtype())[0] = index


@pytest.mark.parametrize(
    ("index", "arrays", "message"),
    [
        (None, {}, "no data set 'sentence_to_index'"),
        ("{", {}, "cannot read .*acts.hdf5 as HDF5 of NeuroX"),
        ('{"a": "0", "b": "1"}', {"_0": np.ones((1, 1, 2))}, "no data set '1'"),
        ('{"a": "0"}', {"_0": np.ones((1, 1, 2)), "_1": np.ones((1, 1, 2))}, "does not have the data set '1'"),
        ('{"a b": "0"}', {"_0": np.ones((1, 3, 2))}, r"sentence 0: expected .* for 2 words, got \(1, 3, 2\)"),
        ('{"a b": "0"}', {"_0": np.ones(3)}, r"sentence 0: expected .* for 2 words, got \(3,\)"),
        (
            '{"a": "0", "b": "1"}',
            {"_0": np.ones((1, 1, 2)), "_1": np.ones((1, 1, 3))},
            r"sentence 1: expected the layers and units of the sentences before, \(1, 2\), got \(1, 3\)",
        ),
    ],
)
def test_wrong_hdf5_is_explained(tmp_path, index, arrays, message):
    hdf5(tmp_path / "acts.hdf5", index, **arrays)
    with pytest.raises(ValueError, match=message):
        list(neurox.read(tmp_path / "acts.hdf5"))


WORD = '{"token": "a", "layers": [{"index": 0, "values": [1, 2]}]}'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: expected one JSON object per line"),
        ("[]", "line 2: expected an object with the field 'features'"),
        ('{"features": [{"layers": []}]}', "line 2: expected an object with the field 'token'"),
        (f'{{"features": [{WORD}, {{"token": "b", "layers": []}}]}}', "line 2: expected every word to have the same"),
        ('{"features": [{"token": "b", "layers": [{"values": ["x"]}]}]}', "line 2: expected every word to have"),
        (
            '{"features": [{"token": "b", "layers": [{"values": [1]}]}]}',
            r"line 2: expected the layers and units .* \(1, 2\), got \(1, 1\)",
        ),
        ('{"features": [{"token": "b", "layers": []}]}', "line 2: expected"),
    ],
)
def test_wrong_json_is_explained(tmp_path, line, message):
    (tmp_path / "acts.json").write_text(f'{{"features": [{WORD}]}}\n{line}\n')
    with pytest.raises(ValueError, match=message):
        list(neurox.read(tmp_path / "acts.json"))


def test_other_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file .*acts.hdf5; its folder has no files"):
        neurox.read(tmp_path / "acts.hdf5")
    (tmp_path / "acts.pt").write_text("")
    with pytest.raises(ValueError, match="ends with .hdf5, .h5, .json or .jsonl, got '.pt'"):
        neurox.read(tmp_path / "acts.pt")
    (tmp_path / "acts.hdf5").write_text("text")
    with pytest.raises(ValueError, match="cannot read .*acts.hdf5 as HDF5"):
        list(neurox.read(tmp_path / "acts.hdf5"))
    with pytest.raises(ValueError, match="no sentences to write"):
        neurox.write(tmp_path / "new.json", [])
    with pytest.raises(ValueError, match="cannot write the dtype int8"):
        neurox.write(tmp_path / "new.json", sample(), dtype="int8")
    with pytest.raises(
        ValueError, match="sentence 1: NeuroX's HDF5 splits .* the word 'New York'; .* write JSON lines"
    ):
        neurox.write(tmp_path / "new.hdf5", [(["a"], np.ones((1, 1, 2))), (["New York"], np.ones((1, 1, 2)))])
    with pytest.raises(ValueError, match=r"sentence 0: expected .* for 1 words, got \(1, 2, 2\)"):
        neurox.write(tmp_path / "new.hdf5", [(["a"], np.ones((1, 2, 2)))])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["acts.hdf5", "acts.pt"]


@pytest.mark.parametrize(("dtype", "large"), [("float16", 1e5), ("float32", 1e39)])
def test_values_beyond_the_range_are_refused(tmp_path, dtype, large):
    values = np.full((1, 1, 2), large)
    with pytest.raises(ValueError, match=f"sentence 1: there are values beyond the range of {dtype}"):
        neurox.write(tmp_path / "n.hdf5", [(["a"], values / large), (["b"], values)], dtype=dtype)
    assert list(tmp_path.iterdir()) == []
