"""Read a Hugging Face checkpoint into our transformer, without torch.

A checkpoint is a folder with `config.json`, `*.safetensors` and `tokenizer.json`, on disk or on the hub. Which tensor
goes where is in `architectures.py`; a tensor that is missing, or one that nobody asked for, is an error that names it.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from jaxneuron.tap import nearest
from jaxneuron.types import Params, Site, Vocabulary
from jaxneuron_models import pure, transformer
from jaxneuron_models.architectures import ARCHITECTURES, Architecture, Part

FILES = ["config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer.json"]


class Pretrained(NamedTuple):
    """A pretrained model and what it takes to feed it: a `pure.Model` with a tokenizer."""

    forward: pure.PureForward
    params: Params
    vocabulary: Vocabulary  # the tokenizer's sub-words; no counts are known
    linear: dict[Site, Site]
    config: transformer.Config
    tokenizer: Tokenizer
    labels: tuple[str, ...]  # names of the head's outputs; none for a language head


def load(source: Path | str, *, dtype: Any = jnp.float32) -> Pretrained:
    """Load a checkpoint from a folder or from the hub.

    Args:
        source: a folder, or the hub's name of a model, such as `"google-bert/bert-base-uncased"`.
        dtype: of the weights, and so of all that is computed; float32 or bfloat16.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: an architecture or a setting that is not supported, a damaged file, or a tensor that is missing,
            left over or of another shape than expected.
    """
    folder = _fetch(source)
    described = json.loads(_need(folder, "config.json").read_text())
    family = described.get("model_type", "")
    if family not in ARCHITECTURES:
        raise ValueError(
            f"{folder}: the architecture {family!r} is not supported{nearest(family, ARCHITECTURES)}; "
            f"it must be one of {', '.join(ARCHITECTURES)}"
        )
    architecture = ARCHITECTURES[family]
    config, head, labels = _config(architecture, described)
    tensors = _read(folder)
    forward, init = transformer.build(config)
    shapes = jax.eval_shape(init, jax.random.key(0))
    params = _fill(architecture, architecture.tensors | head, config, shapes, tensors, dtype, folder)
    tokenizer = Tokenizer.from_file(str(_need(folder, "tokenizer.json")))
    tokenizer.no_padding()  # some checkpoints set both, for their own use
    tokenizer.no_truncation()
    return Pretrained(
        forward, params, _vocabulary(tokenizer, config, folder), _linear(config), config, tokenizer, labels
    )


def _fetch(source: Path | str) -> Path:
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


def _need(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        raise FileNotFoundError(
            f"no {name} in {folder}; a checkpoint has config.json, *.safetensors and tokenizer.json"
        )
    return path


def _config(
    architecture: Architecture, described: dict[str, Any]
) -> tuple[transformer.Config, dict[str, str | Part], tuple[str, ...]]:
    """Return our settings, the head's tensors and the names of its outputs."""
    built = (described.get("architectures") or ["Model"])[0]
    ending = next((ending for ending in architecture.heads if built.endswith(ending)), None)
    body = described["model_type"].replace("_", "") + "model"
    if ending is None and built.lower() not in ("model", body):
        known = ", ".join(architecture.heads)
        raise ValueError(
            f"the head of {built} is not supported; a {described['model_type']} may end in {known} or Model"
        )
    fields, tensors = architecture.heads[ending] if ending else ({"head": "none"}, {})
    try:
        ours = architecture.config(described)
    except KeyError as error:
        raise ValueError(f"config.json lacks {error}, or gives it a value that is not supported") from error
    names = described.get("id2label") or {str(n): f"LABEL_{n}" for n in range(described.get("num_labels") or 2)}
    labels = tuple(names[key] for key in sorted(names, key=int)) if fields["head"] not in ("none", "language") else ()
    if ending == "ForQuestionAnswering":
        labels = ("start", "end")
    merged: dict[str, Any] = (
        {"tied": True, "vocabulary": described["vocab_size"]} | ours | {"labels": len(labels)} | fields
    )
    if merged["head"] == "language" and merged["tied"]:
        tensors = {ours: theirs for ours, theirs in tensors.items() if ours != "head.scores"}
    return transformer.Config(**merged), dict(tensors), labels


