"""The search for neurons' n-grams in Imaginet's language projection: gumbel softmax, and the corpus.

The peers are in `benchmarks/imaginet_torch.py`, that of corpus search is here. Weights are random: no side has less to
do with them.
"""

import functools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.device import machine
from benchmarks.device.precision import products
from benchmarks.device.sides import Run, Side, measured, near, on_cpu, variants
from benchmarks.device.sizes import TINY, Size
from benchmarks.measure import Row
from jaxneuron import lowering
from jaxneuron.find import _climb, corpus, gumbel_softmax
from jaxneuron.find._noise import exponential
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Found, Tokens
from jaxneuron_models import imaginet

LENGTH = 5
LIMITS = {"float32": (1e-4, 1e-3), "tf32": (1e-2, 1e-2)}
"""How far results may be apart, relative to the largest: ours from those of the processor, and from PyTorch's."""


class Network(NamedTuple):
    """One network, and the neurons that are searched."""

    model: tuple[Any, Any]  # forward, params
    vocabulary: int
    neurons: list[int]

    @property
    def targets(self) -> Along:
        """Return the neurons as directions of the state beneath them."""
        return lowering.lower(*self.model, Unit("textual/projection", jnp.array(self.neurons)), "textual/gru")

    def found(self, **options: Any) -> Found:
        """Search with gumbel softmax."""
        ngrams = Tokens(np.zeros((1, LENGTH), np.int32), np.ones((1, LENGTH), bool))
        candidates = np.ones(self.vocabulary, bool)
        return gumbel_softmax.find(jax.random.key(0), *self.model, self.targets, ngrams, candidates, **options)


def network(size: Size) -> Network:
    """Return a network with random weights on the default device."""
    config = imaginet.ImaginetConfig(size.vocabulary, features=8, embedding=size.units, units=size.units)
    forward, init = imaginet.build(config)
    params = jax.jit(init)(jax.random.key(0))
    params["embedding"] = 10 * params["embedding"]  # words as far apart as training makes them
    neurons = [int(neuron) for neuron in np.linspace(3, size.vocabulary - 1, size.neurons)]
    return Network((forward, params), size.vocabulary, neurons)


def weights(params: Any) -> Any:
    """Return the same weights in PyTorch, on its device."""
    from benchmarks import imaginet_torch as peer

    return peer.Weights(*(leaf.to(machine.tensors()) for leaf in peer.weights(params)))


class Probed(NamedTuple):
    """What both sides must agree on before they are timed."""

    score: Any  # [row, neuron], of given n-grams
    gradient: Any  # [neuron, time, vocabulary], through given noise


SAMPLES, WARMTH = 2, 0.5


def probed(given: Network) -> Probed:
    """Return scores and a gradient of ours."""
    forward, params = given.model
    targets = given.targets
    tokens = Tokens(*(jnp.asarray(leaf) for leaf in some(given)))
    values = _climb.Values(jnp.ones(given.vocabulary, bool), None, *map(jnp.float32, (1, 1, 0, 1)))
    x, keys, _ = noisy(given)

    def objective(x: Any, key: Any, target: Any) -> Any:
        tokens = gumbel_softmax._relax(
            key, x[None], jnp.float32(WARMTH), values, _climb.Shape(1, SAMPLES, "step")
        ).tokens
        return jnp.sum(target(*forward(params, tokens, {}), tokens)) / SAMPLES

    score = jax.jit(lambda: jax.vmap(lambda target: target(*forward(params, tokens, {}), tokens))(targets))()
    return Probed(score.T, jax.jit(jax.vmap(jax.grad(objective)))(x, keys, targets))


def some(given: Network) -> Tokens:
    """Return a few n-grams."""
    ids = np.random.default_rng(0).integers(0, given.vocabulary, (4, LENGTH)).astype(np.int32)
    return Tokens(ids, np.ones(ids.shape, bool))


