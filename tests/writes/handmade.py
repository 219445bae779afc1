"""A causal transformer of one block, of which every weight is known: unit k of its MLP writes word k."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp

from jaxneuron.tap import Tap, lookup

WORDS, WIDTH = 8, 10
SCALE, DEAD = 8, 9
"""Units: the first writes where the head does not read, so that only the final norm sees it; the second is dead."""


def normed(x, scale):
    """Return rows of unit length on average, times a scale for each unit."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6) * jnp.broadcast_to(scale, x.shape)


def forward(params, tokens, edits):
    """Read words; the MLP has a gate where there are weights for one, and there is a head where there is a matrix."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
    embed = tap("embed", lookup(params["table"], tokens.ids), time)
    seen = jnp.tril(jnp.ones((len(time), len(time))))[None] * tokens.mask[:, None, :]
    share = seen / jnp.maximum(jnp.sum(seen, axis=-1, keepdims=True), 1)
    attention = tap("block0/attention", share @ embed @ params["mix"], time)
    x = normed(embed + attention, params["norm"])
    hidden = x @ params["in"] + params["bias"][None, None]
    if "gate" in params:
        hidden = tap("block0/mlp/gate", jax.nn.silu(x @ params["gate"]), time) * tap("block0/mlp/in", hidden, time)
    else:
        hidden = jax.nn.relu(hidden)
    hidden = tap("block0/mlp/hidden", hidden, time)
    residual = embed + attention + tap("block0/mlp", hidden @ params["out"], time)
    final = tap("final", normed(tap("block0/residual", residual, time), params["final"]), time)
    logits = tap("logits", final @ params["head"], time) if "head" in params else None
    return logits, tap.activations()


def weights(key, *, gated=True):
    """Return weights: all but what the MLP writes and what the head reads are random."""
    keys = iter(jax.random.split(key, 8))
    alive = (jnp.arange(WIDTH) != DEAD).astype(jnp.float32)
    found = {
        "table": jax.random.normal(next(keys), (WORDS, WIDTH)),
        "mix": 0.3 * jax.random.normal(next(keys), (WIDTH, WIDTH)),
        "norm": jnp.linspace(0.5, 1.5, WIDTH),
        "in": jax.random.normal(next(keys), (WIDTH, WIDTH)) * alive[None],
        "bias": jnp.zeros(WIDTH),
        "out": jnp.diag(alive * jnp.linspace(1.0, 2.0, WIDTH).at[SCALE].set(6.0)),
        "final": jnp.linspace(1.5, 0.5, WIDTH),
        "head": 2 * jnp.eye(WIDTH, WORDS),
    }
    return found | ({"gate": jax.random.normal(next(keys), (WIDTH, WIDTH))} if gated else {})


def model():
    """Return the model as a person hands it to the command line."""
    vocabulary = [f"w{word}" for word in range(WORDS)]
    return SimpleNamespace(forward=forward, params=weights(jax.random.key(0)), vocabulary=vocabulary, head="next word")


def headless():
    """Return the same without a head."""
    found = model()
    params = {name: leaf for name, leaf in found.params.items() if name != "head"}
    return SimpleNamespace(forward=forward, params=params, vocabulary=found.vocabulary)