def _read(folder: Path) -> dict[str, jax.Array]:
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise FileNotFoundError(f"no *.safetensors in {folder}; convert the weights with transformers' save_pretrained")
    tensors: dict[str, jax.Array] = {}
    for path in paths:
        try:
            with safe_open(path, "flax") as file:
                tensors |= {name: file.get_tensor(name) for name in file.keys()}  # it is no dict
        except SafetensorError as error:
            raise ValueError(f"{path} is damaged ({error}); download it again") from error
    return tensors


def _fill(
    architecture: Architecture,
    table: dict[str, str | Part],
    config: transformer.Config,
    shapes: Params,
    tensors: dict[str, jax.Array],
    dtype: Any,
    folder: Path,
) -> Params:
    """Return the weights by our names; every tensor must find its place."""
    stored = {_plain(name, architecture.prefixes): tensor for name, tensor in tensors.items()}
    used: set[str] = set()

    def take(path: Any, shape: jax.ShapeDtypeStruct) -> Any:
        *module, leaf = [str(part.key) for part in path]
        number = next((name[5:] for name in module if name.startswith("block")), "")
        pattern = re.sub(r"block\d+", "block{n}", ".".join(module))
        whole = ".".join([*module, leaf])
        entry = table.get(whole) or table[pattern]
        name = (entry.name if isinstance(entry, Part) else entry).replace("{n}", number)
        if whole not in table:
            name += ".bias" if leaf == "bias" else ".weight"
        if name not in stored:
            raise ValueError(f"{folder}: the tensor {name!r} is missing{nearest(name, stored)}")
        used.add(name)
        tensor = jnp.asarray(stored[name])
        if leaf == "kernel" and (architecture.transposed or module[0] == "head"):
            tensor = tensor.T
        if isinstance(entry, Part):
            tensor = _part(tensor, entry, config.heads)
        if tensor.shape != shape.shape:
            raise ValueError(f"{folder}: the tensor {name!r} gives {tensor.shape}, but config.json says {shape.shape}")
        return tensor.astype(dtype)

    params = jax.tree_util.tree_map_with_path(take, shapes)
    left = [name for name in stored if name not in used and not any(re.fullmatch(p, name) for p in architecture.unused)]
    if left:
        raise ValueError(
            f"{folder}: nothing here reads the tensor{'s' * (len(left) > 1)} {', '.join(sorted(left)[:5])}"
            f"{' and more' * (len(left) > 5)}; the checkpoint is of another architecture than its config.json says"
        )
    return params


def _plain(name: str, prefixes: tuple[str, ...]) -> str:
    """Return a tensor's name without the body's prefix, in today's spelling."""
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _part(tensor: jax.Array, part: Part, heads: int) -> jax.Array:
    """Cut queries, keys or values out of `[..., all of them]`."""
    if not part.by_head:
        return jnp.split(tensor, part.of, axis=-1)[part.index]
    by_head = tensor.reshape(*tensor.shape[:-1], heads, part.of, -1)[..., part.index, :]
    return by_head.reshape(*tensor.shape[:-1], -1)


def _vocabulary(tokenizer: Tokenizer, config: transformer.Config, folder: Path) -> Vocabulary:
    words = tokenizer.get_vocab(with_added_tokens=True)
    if words and max(words.values()) >= config.vocabulary:
        raise ValueError(
            f"{folder}: the tokenizer has ids up to {max(words.values())}, the model {config.vocabulary} words; "
            "use the tokenizer.json that was saved with these weights"
        )
    by_id = {number: word for word, number in words.items()}
    return Vocabulary(
        tuple(by_id.get(number, f"<{number}>") for number in range(config.vocabulary)),
        np.zeros(config.vocabulary, np.int64),
    )


def _linear(config: transformer.Config) -> dict[Site, Site]:
    """Return the sites that are affine functions of another one."""
    last = "final" if config.norm_first else f"block{config.blocks - 1}/residual"
    plain = config.head in ("language", "labels") and not config.head_transform
    return {"logits": last} if plain else {}
