"""From a checkpoint's tensors to our weights: every one finds its place, or is named."""

import math
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.tap import nearest
from jaxneuron.types import Params
from jaxneuron_models.architectures.architecture import Architecture, Part, StoredHead
from jaxneuron_models.hub_folder import StoredTensor
from jaxneuron_models.transformer_config import TransformerConfig

READERS = 2
"""Tensors that are read at a time: one is on its way from the file while another is converted."""


def fill(
    architecture: Architecture,
    table: dict[str, str | Part],
    config: Any,
    shapes: Params,
    stored: dict[str, StoredTensor],
    spare: set[str],
    dtype: Any,
    folder: Path,
) -> Params:
    """Return the weights by our names; every tensor must find its place.

    Args:
        architecture: whose checkpoint it is.
        table: our names -> theirs, of the body and its head.
        config: ours, a TransformerConfig or an EncoderDecoderConfig.
        shapes: of the weights, by our names.
        stored: the checkpoint.
        spare: tensors that may stay unread.
        dtype: of the weights.
        folder: to name.

    Raises:
        ValueError: a tensor is missing, left over, of another shape, quantised or not finite.
    """
    shared = config.weights if isinstance(config, TransformerConfig) else ()  # an encoder-decoder's blocks share none
    leaves, tree = jax.tree_util.tree_flatten_with_path(shapes)
    places = [_place([str(part.key) for part in path], shape.shape, table, shared) for path, shape in leaves]
    held: dict[str, list[int]] = {}  # which of our arrays a tensor holds
    for number, place in enumerate(places):
        if place.name not in stored:
            raise ValueError(_missing(place.name, stored, config, place.module[0] == "head", folder))
        held.setdefault(place.name, []).append(number)
    _check_left(architecture, [name for name in stored if name not in held.keys() | spare], folder)

    def read(name: str) -> list[tuple[int, Any]]:
        """Return all of ours that a tensor holds, with their numbers."""
        tensor = _numbers(stored[name], dtype)
        found = []
        for number in held[name]:
            ours, expected = _turned(tensor, places[number], architecture, config), places[number].shape
            if ours.shape != expected:
                raise ValueError(f"{folder}: the tensor {name!r} gives {ours.shape}, but config.json says {expected}")
            found.append((number, jnp.asarray(ours)))
        return found

    # the largest first: what is on its way takes memory beside what has arrived, which is little then
    largest = sorted(held, key=lambda name: -math.prod(stored[name].shape))
    with ThreadPoolExecutor(READERS) as pool:
        filled = dict(one for found in pool.map(read, largest) for one in found)
    return jax.tree.unflatten(tree, [filled[number] for number in range(len(places))])


class _Place(NamedTuple):
    """Where one of our arrays is found."""

    module: list[str]
    leaf: str
    shape: tuple[int, ...]
    name: str  # of the tensor
    part: Part | None  # of it


def _place(path: list[str], shape: tuple[int, ...], table: dict[str, str | Part], shared: tuple[str, ...]) -> _Place:
    *module, leaf = path
    number = next((name[5:] for name in module if name.startswith("block")), "")
    weights = shared[int(number)] if shared and number else number
    own = ".".join(path)
    entry = table.get(own) or table[re.sub(r"block\d+", "block{n}", ".".join(module))]
    part = entry if isinstance(entry, Part) else None
    name = (entry.name if isinstance(entry, Part) else entry).replace("{n}", weights)
    if own not in table:
        name += ".bias" if leaf == "bias" else ".weight"
    return _Place(module, leaf, shape, name, part)


def _turned(tensor: np.ndarray, place: _Place, architecture: Architecture, config: Any) -> np.ndarray:
    """Return the part of a tensor that is ours, in our order."""
    if place.leaf == "kernel" and (architecture.transposed or place.module[0] == "head"):
        tensor = tensor.T
    if place.part is not None:
        tensor = _part(tensor, place.part, config)
    return _halves(tensor, config) if architecture.interleaved and {"query", "key"} & set(place.module) else tensor


def _check_left(architecture: Architecture, left: list[str], folder: Path) -> None:
    """Raise a ValueError for tensors that nobody reads."""
    left = sorted(name for name in left if not any(re.fullmatch(pattern, name) for pattern in architecture.unused))
    if left:
        heads = [ending for ending, head in architecture.heads.items() if any(belongs(name, head) for name in left)]
        hint = f", or has a head that head={heads[0]!r} reads and head='Model' leaves out" if heads else ""
        raise ValueError(
            f"{folder}: nothing here reads the tensor{'s' * (len(left) > 1)} {', '.join(left[:5])}"
            f"{' and more' * (len(left) > 5)}; the checkpoint is of another architecture than its config.json says"
            f"{hint}"
        )


def _missing(name: str, stored: dict[str, StoredTensor], config: Any, of_head: bool, folder: Path) -> str:
    """Return what to say of a tensor that is not there."""
    hint = "" if of_head else nearest(name, stored)
    if of_head and config.head == "language" and not config.tied:
        hint = "; if the head is the word table, set 'tie_word_embeddings' to true in config.json"
    if of_head:
        hint += "; if the weights have another head or none, choose it with head=, such as head='Model' (--head Model)"
    return f"{folder}: the tensor {name!r} is missing{hint}"


def _numbers(tensor: StoredTensor, dtype: Any) -> np.ndarray:
    """Return a tensor in our number format, all of it finite."""
    with np.errstate(over="ignore"):  # said below
        found = tensor.read().astype(jnp.dtype(dtype), copy=False)
    finite = np.isfinite(found)
    if not finite.all():
        raise ValueError(
            f"{tensor.path}: {finite.size - np.count_nonzero(finite)} of the {finite.size} numbers of the tensor "
            f"{tensor.name!r} are not finite, as {jnp.dtype(dtype).name}; whatever the model computes would be NaN: "
            "download the file again, or take an earlier checkpoint"
        )
    return found


def _part(tensor: np.ndarray, part: Part, config: TransformerConfig) -> np.ndarray:
    """Cut one part out of `[..., all of them]`; a tensor of another size stays whole."""
    if part.of != 3:
        return np.split(tensor, part.of, axis=-1)[part.index] if tensor.shape[-1] % part.of == 0 else tensor
    keys = config.key_heads or config.heads
    if tensor.shape[-1] != (config.heads + 2 * keys) * config.unit:
        return tensor
    groups = keys if part.by_head else 1
    starts = np.array([config.heads, config.heads + keys]) // groups
    grouped = tensor.reshape(*tensor.shape[:-1], groups, -1, config.unit)
    return np.split(grouped, starts, axis=-2)[part.index].reshape(*tensor.shape[:-1], -1)


def _halves(tensor: np.ndarray, config: TransformerConfig) -> np.ndarray:
    """Put the first units of all pairs that are turned together before the second ones, in each head."""
    heads = tensor.reshape(*tensor.shape[:-1], -1, config.unit)
    turned = int(config.unit * config.rotary_share)
    parts = (heads[..., :turned:2], heads[..., 1:turned:2], heads[..., turned:])
    return np.concatenate(parts, axis=-1).reshape(tensor.shape)


def belongs(name: str, head: StoredHead) -> bool:
    """Return whether a tensor is one of a head's."""
    return any(name == theirs or name.startswith(f"{theirs}.") for theirs in head.tensors.values())
