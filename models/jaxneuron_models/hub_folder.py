"""Which files of a published checkpoint's folder are the checkpoint, and what is in them; nothing is guessed.

The weights are `model.safetensors`, or else the files that `model.safetensors.index.json` names (as `transformers` has
it); adapters, optimizer states and earlier copies beside them are not looked at.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ml_dtypes import bfloat16
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
GENERATION = "generation_config.json"
FILES = ["config.json", GENERATION, "tokenizer.json", INDEX, "model*.safetensors"]
OTHERS = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.gguf", "*.onnx", "*.npz")
POINTER = b"version https://git-lfs"
FLOATS = {name: np.dtype(kind) for name, kind in {"F16": "f2", "BF16": bfloat16, "F32": "f4", "F64": "f8"}.items()}


class StoredTensor(NamedTuple):
    """A tensor in a file, not read yet."""

    path: Path
    name: str
    kind: str  # of its numbers, as the file calls it
    shape: tuple[int, ...]
    start: int  # its first byte in the file

    def read(self) -> np.ndarray:
        """Return the tensor; the file is not mapped, so that what has been read takes no memory twice.

        Raises:
            ValueError: it holds no plain floating-point numbers, or the file has been cut since it was opened.
        """
        if self.kind not in FLOATS:
            raise ValueError(
                f"{self.path}: the tensor {self.name!r} is stored as {self.kind}, quantised or no weights at all; only "
                f"{', '.join(FLOATS)} are read: give a checkpoint with the weights as they are"
            )
        dtype = FLOATS[self.kind]
        held = np.empty(math.prod(self.shape) * dtype.itemsize, np.uint8)
        with self.path.open("rb") as file:
            file.seek(self.start)
            if file.readinto(held.data) != held.size:
                raise ValueError(f"{self.path} ends within the tensor {self.name!r}; download it again")
        return held.view(dtype).reshape(self.shape)


def fetch(source: Path | str) -> Path:
    """Return the folder, fetched from the hub where it is none on disk.

    Raises:
        FileNotFoundError: it is neither.
    """
    folder = Path(source)
    if folder.is_dir():
        return folder
    if folder.is_absolute() or str(source).startswith(".") or str(source).count("/") > 1:
        raise FileNotFoundError(f"no folder {source}; give a folder with config.json, or a model's name on the hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(source), allow_patterns=FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise FileNotFoundError(
            f"{source!r} is neither a folder nor a model that the hub gives out: {error}"
        ) from error


def described(folder: Path) -> dict[str, Any]:
    """Return config.json.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is no JSON object.
    """
    return _object(_need(folder, "config.json"))


def generation(folder: Path) -> dict[str, Any]:
    """Return generation_config.json, which only newer checkpoints have; nothing where there is none.

    Raises:
        ValueError: it is no JSON object.
    """
    return _object(folder / GENERATION) if (folder / GENERATION).exists() else {}


def tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer.

    Raises:
        FileNotFoundError: there is no tokenizer.json.
        ValueError: it cannot be read.
    """
    path = _need(folder, "tokenizer.json")
    _check_pointer(path)
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower one
        raise ValueError(
            f"{path} is damaged, or of a format that the installed `tokenizers` does not read ({error}); download it "
            "again, or upgrade `tokenizers`"
        ) from error


def tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return the checkpoint's tensors by their names.

    Raises:
        FileNotFoundError: there are no weights, or not all that the index names.
        ValueError: a damaged file.
    """
    if (folder / WEIGHTS).exists():
        return _opened(folder / WEIGHTS)
    if not (folder / INDEX).exists():
        there = sorted({path.name for pattern in OTHERS for path in folder.glob(pattern)})
        raise FileNotFoundError(
            f"no {WEIGHTS} in {folder}, and no {INDEX} that names other files; there is {', '.join(there) or 'nothing'}"
            f"{' else' * (not there)}. Rename the one that is meant to {WEIGHTS}, or convert the weights with "
            "transformers' save_pretrained"
        )
    places = _object(folder / INDEX).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(name, str) for name in places.values()) or not places:
        raise ValueError(f"{folder / INDEX} has no 'weight_map' from tensors to files; download it again")
    shards = sorted(set(places.values()))
    missing = [name for name in shards if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(
            f"{folder / INDEX} names {len(shards)} files, of which {', '.join(missing[:5])}"
            f"{' and more' * (len(missing) > 5)} {'are' if missing[1:] else 'is'} not there; download them"
        )
    opened = {shard: _opened(folder / shard) for shard in shards}
    absent = [name for name, shard in places.items() if name not in opened[shard]]
    if absent:
        raise ValueError(
            f"{folder / places[absent[0]]} lacks the tensor {absent[0]!r}, which {INDEX} says it has; the files are of "
            "different checkpoints: download them again"
        )
    return {name: opened[shard][name] for name, shard in places.items()}


def _opened(path: Path) -> dict[str, StoredTensor]:
    _check_pointer(path)
    try:
        with safe_open(path, "numpy"):  # checks that the header and the file's length agree
            pass
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); download it again") from error
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {
        name: StoredTensor(path, name, tensor["dtype"], tuple(tensor["shape"]), 8 + length + tensor["data_offsets"][0])
        for name, tensor in header.items()
    }


def _object(path: Path) -> dict[str, Any]:
    _check_pointer(path)
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except ValueError as error:  # no JSON, or no UTF-8
        raise ValueError(f"{path} is cut short or damaged ({error}); download it again") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no JSON object; download it again")
    return found


def _check_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(POINTER)) == POINTER:
            raise ValueError(f"{path} is a pointer of Git LFS, not the file itself; fetch it with `git lfs pull`")


def _need(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        raise FileNotFoundError(
            f"no {name} in {folder}; a checkpoint has config.json, *.safetensors and tokenizer.json"
        )
    return path