def noisy(given: Network) -> tuple[Any, Any, Any]:
    """Return where the search is, the keys of its noise, and the noise."""
    x = jax.random.normal(jax.random.key(1), (len(given.neurons), LENGTH, given.vocabulary))
    keys = jax.random.split(jax.random.key(2), len(given.neurons))
    return x, keys, jnp.stack([-jnp.log(exponential(key, (SAMPLES, LENGTH, given.vocabulary))) for key in keys])


def probed_torch(given: Network) -> Probed:
    """Return the same of PyTorch's."""
    import torch

    from benchmarks import imaginet_torch as peer

    put, known = machine.tensors(), weights(given.model[1])
    score = peer.scores(known, torch.from_numpy(some(given).ids).long().to(put))[:, -1, given.neurons]
    x, _, noise = noisy(given)
    uniform = torch.from_numpy(np.exp(-np.exp(-np.array(noise, np.float64)))).float().to(put)
    batched = peer.Batched(known, samples=SAMPLES, learning_rate=1.0, compiled=False)
    free = torch.from_numpy(np.array(x)).to(put).requires_grad_()
    columns = known.kernel.T[given.neurons], known.offset[given.neurons]
    batched.objective(free, uniform, torch.tensor(WARMTH, device=put), *columns).backward()
    assert free.grad is not None
    return Probed(score.cpu().numpy(), free.grad.cpu().numpy())


@functools.cache
def checked(peers: bool, precision: str) -> str:
    """Return how well a small network agrees with the processor's results, and with PyTorch's.

    Raises:
        ValueError: it does not.
    """
    small = TINY._replace(vocabulary=300, units=32)
    here = probed(network(small))
    said = near(here, on_cpu(lambda: probed(network(small))), LIMITS[precision][0], "scores and gradients as the CPU's")
    if peers:
        said += ", " + near(here, probed_torch(network(small)), LIMITS[precision][1], "as PyTorch's")
    return said


def operations(size: Size, *, steps: int, rows: int, samples: int, discrete: int) -> float:
    """Return the floating-point operations in the matrix products of a search.

    Args:
        size: of the network.
        steps: of the search.
        rows: inputs that are optimised: neurons times restarts.
        samples: noise draws of each row and step, which pass the network and back.
        discrete: n-grams of each row and step that are scored, by looking rows of the table up.
    """
    width = size.units
    cell = 2 * 3 * width * width * (LENGTH + LENGTH - 1)  # what enters each word's gates, and the recurrence
    soft = 2 * LENGTH * size.vocabulary * width
    return steps * rows * (2 * samples * (soft + cell) + discrete * cell)


