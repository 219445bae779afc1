"""Gradient ascent on word distributions with Gumbel noise, annealed until each sample is nearly a real word.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2, with the settings of their code as defaults
(`POERNER2018`). `FAST` reaches the same activation for a small part of the compute: a learning rate 2,000 times as
high, restarts instead of samples, a faster schedule, and every argmax of a noisy sample competes as a discrete input
too (`benchmarks/RESULTS.md` has the sweep).
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float

from jaxneuron.batching import BUDGET, Progress
from jaxneuron.find import _ascent, _words
from jaxneuron.find._noise import exponential
from jaxneuron.types import Forward, Found, Params, Target, Tokens

FLOOR = 1e-7
"""What the published code adds to a probability before it takes the logarithm."""

POERNER2018: dict[str, Any] = {
    "steps": 200_000,
    "samples": 64,
    "learning_rate": 1e-3,
    "temperature": (2.0, 0.1),
    "decay": 0.99995,
    "epoch": 200,
    "patience": 200,
    "keep": "epoch",
    "harvest": False,
}

FAST: dict[str, Any] = {
    "steps": 120,
    "samples": 1,
    "restarts": 4,
    "learning_rate": 2.0,
    "temperature": (2.0, 0.5),
    "decay": None,
    "epoch": 20,
    "patience": None,
    "keep": "step",
    "harvest": True,
}


def find(
    key: Array,
    forward: Forward,
    params: Params,
    targets: Target,
    ngrams: Tokens,
    candidates: Bool[Any, "vocab"],
    *,
    steps: int = 200_000,
    samples: int = 64,
    restarts: int = 1,
    learning_rate: float = 1e-3,
    temperature: tuple[float, float] = (2.0, 0.1),
    decay: float | None = 0.99995,
    epoch: int = 200,
    patience: int | None = 200,
    keep: str = "epoch",
    harvest: bool = False,
    start: Tokens | None = None,
    k: int = 1,
    budget: int = BUDGET,
    progress: Progress | None = None,
    mesh: Mesh | None = None,
) -> Found:
    """Maximise `f(P M)`, with `p_t = softmax((log softmax(x_t) + g_t) / temperature)` and Gumbel noise `g_t`, over `x`.

    Args:
        key: the random key.
        forward: the model.
        params: its weights.
        targets: stacked targets.
        ngrams: `[ngram, time]`; only their width matters here.
        candidates: the words an n-gram may be made of.
        steps: steps of Adam, rounded up to whole epochs.
        samples: independent noise draws per step.
        restarts: independent searches per target.
        learning_rate: Adam's.
        temperature: at the first step, and the floor.
        decay: the temperature's factor per step; None reaches the floor at the last step.
        epoch: steps between two looks at `patience` and two calls of `progress`.
        patience: epochs without a better epoch-mean of the discrete score before a target stops; None never stops.
        keep: "step" keeps the best discrete inputs of all steps, "epoch" those at the end of the epochs with the best
            mean (the paper's code).
        harvest: let the argmax of every noisy sample compete as a discrete input.
        start: n-grams to start from, `[target, k, time]`, one per restart; restarts beyond them start at random.
        k: how many n-grams to keep per target.
        budget: bytes of working memory.
        progress: called with (epochs done, epochs in all).
        mesh: devices that share the targets.

    Returns:
        The best n-grams, best first.

    Raises:
        KeyError, ValueError: an unknown site, a unit out of range, no candidates, starts that do not fit, or a
            temperature that does not fall.
    """
    warmest, coldest = temperature
    if not 0 < coldest <= warmest or (decay is not None and not 0 < decay <= 1):
        raise ValueError(f"the temperature must fall and stay above 0, got {temperature} with a decay of {decay}")
    cooling = math.log(decay) if decay is not None else math.log(coldest / warmest) / max(steps - 1, 1)
    values = _ascent.Values(
        jnp.asarray(candidates), None, *map(jnp.float32, (learning_rate, warmest, cooling, coldest))
    )
    return _ascent.ascend(
        key,
        forward,
        params,
        targets,
        ngrams,
        _ascent.Method(_words.start, _relax_and_draw if harvest else _relax, _words.discretise),
        values,
        _ascent.Shape(epoch, samples, keep),
        steps=steps,
        restarts=restarts,
        patience=patience,
        start=start,
        k=k,
        row_bytes=4 * ngrams.ids.shape[1] * len(candidates),
        budget=budget,
        progress=progress,
        mesh=mesh,
    )


def _relax(
    key: Array, x: Array, temperature: Float[Array, ""], values: _ascent.Values, samples: int
) -> _ascent.Relaxed:
    return _ascent.Relaxed(_words.full(_noisy(key, x, temperature, values, samples)), {}, None)


def _relax_and_draw(
    key: Array, x: Array, temperature: Float[Array, ""], values: _ascent.Values, samples: int
) -> _ascent.Relaxed:
    words = _noisy(key, x, temperature, values, samples)
    return _ascent.Relaxed(_words.full(words), {}, _words.heaviest(words))


def _noisy(
    key: Array,
    x: Float[Array, "restart time vocab"],
    temperature: Float[Array, ""],
    values: _ascent.Values,
    samples: int,
) -> Float[Array, "row time vocab"]:
    """Return `samples` noisy word distributions of each restart, sample by sample."""
    logits = _words.allowed(x.reshape(-1, x.shape[-1]), values)  # one list of positions: fewer axes are faster
    return _soften(logits, exponential(key, (samples, *logits.shape)), temperature).reshape(-1, *x.shape[1:])


@jax.custom_vjp
def _soften(
    logits: Float[Array, "position vocab"], e: Float[Array, "sample position vocab"], temperature: Float[Array, ""]
) -> Float[Array, "sample position vocab"]:
    """Return `softmax((log(softmax(logits) + 1e-7) + g) / temperature)`, `g = -log e`; banned words stay at 0.

    The gradient, to the logits only, is written out: as XLA derives it, a search on a CPU takes a quarter longer.
    """
    return _soften_forward(logits, e, temperature)[0]


def _soften_forward(logits: Array, e: Array, temperature: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    p = jax.nn.softmax(logits, axis=-1)
    floored = jnp.where(logits > _words.NEVER, p + FLOOR, 0)
    # without these barriers XLA draws the noise, or divides by the sum, again for each use of the result
    noisy = jax.lax.optimization_barrier(jnp.log(floored[None] / e) / temperature)
    words = jax.lax.optimization_barrier(jax.nn.softmax(noisy, axis=-1))
    return words, (words, p, temperature)


def _soften_backward(saved: tuple[Array, Array, Array], pull: Array) -> tuple[Array, None, None]:
    words, p, temperature = saved
    mean = _dot(words, pull)

    def add(sample: Array, total: Array) -> Array:  # as one reduction, XLA on a CPU takes ten times as long
        return total + words[sample] * (pull[sample] - mean[sample])

    to_log_p = jax.lax.fori_loop(0, len(words), add, jnp.zeros_like(p)) / temperature
    to_log_softmax = to_log_p * p / (p + FLOOR)
    return to_log_softmax - p * _dot(jnp.ones_like(p), to_log_softmax), None, None


def _dot(a: Float[Array, "*row vocab"], b: Float[Array, "*row vocab"]) -> Float[Array, "*row 1"]:
    """Return sums over the vocabulary; as products of matrices, they are faster than as reductions."""
    return jnp.einsum("...v,...v->...", a, b)[..., None]


_soften.defvjp(_soften_forward, _soften_backward)
