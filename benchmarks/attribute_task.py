"""What `attribute.py` explains, on both sides; and the comparison of results and of times."""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import attribute_peers as peers
from benchmarks.measure import Row, Times, compare, seconds
from benchmarks.pooled import Pooled, encode
from jaxneuron import split
from jaxneuron.attribute import conductance, integrated_gradients
from jaxneuron.corpora import scenes
from jaxneuron.types import Site, Tokens
from jaxneuron_models import pretrained
from jaxneuron_models.model import Model

SOURCE = "embed/word"
LAYER = 3  # the block whose neurons are looked at
JOINED = 3  # captions in a row are one text, of some 25 tokens


class Task(NamedTuple):
    """What is explained, on both sides."""

    model: Model
    tokens: Tokens
    target: Pooled
    x: jax.Array  # [batch time unit], word vectors
    baseline: jax.Array
    captions: list[str]
    scored: peers.Scored
    text: peers.Text
    options: argparse.Namespace

    @property
    def steps(self) -> int:
        """Return the nodes on the path."""
        return self.options.steps

    @property
    def size(self) -> str:
        """Return the sizes in words."""
        return "{} sentences x {} tokens x {} units".format(*self.x.shape)

    def residual(self, block: int) -> Site:
        """Return the site of a block's output; blocks count from 0."""
        return f"block{block}/residual"

    def above(self, site: Site) -> Any:
        """Return the map from the value at a site to the score."""
        return split.above(self.model.forward, self.model.params, self.tokens, site, self.target)

    def through(self, site: Site) -> Any:
        """Return the joint map by way of a site."""
        return split.through(self.model.forward, self.model.params, self.tokens, SOURCE, site, self.target)


def load(options: argparse.Namespace) -> Task:
    """Read the model twice, and the sentences."""
    loaded = pretrained.load(options.model)
    captions = options.data.read_text().splitlines() if options.data else [" ".join(one) for one in captioned()]
    lines = captions if options.data else [" ".join(captions[i : i + JOINED]) for i in range(0, 300, JOINED)]
    tokens = encode(loaded, lines[: options.count])
    inner = (jnp.arange(tokens.ids.shape[1]) > 0) & (jnp.cumsum(tokens.mask[:, ::-1], axis=1)[:, ::-1] > 1)
    below = jax.jit(split.below(loaded.forward, loaded.params, SOURCE))
    pad = loaded.tokenizer.token_to_id("[PAD]")
    x, baseline = below(tokens), below(tokens._replace(ids=jnp.where(inner, pad, tokens.ids)))
    direction = np.random.default_rng(0).normal(size=loaded.config.width).astype(np.float32)
    target = Pooled(f"block{loaded.config.blocks - 1}/residual", jnp.asarray(direction))
    scored = peers.load(options.model, direction)
    text = peers.text(x, baseline, tokens.mask)
    ours = split.above(loaded.forward, loaded.params, tokens, SOURCE, target)(x)
    np.testing.assert_allclose(ours, scored(text.x, text.mask).detach().numpy(), rtol=1e-3, atol=1e-3)
    return Task(loaded, tokens, target, x, baseline, captions, scored, text, options)


def captioned() -> list[list[str]]:
    """Return captions, in an order that mixes them."""
    sentences = scenes.read("train").sentences
    return [sentences[i] for i in np.random.default_rng(0).permutation(len(sentences))]


def paths(task: Task) -> dict[str, tuple[Callable[..., Any], Callable[..., Any]]]:
    """Return both sides of each method along a path; they take `steps`."""
    inputs = partial(integrated_gradients.attribute, task.above(SOURCE), task.x, task.baseline)
    layer = partial(conductance.attribute, task.through(task.residual(LAYER)), task.x, task.baseline)
    return {
        "integrated gradients": (inputs, partial(peers.integrated_gradients, task.scored, task.text, rows=32)),
        "conductance": (
            layer,
            partial(peers.conductance, task.scored, task.text, LAYER + 1, rows=32),
        ),
    }


class Taken(NamedTuple):
    """What one side took."""

    wall: Times
    processor: float  # seconds of processor time, all threads, the median; tells more on a machine that is busy


def race(sides: Mapping[str, Callable[[], Any]], repeats: int) -> tuple[dict[str, Any], dict[str, Taken]]:
    """Run each side once, which compiles; then all in turn. Return the results of the first run, and the times."""
    results = {name: jax.block_until_ready(side()) for name, side in sides.items()}
    rounds = [{name: _timed(side) for name, side in sides.items()} for _ in range(repeats)]
    taken = {}
    for name in sides:
        wall, processor = zip(*(one[name] for one in rounds), strict=True)
        taken[name] = Taken(Times(0.0, list(wall)), statistics.median(processor))
    return results, taken


def _timed(side: Callable[[], Any]) -> tuple[float, float]:
    began = time.process_time()
    wall = seconds(lambda: jax.block_until_ready(side()))
    return wall, time.process_time() - began


def row(
    job: str,
    size: str,
    took: Mapping[str, Taken],
    peer: str,
    said: str,
    *,
    sides: tuple[str, str] = ("ours", "peer"),
    scale: float = 1.0,
    part: str = "",
) -> Row:
    """Return the row of a job whose results were compared; the peer's part is scaled to the whole."""
    ours, theirs = (took[side] for side in sides)
    note = f"{said}; ours {ours.wall.spread}, the peer {theirs.wall.spread}"
    note += f"; by processor time the ratio is {theirs.processor * scale / ours.processor:.2f}"
    note += f"; measured of the peer: {part}" if part else ""
    return compare(job, size, ours.wall.median, peer, theirs.wall.median * scale, note)


def gap(ours: Any, theirs: Any, limit: float) -> str:
    """Return how far results are apart, relative to the largest, or fail where that is too far."""
    found = float(np.max(np.abs(np.asarray(ours) - theirs)) / np.max(np.abs(theirs)))
    if not found <= limit:
        raise SystemExit(f"the results differ by {found} of the largest, more than {limit}")
    return f"results differ by {found:.0e} of the largest"


def rows_at_a_time(task: Task, run: Callable[..., Any]) -> int:
    """Return the number of rows at which a peer's path method is fastest."""
    choices = (16,) if task.options.quick else (16, 32, 64, 128)
    return peers.best(lambda rows: run(steps=16, rows=rows), choices) if len(choices) > 1 else choices[0]


def off(task: Task, error: Any) -> str:
    """Return the largest completeness error of a sentence, as a share of the score's change."""
    f = task.above(SOURCE)
    return f"{float(np.max(np.abs(np.asarray(error) / (f(task.x) - f(task.baseline))))):.1e}"