def fast(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of the fast preset."""
    preset = gumbel_softmax.FAST._replace(steps=run.size.steps, epoch=max(1, run.size.steps // 6))
    yield from _gumbel(run, precision, preset, "fast preset", preset.restarts, harvest=True)


def exact(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of a slice of the published settings."""
    steps = run.size.exact_steps
    preset = gumbel_softmax.POERNER2018._replace(steps=steps, epoch=steps, patience=None, samples=run.size.samples)
    yield from _gumbel(run, precision, preset, f"{steps} of 200,000 steps as published", 1, harvest=False)


def _gumbel(
    run: Run, precision: str, preset: gumbel_softmax.Settings, what: str, restarts: int, *, harvest: bool
) -> Iterator[Row]:
    with products(precision):
        note = checked(run.peers, precision)
        given, size = network(run.size), run.size
        samples, steps = preset.samples, preset.steps

        def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
            import torch

            from benchmarks import imaginet_torch as peer

            batched = peer.Batched(
                weights(given.model[1]),
                samples=samples,
                learning_rate=preset.learning_rate,
                harvest=harvest,
                compiled=False,
            )
            batched.step = compile_(batched._step)
            shared = {name: getattr(preset, name) for name in ("steps", "temperature", "decay", "epoch")}

            def search(chunk: int) -> Any:
                with torch.device(machine.tensors()):
                    return batched.search(given.neurons, length=LENGTH, restarts=restarts, chunk=chunk, **shared)

            chunks = sorted({max(1, chunk * 4 // (samples * restarts)) for chunk in size.chunks})
            return {f"{chunk} neurons at a time": partial(search, chunk) for chunk in chunks}

        def agree(found: Found, theirs: Any) -> str:
            return f"mean score found: ours {np.mean(found.score):.3f}, the peer {float(theirs.score.mean()):.3f}"

        rows = len(given.neurons) * restarts
        discrete = 1 + samples * harvest
        yield from measured(
            run,
            f"gumbel softmax, {what}, {precision}",
            f"V={size.vocabulary:,} E={size.units:,} H={size.units:,}, {len(given.neurons)} neurons, "
            f"{restarts} restarts x {samples} samples, {steps} steps",
            Side("ours", budgets(run, lambda budget: given.found(budget=budget, settings=preset))),
            variants(run, make),
            agree,
            note=note,
            work=operations(size, steps=steps, rows=rows, samples=samples, discrete=discrete),
            precision=precision,
        )


def budgets(run: Run, call: Callable[[int], Any]) -> dict[str, Callable[[], Any]]:
    """Return a call of ours with each budget that may be best; the first is the library's default."""
    return {f"in {budget / 2**20:,.0f} MiB": partial(call, budget) for budget in run.size.budgets}


def in_corpus(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of corpus search."""
    with products(precision):
        note = checked(run.peers, precision)
        given, size = network(run.size), run.size
        targets, everything = given.targets, np.ones(size.vocabulary, bool)
        ids = np.random.default_rng(0).integers(0, size.vocabulary, (size.ngrams, LENGTH)).astype(np.int32)
        ngrams, best = Tokens(ids, np.ones(ids.shape, bool)), 4

        def ours(budget: int) -> Found:
            return corpus.find(None, *given.model, targets, ngrams, everything, k=best, budget=budget)

        def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
            search = Scored(weights(given.model[1]), given.neurons, compile_)
            return {f"{rows:,} at a time": partial(search.best, ids, best, rows) for rows in size.ngram_chunks}

        def agree(found: Found, theirs: Any) -> str:
            return near(found.score, theirs.cpu().numpy(), LIMITS[precision][1], "the best scores agree")

        cell = 2 * 3 * size.units**2 * (2 * LENGTH - 1)
        yield from measured(
            run,
            f"corpus search, {precision}",
            f"V={size.vocabulary:,} E={size.units:,} H={size.units:,}, {len(given.neurons)} neurons, "
            f"{size.ngrams:,} 5-grams",
            Side("ours", budgets(run, ours)),
            variants(run, make),
            agree,
            note=note,
            work=size.ngrams * (cell + 2 * size.units * len(given.neurons)),
            precision=precision,
        )


class Scored:
    """Corpus search in PyTorch: the columns of the neurons only, the best kept from chunk to chunk."""

    def __init__(self, known: Any, neurons: list[int], compile_: Callable[..., Any]):
        self.known, self.score = known, compile_(self._score)
        self.columns = known.kernel[:, neurons].contiguous(), known.offset[neurons]

    def _score(self, ids: Any) -> Any:
        from benchmarks import imaginet_torch as peer

        state = peer.gru(self.known, self.known.embedding[ids])[:, -1]
        return state @ self.columns[0] + self.columns[1]

    def best(self, ids: np.ndarray, count: int, rows: int) -> Any:
        """Return the best scores, `[neuron, count]`."""
        import torch

        found = torch.full((count, self.columns[1].shape[0]), -torch.inf, device=machine.tensors())
        with torch.inference_mode():
            for start in range(0, len(ids), rows):
                part = torch.from_numpy(ids[start : start + rows]).to(machine.tensors()).long()
                missing = rows - len(part)  # one shape, so that one is compiled
                score = self.score(torch.nn.functional.pad(part, (0, 0, 0, missing)))[: len(part)]
                found = torch.cat([found, score]).topk(count, dim=0).values
        return found.T
