"""Gradient ascent on word distributions with Gumbel noise, annealed until each sample is nearly a real word.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2, with the settings of their code as defaults
(`POERNER2018`). `FAST` reaches the same activation for a small part of the compute: a higher learning rate, a
faster schedule, starts from the corpus optima, and every argmax of a noisy sample competes as a discrete input too
(`benchmarks/RESULTS.md` has the sweep).
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float

from jaxneuron.batching import BUDGET, Progress
from jaxneuron.find import _ascent, _words
from jaxneuron.find._noise import gumbel
from jaxneuron.types import Forward, Found, Params, Target, Tokens

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
    "learning_rate": 0.3,
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
    """Return `samples` noisy word distributions of each restart, restart by restart."""
    p = jax.nn.softmax(_words.allowed(x, values), axis=-1)
    log_p = jnp.where(jnp.broadcast_to(values.candidates, p.shape), jnp.log(p + 1e-7), _words.NEVER)
    # without the barrier XLA draws the noise again for each pass of the softmax
    g = jax.lax.optimization_barrier(gumbel(key, (x.shape[0], samples, *x.shape[1:])))
    words = jax.nn.softmax((log_p[:, None] + g) / temperature, axis=-1)
    return words.reshape(-1, *x.shape[1:])
