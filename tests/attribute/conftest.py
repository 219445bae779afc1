"""There is more to compile here than to run."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pytest

from jaxneuron import split
from jaxneuron.targets import Along
from jaxneuron.types import Tokens
from jaxneuron_models import transformer
from tests.quick import quick_compilation  # noqa: F401


class Bert(NamedTuple):
    """A tiny transformer that reads both ways, two sentences of which one is padded, and what to ask."""

    forward: Any
    params: Any
    tokens: Tokens
    x: jax.Array  # the word vectors
    baseline: jax.Array  # those of the same sentences with all inner words replaced by word 0
    target: Along


run = jax.jit(lambda f, x: f(x))
"""Calls a map of `split`; compiled once per kind of map."""


@pytest.fixture(scope="session")
def bert():
    """Return the model, its input and a target."""
    options = {"causal": False, "norm_first": False, "embedding_norm": True, "head": "none"}
    config = transformer.Config(11, width=8, blocks=1, heads=2, longest=6, hidden=12, **options)
    forward, init = transformer.build(config)
    params = jax.tree.map(lambda leaf: leaf * 6 if leaf.ndim == 2 else leaf, jax.jit(init)(jax.random.key(0)))
    mask = jnp.array([[True] * 5, [True, True, True, False, False]])
    tokens = Tokens(jnp.array([[1, 5, 6, 7, 2], [1, 8, 2, 0, 0]]), mask)
    nothing = tokens._replace(ids=jnp.where(tokens.ids > 2, 0, tokens.ids))
    below = jax.jit(split.below(forward, params, "embed/word"))
    return Bert(forward, params, tokens, below(tokens), below(nothing), Along("block0/residual", jnp.arange(-3.0, 5.0)))
