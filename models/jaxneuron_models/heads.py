"""A small head over any model that hands out its activations: a new task, and a new forward with every edit still open.

The encoder stays as it is. The head reads one of its sites, `hidden = tanh(x W + b)`, `scores = hidden V + c`; with
`reads="mean"` one x per text, the mean over its tokens, and with `reads="words"` each token's own. Its sites are
`head/pool` (for the mean), `head/hidden` and `head/logits`, beside all those of the encoder. The output is the scores,
`[batch, time, label]` with a time of 1 for the mean, as `targets.Logit` reads them; what else the encoder puts out
(attention) is had from `forward.encoder` with `params["encoder"]`.

Two tasks are trained here: a label of a text, and, as in question answering on SQuAD (Devlin et al. 2019, arXiv
1810.04805), the positions of things in a text: where a span starts and where it ends, each a softmax over the tokens.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.batching import Progress
from jaxneuron.tap import Tap, check_site, sites
from jaxneuron.types import Activations, Edit, Forward, Params, Site, Text, Tokens, Vocabulary
from jaxneuron_models import checkpoints, pure
from jaxneuron_models.model import Model
from jaxneuron_models.train import Schedule, Sums, Task, check, train

READS = ("mean", "words")

NO_WORDS = Vocabulary((), np.zeros(0, np.int64))
"""What a head knows of words by itself."""

Examples = tuple[Tokens, np.ndarray]
"""Tokens `[text, time]` and what is asked for: `[text]` or `[text, label]`, see `fit`."""

SCHEDULE = Schedule()
"""How long a head is trained, unless told otherwise."""


@dataclass(frozen=True)
class HeadConfig:
    """The head."""

    site: Site  # of the encoder, which the head reads
    width: int  # its units
    labels: int  # of a text; or things whose position is asked for
    hidden: int = 64
    reads: str = "mean"  # mean: the text's label | words: a score for each token
    names: tuple[str, ...] = ()  # of the labels

    def __post_init__(self):
        if self.reads not in READS:
            raise ValueError(f"a head reads {' or '.join(READS)}, got {self.reads!r}")
        for name in ("width", "labels", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"the head's {name} must be at least 1, got {getattr(self, name)}")


@runtime_checkable
class Encoder(Protocol):
    """What a head stands on: a `Model`, or anything with these."""

    @property
    def forward(self) -> Forward:
        """The encoder."""
        ...

    @property
    def params(self) -> Params:
        """Its weights."""
        ...


class Head(nnx.Module):
    """From a site's activation to scores."""

    def __init__(self, config: HeadConfig, *, rngs: nnx.Rngs):
        self.first = nnx.Linear(config.width, config.hidden, rngs=rngs)
        self.scores = nnx.Linear(config.hidden, config.labels, rngs=rngs)
        self.reads = config.reads

    def __call__(self, tap: Tap, x: Float[Array, "batch time unit"], tokens: Text) -> Float[Array, "batch _time label"]:
        """Return the scores, and record what leads to them."""
        time = jnp.arange(x.shape[-2])
        if self.reads == "mean":
            time = jnp.zeros(1, jnp.int32)
            x = tap("head/pool", _mean(x, jnp.asarray(tokens.mask)), time)
        hidden = tap("head/hidden", jnp.tanh(self.first(x)), time)
        return tap("head/logits", self.scores(hidden), time)


@dataclass(frozen=True)
class HeadedForward:
    """A `types.Forward`: the encoder's, then the head's. Equal ones compile once."""

    encoder: Any  # Forward
    graph: Any  # nnx.GraphDef of the head
    site: Site

    def __call__(
        self, params: Params, tokens: Text, edits: Mapping[Site, Edit]
    ) -> tuple[Float[Array, "batch _time label"], Activations]:
        """Return the scores of `tokens`; `params` has those of the encoder and of the head."""
        own = {site: edit for site, edit in edits.items() if site.startswith("head/")}
        others = {site: edit for site, edit in edits.items() if site not in own}
        activations = self.encoder(params["encoder"], tokens, others)[1]
        tap = Tap(own)
        scores = nnx.merge(self.graph, params["head"])(tap, activations[self.site], tokens)
        return scores, activations | tap.activations()


