"""Everything that is worth measuring on one GPU, in one command, within some minutes, beside PyTorch on the same GPU.

Here, once (27 MB: MiniLM in float16 with the sub-words of the text; see `material.py`), in a folder that git ignores:

    echo /.device/ >> "$(git rev-parse --git-path info/exclude)"
    python -m benchmarks.device.material --out .device --model MINILM --data ud_english_ewt

There, from the root of a copy of this tree, with that folder carried along; the machine's own Python needs JAX with
CUDA, flax, optax, orbax-checkpoint, tensorstore, safetensors, tokenizers, scikit-learn, xxhash and rich, and for the
peers torch and transformers (no network, nothing to install, neither altair, vl-convert, datasets nor captum):

    python3 -m benchmarks.device --material .device --out "$OUT" --minutes 8

With a tool that lends a machine and takes a command, a time and what to carry: `carry [".device"]`, `timeout_s 540`,
and the line above as the command. `$OUT` then holds four small files: `table.md`, to be pasted into
`benchmarks/RESULTS.md`, `results.json` (the rows, as every benchmark writes them), `run.json` (the machine, and how
each row ended) and `log.txt`. If time is left, what was not done is measured by name: `--rows forward "gumbel exact"
--minutes 4`. Without `--material` weights are random and the text is the embedded captions: nothing has to be carried.

Results are compared before times: ours on the device with ours on the processor, then ours with the peer's; a row whose
results differ has no times. Both sides compute float32 products alike: in true single precision or, where a row says
tf32, in that. Each side runs at its best of a few settings; medians are of runs in turn, each waited for. JAX takes
memory as it needs it, so that PyTorch finds some. A share of the peak is the least work that the matrix products of the
job need, over the seconds, over what large products reach in the same precision on the same device.

`table.py` lists the rows in the order of their worth; a new one is a function there. Each has a time after which it is
killed, and the next goes on in a new process. `sizes.py` says how large the jobs are.
"""
