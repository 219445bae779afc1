"""There is more to compile here than to run."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pytest

from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import Along
from jaxneuron.types import Tokens
from tests.quick import quick_compilation  # noqa: F401

WIDTH, HIDDEN = 8, 12

run = jax.jit(lambda f, x: f(x))
"""Calls a map of `split`; compiled once per kind of map."""


class Bert(NamedTuple):
    """A small model that reads both ways, two sentences of which one is padded, and what to ask."""

    forward: Any
    params: Any
    tokens: Tokens
    x: jax.Array  # the word vectors
    baseline: jax.Array  # those of the same sentences with all inner words replaced by word 0
    target: Along


def attentive(params, tokens, edits):
    """One block of attention and an MLP, each added to the stream: what makes a transformer hard, and little else."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
    word = tap("embed/word", lookup(params["word"], tokens.ids), time)
    x = tap("embed", word + jnp.broadcast_to(params["position"][: len(time)][None], word.shape), time)
    score = (x @ params["query"]) @ jnp.swapaxes(x, 1, 2)
    score = jnp.where(jnp.broadcast_to(tokens.mask[:, None], score.shape), score, -1e9)
    heads = tap("block0/heads", jax.nn.softmax(score, axis=-1) @ x @ params["value"], time)
    hidden = tap("block0/mlp/hidden", jnp.tanh((x + heads) @ params["up"]), time)
    mlp = tap("block0/mlp", hidden @ params["down"], time)
    final = tap("block0/residual", x + heads + mlp, time)
    return final, tap.activations()


@pytest.fixture(scope="session")
def bert():
    """Return the model, its input and a target."""
    shapes = {
        "word": (11, WIDTH),
        "position": (6, WIDTH),
        "query": (WIDTH, WIDTH),
        "value": (WIDTH, WIDTH),
        "up": (WIDTH, HIDDEN),
        "down": (HIDDEN, WIDTH),
    }
    keys = dict(zip(shapes, jax.random.split(jax.random.key(0), len(shapes)), strict=True))
    params = {name: 0.4 * jax.random.normal(keys[name], shape) for name, shape in shapes.items()}
    mask = jnp.array([[True] * 5, [True, True, True, False, False]])
    tokens = Tokens(jnp.array([[1, 5, 6, 7, 2], [1, 8, 2, 0, 0]]), mask)
    nothing = jnp.where(tokens.ids > 2, 0, tokens.ids)
    target = Along("block0/residual", jnp.arange(-3.0, 5.0) / 2)
    return Bert(attentive, params, tokens, params["word"][tokens.ids], params["word"][nothing], target)
