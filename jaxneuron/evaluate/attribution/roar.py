"""Is a model any worse that is trained again without the features an attribution puts first? Remove and retrain (ROAR).

Hooker, Erhan, Kindermans, Kim 2019, "A benchmark for interpretability methods in deep neural networks"
(arXiv:1806.10758). Removing features from the input alone makes inputs that the model has never seen; training again on
them tells lost information from strangeness. The models are small here (features of a text, activations of a site), and
all of them, one per method, share and seed, are trained at once; a random order is always among the methods.

Cost:
    No pass of your model: small models are trained, one for each method, share and seed, all at once.

Fails:
    It judges the method by models that are trained again, not by the one explained; redundant features let any method
    look bad.

Peers:
    The authors' code trains a ResNet for each cell; Quantus has ROAD, without training.

Example:
    import jax
    import numpy as np
    from jaxneuron.evaluate.attribution import roar

    labels = np.arange(40) % 2
    x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    x[:, 0] += 4 * labels
    knows = np.zeros_like(x)
    knows[:, 0] = 1
    rows = (x, labels, [knows])
    found = roar.roar(jax.random.key(0), rows, rows, shares=(0.25,), seeds=2, steps=50)
    print(found.accuracy.shape, bool(found.gain[0] > 0))  # the method and the random order
    #: (2, 1, 2) True
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from jaxneuron import _keys, _numbers, batching
from jaxneuron.evaluate.attribution._players import places
from jaxneuron.games import sweep
from jaxneuron.split import traceable
from jaxneuron.types import Params


class Roar(NamedTuple):
    """Accuracies on test rows; the last method is the random order."""

    accuracy: Float[np.ndarray, "method share seed"]
    shares: tuple[float, ...]  # of the features that are gone
    gain: Float[np.ndarray, "method"]  # mean over shares and seeds of random's accuracy less the method's: high is good


class Model(NamedTuple):
    """What is trained."""

    initial: Callable[[Array], Params]  # from a key
    logits: Callable[[Params, Float[Array, "row *feature"]], Float[Array, "row class"]]


def perceptron(features: int, classes: int, *, hidden: int = 32) -> Model:
    """Return a model of one hidden layer, for rows of that many features.

    Args:
        features: of a row.
        classes: outputs.
        hidden: units of the layer between.
    """

    def initial(key: Array) -> Params:
        lower, upper = jax.random.split(key)
        return {
            "lower": jax.random.normal(lower, (features, hidden)) * (2 / features) ** 0.5,
            "bias": jnp.zeros((1, hidden)),
            "upper": jax.random.normal(upper, (hidden, classes)) * (1 / hidden) ** 0.5,
        }

    def logits(params: Params, x: Array) -> Array:
        return jax.nn.relu(x.reshape(len(x), -1) @ params["lower"] + params["bias"]) @ params["upper"]

    return Model(initial, logits)


def roar(
    key: Array,
    train: tuple[Float[Any, "row *feature"], Int[Any, "row"], Sequence[Float[Any, "row *feature"]]],
    test: tuple[Float[Any, "other *feature"], Int[Any, "other"], Sequence[Float[Any, "other *feature"]]],
    *,
    model: Model | None = None,
    shares: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9),
    seeds: int = 5,
    steps: int = 200,
    learning_rate: float = 1e-2,
    budget: int = batching.BUDGET,
) -> Roar:
    """Remove the top features of every row, train, and test, for each method, share and seed.

    A removed feature takes its mean over the training rows, in the test rows as well.

    Args:
        key: for the random order, and the start of each model.
        train: rows, their classes, and the attribution of every method.
        test: the same of other rows.
        model: what is trained, on the rows as they are; by default a perceptron of one hidden layer, on features of
            mean 0 and deviation 1 over the training rows.
        shares: of the features that go.
        seeds: models of each kind.
        steps: of Adam, with all rows in each.
        learning_rate: of Adam.
        budget: bytes for the models that are trained at a time.

    Raises:
        ValueError: shapes that do not fit, or shares not between 0 and 1.

    Source:
        Hooker et al. 2019, section 3; shares as theirs, without 0.
    """
    if not shares or not all(0 <= share <= 1 for share in shares) or seeds < 1 or steps < 1:
        raise ValueError(f"expected shares from 0 to 1, seeds and steps of at least 1; got {shares}, {seeds}, {steps}")
    parts, ends = [], (np.zeros(()), np.ones(()))
    draws = jax.random.split(_keys.checked(key), 3)
    for (x, y, given), draw in zip((train, test), draws, strict=False):
        x, y = _numbers.exact(x), jnp.asarray(y)
        shapes = {jnp.shape(one) for one in given}
        if y.shape != x.shape[:1] or shapes - {x.shape} or len(given) != len(train[2]):
            raise ValueError(
                f"expected a class for each row and attributions of the rows' shape {x.shape}, as many for test as for "
                f"train; got {y.shape} and {sorted(shapes)}"
            )
        if model is None:
            ends = _ends(x) if not parts else ends
            x = (x - ends[0]) / ends[1]
        noise = jax.random.uniform(draw, x.shape)
        value = jnp.stack([*(jnp.asarray(one, jnp.float32) for one in given), noise]).reshape(-1, len(x), x[0].size)
        x = _numbers.array(x.astype(np.float32), "rows")
        parts.append((x, y, places(value, jnp.ones(value.shape[1:], bool))))
    classes = int(max(jnp.max(part[1]) for part in parts)) + 1
    model = perceptron(parts[0][0][0].size, classes) if model is None else model
    methods = len(train[2]) + 1
    kinds = np.stack(
        [grid.ravel() for grid in np.meshgrid(*map(np.arange, (methods, len(shares), seeds)), indexing="ij")]
    )
    counts = jnp.asarray([round(share * parts[0][0][0].size) for share in shares])
    accuracy = _trained(
        draws[2],
        *map(traceable, model),
        *parts,
        jnp.asarray(kinds).T,
        counts,
        jnp.float32(learning_rate),
        steps,
        budget,
    )
    table = np.asarray(accuracy, np.float64).reshape(methods, len(shares), seeds)
    return Roar(table, tuple(shares), np.mean(table[-1:] - table, axis=(1, 2)))


def _ends(x: Float[np.ndarray, "row *feature"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each feature, and its deviation, 1 where it never changes."""
    reach = np.abs(x - x[:1]).max(axis=0)
    reach = np.where(reach > 0, reach, 1)
    share = (x - x[:1]) / reach  # of which no square overflows
    return x[0] + reach * share.mean(axis=0), reach * np.where(share.any(axis=0), share.std(axis=0), 1)


