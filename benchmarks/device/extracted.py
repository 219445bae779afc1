"""Extraction of a text's activations to disk, and the forward pass alone; the peer is `transformers`."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.device import machine, material
from benchmarks.device.precision import products
from benchmarks.device.sides import Run, Side, measured, near, on_cpu, variants
from benchmarks.measure import Row
from jaxneuron import store
from jaxneuron.extract.to_store import extract
from jaxneuron.types import Tokens
from jaxneuron_models import pretrained
from jaxneuron_models.model import Model

CHECKED = 30  # sentences that the processor reads, too

LIMITS = {"float32": 1e-3, "tf32": 2e-2, "bfloat16": 5e-2}
"""How far rows may be apart, relative to the largest."""


def _written(model: Model, sentences: Sequence[Sequence[str]], out: Path) -> Path:
    """Write the activations of sentences in float32, as the peer does."""
    shutil.rmtree(out, ignore_errors=True)
    extract(model, sentences, out)
    return out


def _last(path: Path, words: int) -> np.ndarray:
    """Return the last block's first rows."""
    found = store.open(path)
    return np.asarray(found[list(found.sites)[-1]][:words], np.float32)


def extraction(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of extraction, in float32 or in bfloat16; tokenizing and writing are part of it."""
    dtype = "bfloat16" if precision == "bfloat16" else "float32"
    sentences = material.sentences(run.material)[: run.size.sentences]
    words = sum(map(len, sentences))
    with products(precision), tempfile.TemporaryDirectory() as folder:
        out, few = Path(folder), sentences[:CHECKED]
        rows = sum(map(len, few))
        loaded = pretrained.load(run.material, dtype=dtype)
        here = _last(_written(loaded, few, out / "here"), rows)
        there = on_cpu(lambda: _last(_written(pretrained.load(run.material), few, out / "there"), rows))
        note = near(here, there, LIMITS[precision], "as the processor's in float32")

        def theirs(*, compiled: bool) -> Side:
            from benchmarks import extract_peers as peers

            cores = len(os.sched_getaffinity(0))
            write = peers.batched(
                run.material, out / "torch", dtype, cores, "yes" if compiled else "", machine.tensors()
            )

            def call(batch: int) -> np.ndarray:
                write(sentences, batch)
                return peers.rows("torch", out / "torch.npy", rows)

            name = f"transformers, {'compiled' if compiled else 'eager'}"
            return Side(name, {f"batches of {batch}": partial(call, batch) for batch in run.size.batches})

        def ours() -> np.ndarray:
            return _last(_written(loaded, sentences, out / "store"), rows)

        yield from measured(
            run,
            f"extraction, {precision}",
            f"{len(sentences):,} sentences, {words:,} words, {len(store.open(out / 'here').sites)} sites",
            Side("ours", {"with its defaults": ours}),
            (theirs(compiled=compiled) for compiled in (False, True)[: 1 + run.compiled]),
            lambda mine, other: near(mine, other, LIMITS[precision], "the rows agree"),
            note=note,
            precision=precision,
        )


def forward(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of the forward pass alone, every layer returned, on texts that are on the device."""
    dtype = "bfloat16" if precision == "bfloat16" else "float32"
    texts, time = run.size.passed
    with products(precision):

        def ours(dtype: str) -> Callable[[], Any]:
            model = pretrained.load(run.material, dtype=dtype)
            drawn = np.random.default_rng(0).integers(5, model.config.vocabulary, (texts, time))
            tokens = Tokens(jnp.asarray(drawn, jnp.int32), jnp.ones(drawn.shape, bool))
            sites = ("embed", *(f"block{number}/residual" for number in range(model.config.blocks)))

            @jax.jit
            def states(params: Any) -> Any:
                found = model.forward(params, tokens, {})[1]
                return jnp.stack([found[site] for site in sites])

            return partial(states, model.params)

        here = np.asarray(ours(dtype)(), np.float32)
        note = near(here, on_cpu(ours("float32")), LIMITS[precision], "as the processor's in float32")
        size = pretrained.load(run.material).config

        def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
            import torch
            from transformers import AutoModel

            put = machine.tensors()
            network = AutoModel.from_pretrained(run.material, dtype=getattr(torch, dtype), attn_implementation="sdpa")
            network = compile_(network.eval().to(put))
            drawn = np.random.default_rng(0).integers(5, size.vocabulary, (texts, time))
            given = {"input_ids": torch.from_numpy(drawn).to(put)}
            given["attention_mask"] = torch.ones_like(given["input_ids"])

            def call() -> Any:
                with torch.inference_mode():
                    return torch.stack(network(**given, output_hidden_states=True).hidden_states)

            return {"in one batch": call}

        width, inner = size.width, size.hidden
        layer = 2 * texts * time * (4 * width**2 + 2 * width * inner + 2 * time * width)
        yield from measured(
            run,
            f"forward pass, {precision}",
            f"{texts} texts x {time} tokens x {width} units, {size.blocks} blocks",
            Side("ours", {"in one batch": ours(dtype)}),
            variants(run, make),
            lambda mine, theirs: near(
                np.asarray(mine, np.float32), theirs.float().cpu().numpy(), LIMITS[precision], "every layer agrees"
            ),
            note=note,
            work=size.blocks * layer,
            precision=precision,
        )
