"""Extraction that is killed, spread over eight devices, or shared by two processes, run as a user would run it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from jaxneuron import store

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import sys, time
import jax, numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers
from jaxneuron.extract.to_store import Settings, extract
from jaxneuron.types import Vocabulary
from jaxneuron_models import transformer
from jaxneuron_models.model import Model

out, mesh, process, processes, port, slow = sys.argv[1], *map(int, sys.argv[2:])
if processes > 1:
    jax.distributed.initialize(f"localhost:{port}", processes, process)
words = [f"w{n}" for n in range(50)]
tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="w0"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
random = np.random.default_rng(0)
text = [[words[n] for n in random.integers(0, 50, random.integers(1, 12))] for _ in range(500)]
config = transformer.TransformerConfig(50, width=16, blocks=1, heads=2, longest=16, causal=False, head="none")
forward, init = transformer.build(config)
devices = jax.sharding.Mesh(jax.local_devices(), ("device",)) if mesh else None

def progress(done, total):
    print(done, jax.local_device_count(), flush=True)
    time.sleep(slow)

known = Vocabulary(tuple(words), np.zeros(50))
model = Model(forward, init(jax.random.key(0)), known, {}, tokenizer=tokenizer, window=16)
extract(model, text, out, settings=Settings(tokens=256, budget=1, mesh=devices), progress=progress)
"""


def start(out, *, mesh=0, process=0, processes=1, port=0, slow=0, **variables):
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'models'}", "JAX_PLATFORMS": "cpu"} | variables
    arguments = [str(value) for value in (out, mesh, process, processes, port, slow)]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err[-3000:]
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The store of an undisturbed run."""
    path = tmp_path_factory.mktemp("plain") / "store"
    finish(start(path))
    return store.open(path)


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(plain, tmp_path):
    assert len(plain.manifest.shards()) > 3
    killed = start(tmp_path / "store", slow=600)
    killed.stdout.readline()  # one shard was handed over
    while '"embed.zarr/c/0/0"' not in (tmp_path / "store/manifest.json").read_text():
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with pytest.raises(ValueError, match="unfinished, with 512 of"):
        store.open(tmp_path / "store")
    finish(start(tmp_path / "store"))
    resumed = store.open(tmp_path / "store")
    assert resumed.checksum == plain.checksum
    assert resumed.verify() == []


def test_eight_devices_store_the_same(plain, tmp_path):
    flags = os.environ["XLA_FLAGS"] + " --xla_force_host_platform_device_count=8"
    out = finish(start(tmp_path / "store", mesh=1, XLA_FLAGS=flags))
    assert out.split()[1] == "8"
    shared = store.open(tmp_path / "store")
    for site in plain.sites:
        np.testing.assert_allclose(shared[site][:], plain[site][:], rtol=1e-4, atol=1e-5)


def test_two_processes_write_one_store(plain, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    both = [start(tmp_path / "store", process=n, processes=2, port=port) for n in range(2)]
    done = [int(finish(one).split()[-2]) for one in both]
    assert sum(done) == plain.manifest.words and min(done) > 0
    shared = store.open(tmp_path / "store")
    assert shared.checksum == plain.checksum
    assert shared.verify() == []
    assert not list((tmp_path / "store").glob("manifest.*.json"))
