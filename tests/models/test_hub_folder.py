"""The checkpoint of a folder is what `transformers` takes for it; a file that cannot be read is named."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.flax import save_file
from tokenizers import Tokenizer, models

from jaxneuron_models import hub_folder

ONE, TWO = {"a": jnp.ones(2)}, {"b": jnp.zeros(3)}


def read(folder):
    return {name: tensor.read().tolist() for name, tensor in hub_folder.tensors(folder).items()}


def shards(folder):
    save_file(ONE, folder / "model-00001-of-00002.safetensors")
    save_file(TWO, folder / "model-00002-of-00002.safetensors")
    places = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / hub_folder.INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))


def test_files_beside_the_weights_are_not_looked_at(tmp_path):
    save_file(ONE, tmp_path / "model.safetensors")
    for name in ("model_old", "adapter_model", "optimizer", "pytorch_model", "zzz", "model-00001-of-00003"):
        save_file({"a": jnp.full(2, 9.0), "c": jnp.ones(1)}, tmp_path / f"{name}.safetensors")
    (tmp_path / "broken.safetensors").write_text("none of our business")
    assert read(tmp_path) == {"a": [1.0, 1.0]}


def test_shards_are_those_of_the_index(tmp_path):
    shards(tmp_path)
    save_file({"a": jnp.full(2, 9.0), "c": jnp.ones(1)}, tmp_path / "model-00001-of-00001.safetensors")
    assert read(tmp_path) == {"a": [1.0, 1.0], "b": [0.0] * 3}
    save_file({"d": jnp.ones(1)}, tmp_path / "model.safetensors")
    assert read(tmp_path) == {"d": [1.0]}


def test_missing_shards_are_named_at_once(tmp_path):
    shards(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"names 2 files, of which model-00002-of-00002.safetensors is not"):
        hub_folder.tensors(tmp_path)
    (tmp_path / "model-00001-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model-00001-of-00002.*, model-00002-of-00002.* are not there"):
        hub_folder.tensors(tmp_path)


def test_a_shard_of_another_checkpoint_is_named(tmp_path):
    shards(tmp_path)
    save_file(ONE, tmp_path / "model-00002-of-00002.safetensors")
    with pytest.raises(ValueError, match="model-00002-of-00002.safetensors lacks the tensor 'b'"):
        hub_folder.tensors(tmp_path)


def test_without_weights_the_candidates_are_listed(tmp_path):
    with pytest.raises(FileNotFoundError, match="no model.safetensors in .*; there is nothing else"):
        hub_folder.tensors(tmp_path)
    save_file(ONE, tmp_path / "model.fp16.safetensors")
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(FileNotFoundError, match=r"there is model.fp16.safetensors, pytorch_model.bin\. Rename"):
        hub_folder.tensors(tmp_path)


CUT = {
    "config.json": '{"model_type": "be',
    "tokenizer.json": '{"version": "1.0", "model": {',
    hub_folder.INDEX: '{"weight_map": {"a": ',
}
READERS = {"config.json": hub_folder.described, "tokenizer.json": hub_folder.tokenizer}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("text", ["cut", "", "\x00\x01", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"])
def test_a_text_file_that_cannot_be_read_is_named(name, text, tmp_path):
    (tmp_path / name).write_text(CUT[name] if text == "cut" else text)
    fault = "pointer of Git LFS" if "lfs" in text else "cut short or damaged|is damaged"
    with pytest.raises(ValueError, match=f"{name} is .*{fault}|{name} {fault}"):
        READERS.get(name, hub_folder.tensors)(tmp_path)


def test_json_that_is_no_object_is_named(tmp_path):
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(ValueError, match="config.json holds no JSON object"):
        hub_folder.described(tmp_path)
    (tmp_path / hub_folder.INDEX).write_text('{"weight_map": {}}')
    with pytest.raises(ValueError, match="index.json has no 'weight_map'"):
        hub_folder.tensors(tmp_path)


def test_a_tokenizer_of_a_newer_format_is_named(tmp_path):
    path = tmp_path / "tokenizer.json"
    Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).save(str(path))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model": {"type": "NotYetInvented"}}))
    with pytest.raises(ValueError, match="tokenizer.json is damaged, or of a format that the installed `tokenizers`"):
        hub_folder.tokenizer(tmp_path)


@pytest.mark.parametrize("cut", [5, 100])
def test_cut_weights_are_named(cut, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": jnp.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match="model.safetensors is damaged"):
        hub_folder.tensors(tmp_path)


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16, jnp.float32])
def test_tensors_are_read_as_they_were_saved(dtype, tmp_path):
    saved = {"a": jnp.arange(6, dtype=dtype).reshape(2, 3), "b": jnp.array(7, dtype), "c": jnp.zeros((0, 2), dtype)}
    save_file(saved, tmp_path / "model.safetensors")
    for name, tensor in hub_folder.tensors(tmp_path).items():
        found = tensor.read()
        assert (found.dtype, found.shape) == (dtype, saved[name].shape)
        np.testing.assert_array_equal(found, saved[name])


def test_weights_that_are_cut_while_they_are_read_are_named(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": jnp.ones(100)}, path)
    (tensor,) = hub_folder.tensors(tmp_path).values()
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="ends within the tensor 'a'"):
        tensor.read()


def test_weights_that_are_a_pointer_are_named(tmp_path):
    (tmp_path / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ValueError, match="model.safetensors is a pointer of Git LFS"):
        hub_folder.tensors(tmp_path)