@functools.partial(jax.jit, static_argnames=("steps", "budget"))
def _trained(
    key: Array,
    initial: Any,
    logits: Any,
    train: tuple,
    test: tuple,
    kinds: Int[Array, "model three"],
    counts: Int[Array, "share"],
    rate: Array,
    steps: int,
    budget: int,
) -> Float[Array, "model"]:
    mean = jnp.mean(train[0], axis=0, keepdims=True)

    def one(kind: Array) -> Array:
        method, share, seed = kind

        def without(part: tuple) -> Array:
            gone = (part[2][method] < counts[share]).reshape(part[0].shape)
            return jnp.where(gone, jnp.broadcast_to(mean, part[0].shape), part[0])

        x = without(train)

        def loss(params: Params) -> Array:
            return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits(params, x), train[1]))

        rule = optax.adam(rate)

        def step(state: tuple, _: None) -> tuple:
            params, memory = state
            update, memory = rule.update(jax.grad(loss)(params), memory)
            return (optax.apply_updates(params, update), memory), None

        params = initial(jax.random.fold_in(key, seed))  # a seed starts alike for all methods and shares
        (params, _), _ = jax.lax.scan(step, (params, rule.init(params)), None, length=steps)
        return jnp.mean(jnp.argmax(logits(params, without(test)), axis=-1) == test[1])

    return sweep(one, kinds, budget=budget)
