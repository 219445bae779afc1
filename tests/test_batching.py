import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.batching import chunk_size, fold_rows, fold_targets, map_chunks, shard
from jaxneuron.targets import Group, Unit, stack


@pytest.mark.parametrize("total", [0, 1, 7, 64, 1000])
@pytest.mark.parametrize("budget", [0, 10, 999, 10**9])
def test_chunks_fit_the_budget_and_are_even(total, budget):
    size = chunk_size(item_bytes=10, total=total, budget=budget)
    assert 1 <= size <= max(1, total)
    assert size == 1 or size * 10 <= budget
    chunks = -(-total // size)
    assert chunks * size - total < max(chunks, 1)


@pytest.mark.parametrize(("budget", "expected"), [(1000, 16), (100, 10), (1, 1)])
def test_a_small_chunk_is_padded_as_far_as_the_budget_allows(budget, expected):
    assert chunk_size(10, 3, budget, least=16) == expected
    assert chunk_size(10, 40, 1000, least=16) == 40


def test_a_chunk_is_shared_evenly_by_the_devices():
    mesh = jax.make_mesh((1,), ("target",))
    assert chunk_size(10, 100, 50, mesh) == chunk_size(10, 100, 50) == 5


@pytest.mark.parametrize("chunk", [1, 3, 10, 16])
def test_mapping_in_chunks_is_mapping(chunk):
    items = {"a": jnp.arange(10.0), "b": np.arange(20).reshape(10, 2)}
    done = []
    mapped = map_chunks(
        jax.jit(lambda items: (items["a"] * 2, items["b"].sum(axis=1))),
        items,
        chunk=chunk,
        progress=lambda *report: done.append(report),
    )
    np.testing.assert_array_equal(mapped[0], np.arange(10) * 2)
    np.testing.assert_array_equal(mapped[1], items["b"].sum(axis=1))
    assert done[-1] == (10, 10) and len(done) == -(-10 // chunk)


def test_mapping_compiles_once(no_compilation):
    double = jax.jit(lambda x: x * 2)
    items = np.ones((10, 2), np.float32)
    map_chunks(double, items, chunk=3)
    with no_compilation():
        map_chunks(double, 2 * items, chunk=3)


def test_mapping_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one item"):
        map_chunks(lambda x: x, jnp.zeros((0, 3)), chunk=4)


@jax.jit
def summed(carry, index, valid, rows):
    total, where = carry
    return total + jnp.sum(jnp.where(valid[:, None], rows, 0), axis=0), where + jnp.sum(jnp.where(valid, index, 0))


@pytest.mark.parametrize("chunk", [1, 4, 10, 16])
def test_folding_rows_is_reducing(chunk):
    rows = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    done = []
    total, where = fold_rows(
        summed, (jnp.zeros(3), jnp.array(0)), rows, chunk=chunk, progress=lambda *report: done.append(report)
    )
    np.testing.assert_allclose(total, rows.sum(axis=0), rtol=1e-5)
    assert where == 45 and done[-1] == (10, 10)


def test_folding_compiles_once(no_compilation):
    rows = np.ones((10, 2), np.float32)
    start = (jnp.zeros(2), jnp.array(0))
    fold_rows(summed, start, rows, chunk=4)
    with no_compilation():
        fold_rows(summed, start, 2 * rows, chunk=4)


def test_a_target_keeps_its_key_in_any_company():
    key = jax.random.key(0)
    many = fold_targets(key, Unit("embed", jnp.arange(100)))
    assert len(np.unique(jax.random.key_data(many), axis=0)) == 100
    alone = fold_targets(key, Unit("embed", jnp.array([42])))
    np.testing.assert_array_equal(jax.random.key_data(alone[0]), jax.random.key_data(many[42]))
    other = fold_targets(jax.random.key(1), Unit("embed", jnp.arange(100)))
    assert not np.any(np.all(jax.random.key_data(many) == jax.random.key_data(other), axis=-1))


@pytest.mark.parametrize("dtype", [bool, np.int32, np.float32])
def test_groups_have_keys_of_their_own(dtype):
    masks = np.random.default_rng(0).random((1000, 64)) < 0.1
    masks = np.unique(masks, axis=0)
    keys = fold_targets(jax.random.key(0), Group("hidden", jnp.asarray(masks.astype(dtype))))
    assert len(np.unique(jax.random.key_data(keys), axis=0)) == len(masks)


def test_the_key_of_stacked_targets_is_that_of_each():
    key = jax.random.key(0)
    together = fold_targets(key, stack(Unit("embed", 3), Unit("embed", 7)))
    apart = [fold_targets(key, Unit("embed", jnp.array([index])))[0] for index in (3, 7)]
    np.testing.assert_array_equal(jax.random.key_data(together), jax.random.key_data(jnp.stack(apart)))


def test_without_a_mesh_nothing_moves():
    items = (np.arange(3), jnp.arange(3))
    assert shard(items, None) is items


ON_EIGHT_DEVICES = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh
from jaxneuron.batching import chunk_size, fold_rows, map_chunks, replicate, shard
assert jax.device_count() == 8

rows = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
weights = jnp.ones((3, 3))
meshes = [jax.make_mesh((8,), ("target",)), Mesh(np.array(jax.devices()).reshape(2, 4), ("host", "device"))]
for mesh in meshes:
    chunk = chunk_size(12, len(rows), 12 * 4, mesh)
    assert chunk % 8 == 0 and chunk <= 32, chunk
    assert len(shard(rows[:chunk], mesh).sharding.device_set) == 8
    assert replicate(weights, mesh).sharding.is_fully_replicated and len(replicate(weights, mesh).devices()) == 8
    f = jax.jit(lambda x: jnp.tanh(x @ weights)[:, jnp.array([2, 0])])
    alone, spread = (map_chunks(f, rows, chunk=chunk, mesh=m) for m in (None, mesh))
    np.testing.assert_allclose(alone, spread, rtol=1e-6)

    @jax.jit
    def update(best, index, valid, rows):
        score = jnp.where(valid, rows.sum(axis=1), -jnp.inf)
        score, order = jax.lax.top_k(jnp.concatenate([best[0], score]), 5)
        return score, jnp.concatenate([best[1], index])[order]

    start = (jnp.full(5, -jnp.inf), jnp.full(5, -1))
    alone, spread = (fold_rows(update, start, rows, chunk=chunk, mesh=m) for m in (None, mesh))
    np.testing.assert_allclose(alone[0], spread[0], rtol=1e-6)
    np.testing.assert_array_equal(alone[1], spread[1])
    np.testing.assert_array_equal(alone[1], np.argsort(-rows.sum(axis=1))[:5])
"""


def test_eight_devices_give_what_one_gives():
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", ON_EIGHT_DEVICES], env=environment, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