def build(encoder: Forward, config: HeadConfig) -> tuple[HeadedForward, Callable[[Array], Params]]:
    """Return the forward of an encoder with a head, and the function from a key to the head's fresh weights."""
    head, init = pure.split(lambda rngs: Head(config, rngs=rngs))
    return HeadedForward(encoder, head.graph, config.site), init


def with_head(model: Encoder, config: HeadConfig, params: Params) -> Model:
    """Return a model with a head over it.

    Args:
        model: the encoder, which stays as it is.
        config: the head.
        params: the head's weights, from `build` or `fit`.

    Raises:
        KeyError: the encoder has no such site.
        ValueError: the site has another width, or the encoder has a head of this kind already.
    """
    word = Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))
    shapes = sites(model.forward, model.params, word)
    check_site(config.site, shapes)
    if shapes[config.site].shape[-1] != config.width:
        raise ValueError(
            f"{config.site!r} has {shapes[config.site].shape[-1]} units, but the head was made for {config.width}; "
            "use the encoder that it was trained over"
        )
    if any(site.startswith("head/") for site in shapes):
        raise ValueError("the model has a head already; put the new one over its encoder")
    forward, _ = build(model.forward, config)
    below = model if isinstance(model, Model) else Model(model.forward, model.params, NO_WORDS, {})
    return below._replace(
        forward=forward,
        params={"encoder": model.params, "head": params},
        linear=below.linear | {"head/logits": "head/hidden"},
        config=config,
        packed=below.packed and config.reads == "words",  # a mean is over all that a row has
        head="text label" if config.reads == "mean" else "span",
        scores="head/logits",
        labels=config.names,
        step=None,
        initial_state=None,
    )


def fit(
    key: Array,
    model: Encoder,
    config: HeadConfig,
    texts: Examples,
    dev: Examples,
    directory: Path,
    *,
    schedule: Schedule = SCHEDULE,
    decay: float = 1e-2,
    progress: Progress | None = None,
) -> Model:
    """Train a head over an encoder that stays as it is, and leave it in `directory`.

    The encoder reads each text once; what it says at the head's site is held in memory.

    Args:
        key: one key; the order of the batches is seeded from it too.
        model: the encoder.
        config: the head.
        texts: tokens `[text, time]` and what is asked for: `[text]`, the label of each (`reads="mean"`), or
            `[text, label]`, the position of each thing (`reads="words"`).
        dev: the same, for early stopping.
        directory: where the head goes; a stopped run there goes on.
        schedule: how long it is trained; its batches are of texts, its learning rate is AdamW's.
        decay: weight decay of AdamW.
        progress: called after each batch.

    Returns:
        The model with the head of the best epoch.

    Raises:
        KeyError, ValueError: see `with_head`; or a stopped run in `directory` that was started with other settings.
    """
    check(schedule)
    batch = min(schedule.batch, len(texts[0].mask))
    forward, init = build(model.forward, config)
    shape = jax.eval_shape(init, jax.random.key(0))
    with_head(model, config, shape)  # checks
    settings = asdict(config) | {"names": list(config.names)}
    sets = [(*read(model, config, tokens, batch=batch), np.asarray(target)) for tokens, target in (texts, dev)]
    seed = int(jax.random.bits(key) >> 1)

    def rows(part: int, order: np.ndarray) -> list[Any]:
        padded = np.pad(order, (0, -len(order) % batch), constant_values=-1)
        return [(part, some) for some in padded.reshape(-1, batch)]

    def load(handle: Any) -> Any:
        part, some = handle
        return *(leaf[np.maximum(some, 0)] for leaf in sets[part]), some >= 0

    def loss(params: Params, batch: Any, key: Array) -> tuple[Float[Array, ""], Sums]:
        x, mask, target, real = batch
        tokens = Tokens(jnp.zeros(mask.shape, jnp.int32), mask)
        scores = nnx.merge(forward.graph, params)(Tap({}), x, tokens)
        nats, right = _words(scores, mask, target) if config.reads == "words" else _label(scores[:, 0], target)
        count = jnp.sum(real)
        total = jnp.sum(nats * real)
        return total / jnp.maximum(count, 1), {
            "loss": (total, count),
            "accuracy": (jnp.sum(right * real, dtype=x.dtype), count),
        }

    task = Task(
        init=init,
        loss=loss,
        batches=lambda epoch: rows(0, np.random.default_rng((seed, epoch)).permutation(len(sets[0][0]))),
        load=load,
        dev=lambda: (load(handle) for handle in rows(1, np.arange(len(sets[1][0])))),
        optimizer=optax.adamw(schedule.learning_rate, weight_decay=decay),
        learning_rate=schedule.learning_rate,
    )
    with checkpoints.begun(directory, "head", settings, NO_WORDS, over=getattr(model, "source", "")):
        trained = train(key, task, directory, schedule, progress=progress)
    return with_head(model, config, trained.params)


