"""The peers of `extract.py`: batched `transformers`, with what a careful user would do, and NeuroX's own extractor."""

import contextlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch


def batched(model: Path, out: Path, dtype: str, threads: int, compiled: str, device: Any = "cpu") -> Callable[..., Any]:
    """Return extraction with `transformers`: sorted by length, padded to the longest of a batch, into a memory map."""
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(threads)
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModel.from_pretrained(model, dtype=getattr(torch, dtype), attn_implementation="sdpa").eval()
    network = network.to(device)
    call = torch.compile(network, dynamic=True) if compiled else network

    def run(sentences: list[list[str]], batch: int) -> None:
        encodings = tokenizer(sentences, is_split_into_words=True, truncation=True)
        lasts = [last(encodings.word_ids(number), len(words)) for number, words in enumerate(sentences)]
        begins = np.cumsum([0, *map(len, sentences)])
        layers, width = network.config.num_hidden_layers + 1, network.config.hidden_size
        rows = np.lib.format.open_memmap(out.with_suffix(".npy"), "w+", np.float32, (layers, int(begins[-1]), width))
        order = sorted(range(len(sentences)), key=lambda number: -len(encodings["input_ids"][number]))
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            given = tokenizer.pad({key: [encodings[key][n] for n in part] for key in encodings}, return_tensors="pt")
            given = given.to(device)
            with torch.inference_mode():
                states = call(**given, output_hidden_states=True).hidden_states
            row = np.repeat(np.arange(len(part)), [len(sentences[n]) for n in part])
            place = np.concatenate([lasts[n] for n in part])
            into = np.concatenate([np.arange(begins[n], begins[n + 1]) for n in part])
            index = torch.from_numpy(row).to(device), torch.from_numpy(place).to(device)
            rows[:, into] = torch.stack([state[index] for state in states]).float().cpu().numpy()
        rows.flush()

    return run


def last(word_ids: list[int | None], words: int) -> np.ndarray:
    """Return the last sub-word of each word."""
    place = np.zeros(words, np.int64)
    for position, word in enumerate(word_ids):
        if word is not None:
            place[word] = position
    return place


def neurox(model: Path, out: Path, threads: int) -> Callable[..., Any]:
    """Return NeuroX's extractor: a sentence at a time, into HDF5; its debug lines are swallowed."""
    from neurox.data.extraction import transformers_extractor as extractor  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(threads)

    def run(sentences: list[list[str]], _: int) -> None:
        text = out.with_suffix(".txt")
        text.write_text("".join(" ".join(words) + "\n" for words in sentences))
        path = out.with_suffix(".hdf5")
        path.unlink(missing_ok=True)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            extractor.extract_representations(str(model), str(text), str(path), "cpu", "last", "hdf5")
        text.unlink()

    return run


def rows(name: str, path: Path, count: int) -> np.ndarray:
    """Return the last block's first rows, to compare."""
    if name == "ours":
        from jaxneuron import store

        found = store.open(path)
        return found[list(found.sites)[-1]][:count]
    if name == "torch":
        return np.load(path, mmap_mode="r")[-1, :count]
    import h5py

    with h5py.File(path) as file:
        numbers = sorted(int(key) for key in file if key.isdigit())
        return np.concatenate([file[str(n)][-1] for n in numbers[:count]])[:count]


def read_back(name: str, path: Path) -> dict[str, float]:
    """Return the seconds to read one neuron at all words, and all neurons of one word, from a file just opened."""
    if name == "ours":
        from jaxneuron import store

        def neuron() -> Any:
            found = store.open(path)
            return found[list(found.sites)[3]][:, 100]

        def word() -> Any:
            found = store.open(path)
            return [found[site][100] for site in found.sites]

    elif name == "neurox":
        from neurox.data import loader  # pyright: ignore[reportMissingImports]

        def neuron() -> Any:
            activations, _ = loader.load_activations(str(path))
            return np.concatenate([one[:, 3 * 384 + 100] for one in activations])

        def word() -> Any:
            activations, _ = loader.load_activations(str(path))
            return np.concatenate(activations)[100]

    else:
        return {}
    with contextlib.redirect_stdout(io.StringIO()):
        return {"one neuron": fastest(neuron), "one word": fastest(word)}


def fastest(run: Callable[[], Any]) -> float:
    """Return the least of three times."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)