def load(directory: Path | str, model: Encoder) -> Model:
    """Put a head that `fit` wrote over the encoder that it was trained with.

    Raises:
        FileNotFoundError, KeyError, ValueError: see `checkpoints.load` and `with_head`.
    """
    stored: dict[str, Any] = checkpoints.load(directory, "head").config
    stored["names"] = tuple(stored["names"])  # JSON knows lists only
    config = HeadConfig(**stored)
    _, init = build(model.forward, config)
    params = checkpoints.restore(directory, jax.eval_shape(init, jax.random.key(0)))
    return with_head(model, config, params)._replace(source=str(directory))


def read(
    model: Encoder, config: HeadConfig, tokens: Tokens, *, batch: int = 32
) -> tuple[Float[np.ndarray, "text time unit"], Bool[np.ndarray, "text time"]]:
    """Return what a head reads, and where: each token, or one mean per text in the place of all its tokens.

    Args:
        model: the encoder.
        config: of the head.
        tokens: the texts.
        batch: texts at a time.
    """
    values, masks = [], []
    for start in range(0, len(tokens.mask), batch):
        rows = np.minimum(np.arange(start, start + batch), len(tokens.mask) - 1)
        some = Tokens(jnp.asarray(tokens.ids)[rows], jnp.asarray(tokens.mask)[rows])
        value, mask = _read(model.forward, model.params, some, config.site, config.reads == "mean")
        values.append(np.asarray(value)[: len(tokens.mask) - start])
        masks.append(np.asarray(mask)[: len(tokens.mask) - start])
    return np.concatenate(values), np.concatenate(masks)


@partial(jax.jit, static_argnames=("forward", "site", "mean"))
def _read(forward: Forward, params: Params, tokens: Tokens, site: Site, mean: bool) -> tuple[Array, Array]:
    value, mask = forward(params, tokens, {})[1][site], jnp.asarray(tokens.mask)
    return (_mean(value, mask), jnp.any(mask, axis=-1, keepdims=True)) if mean else (value, mask)


def _mean(value: Float[Array, "batch time unit"], mask: Bool[Array, "batch time"]) -> Float[Array, "batch 1 unit"]:
    """Return the mean over the tokens."""
    total = jnp.sum(value * mask[..., None], axis=-2, keepdims=True)
    return total / jnp.maximum(jnp.sum(mask, axis=-1), 1)[..., None, None]


def _label(scores: Float[Array, "batch label"], target: Int[Array, "batch"]) -> tuple[Array, Array]:
    """Return the nats of the right label, and whether it has the highest score."""
    nats = optax.softmax_cross_entropy_with_integer_labels(scores, target)
    return nats, jnp.argmax(scores, axis=-1) == target


def _words(scores: Float[Array, "batch time label"], mask: Array, target: Int[Array, "batch label"]) -> Any:
    """Return the nats of the right positions, and whether all of them have the highest score."""
    over_time = jnp.where(mask[:, None], jnp.swapaxes(scores, 1, 2), -jnp.inf)
    nats = optax.softmax_cross_entropy_with_integer_labels(over_time, target)
    return jnp.mean(nats, axis=-1), jnp.all(jnp.argmax(over_time, axis=-1) == target, axis=-1)
