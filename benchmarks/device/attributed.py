"""Attribution to inputs, layers and neurons of a transformer; the peers are in `benchmarks/bert_torch.py`."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.device import machine, material
from benchmarks.device.precision import products
from benchmarks.device.sides import Run, Side, measured, near, on_cpu, variants
from benchmarks.device.sizes import Size
from benchmarks.measure import Row
from benchmarks.pooled import Pooled, encode, tokenizer
from jaxneuron import split
from jaxneuron.attribute import ablation, conductance, integrated_gradients
from jaxneuron.types import Tokens
from jaxneuron_models import pretrained
from jaxneuron_models.model import Model

SOURCE = "embed/word"
JOINED = 3  # sentences in a row are one text

LIMITS = {"float32": (1e-3, 2e-3), "tf32": (3e-2, 3e-2)}
"""How far results may be apart, relative to the largest: ours from those of the processor, and from PyTorch's."""


class Task(NamedTuple):
    """What is explained."""

    model: Model
    tokens: Tokens
    target: Pooled
    x: jax.Array  # [batch time unit], word vectors
    baseline: jax.Array
    nodes: int

    @property
    def size(self) -> str:
        """Return the sizes in words."""
        return "{} texts x {} tokens x {} units".format(*self.x.shape)

    @property
    def sites(self) -> tuple[str, ...]:
        """Return what enters the first block, and what leaves each."""
        return ("embed", *(f"block{number}/residual" for number in range(self.model.config.blocks)))

    def inputs(self, budget: int) -> Any:
        """Return integrated gradients of the word vectors."""
        f = split.above(self.model.forward, self.model.params, self.tokens, SOURCE, self.target)
        return integrated_gradients.attribute(f, self.x, self.baseline, steps=self.nodes, budget=budget).attribution

    def layers(self, layers: tuple[int, ...], derivative: str, budget: int) -> list[jax.Array]:
        """Return the conductance of layers, in one pass."""
        given = self.model.forward, self.model.params, self.tokens, SOURCE, self.target, self.x, self.baseline
        sites = tuple(self.sites[layer] for layer in layers)
        found = conductance.layers(
            *given, sites=sites, line=conductance.Line(self.nodes, derivative=derivative), budget=budget
        )
        return [found.attribution[site] for site in sites]

    def neurons(self, layer: int, budget: int) -> jax.Array:
        """Return `[batch token time unit]`, what flows from each token through each neuron of a layer."""
        given = self.model.forward, self.model.params, self.tokens
        through = split.through(*given, SOURCE, self.sites[layer], self.target)
        return conductance.units(through, self.x, self.baseline, steps=self.nodes, budget=budget).attribution

    def ablated(self, layer: int, budget: int) -> jax.Array:
        """Return `[batch unit]`, what the score loses without a unit of a layer, at all words."""
        given = self.model.forward, self.model.params
        f = split.above(*given, self.tokens, self.sites[layer], self.target)
        x = jax.jit(split.below(*given, self.sites[layer]))(self.tokens)
        groups = np.arange(x.shape[-1])[None]
        return ablation.attribute(f, x, groups=groups, mask=self.tokens.mask, budget=budget)[:, 0]


def task(folder: Path, size: Size) -> Task:
    """Read the model and the first texts on the default device."""
    model = pretrained.load(folder)
    joined = [" ".join(words) for words in _texts(material.sentences(folder))]
    tokens = encode(model, joined[: size.explained])
    tokens = Tokens(tokens.ids[:, : size.longest], tokens.mask[:, : size.longest])
    inner = (jnp.arange(tokens.ids.shape[1]) > 0) & (jnp.cumsum(tokens.mask[:, ::-1], axis=1)[:, ::-1] > 1)
    pad = tokenizer(model).get_vocab()["[PAD]"]
    below = jax.jit(split.below(model.forward, model.params, SOURCE))
    x, baseline = below(tokens), below(tokens._replace(ids=jnp.where(inner, pad, tokens.ids)))
    direction = np.random.default_rng(0).normal(size=model.config.width).astype(np.float32)
    target = Pooled(f"block{model.config.blocks - 1}/residual", jnp.asarray(direction))
    return Task(model, tokens, target, x, baseline, size.nodes)


def _texts(sentences: list[list[str]]) -> Iterator[list[str]]:
    for start in range(0, len(sentences), JOINED):
        yield [word for words in sentences[start : start + JOINED] for word in words]


def attributions(given: Task, folder: Path, compile_: Callable[..., Any] = lambda function: function) -> Any:
    """Return PyTorch's procedures on the same text."""
    import torch

    from benchmarks import bert_torch as peer

    put = machine.tensors()
    model = peer.Bert(folder, settings(folder), np.asarray(given.target.direction), put)
    text = [torch.from_numpy(np.array(one)).to(put) for one in (given.x, given.baseline, given.tokens.mask)]
    return peer.Attributions(model, peer.Text(*text), compile_)


def _rows(
    run: Run,
    job: str,
    precision: str,
    ours: Callable[[Task, int], Any],
    theirs: Callable[[Any, int], Any],
    many: tuple[str, tuple[int, ...]],
    agree: Callable[[Any, Any], str] | None = None,
) -> Iterator[Row]:
    with products(precision):
        given = task(run.material, run.size)
        default = run.size.budgets[0]
        wanted = on_cpu(lambda: ours(task(run.material, run.size), default))
        note = near(ours(given, default), wanted, LIMITS[precision][0], "the processor's results agree")

        def make(compile_: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
            peer = attributions(given, run.material, compile_)
            what, choices = many
            return {f"{count} {what}": partial(theirs, peer, count) for count in choices}

        def same(found: Any, other: Any) -> str:
            return near(found, other.detach().cpu().numpy(), LIMITS[precision][1], "the results agree")

        yield from measured(
            run,
            f"{job}, {precision}",
            given.size,
            Side("ours", {f"in {b / 2**20:,.0f} MiB": partial(ours, given, b) for b in run.size.budgets}),
            variants(run, make),
            agree or same,
            note=note,
            precision=precision,
        )


def middle(folder: Path) -> int:
    """Return the block whose neurons are looked at; blocks count from 0."""
    return settings(folder)["num_hidden_layers"] // 2


def settings(folder: Path) -> dict[str, Any]:
    """Return the checkpoint's own settings."""
    return json.loads((folder / "config.json").read_text())


def inputs(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of integrated gradients."""
    nodes = run.size.nodes
    yield from _rows(
        run,
        f"integrated gradients, {nodes} nodes",
        precision,
        lambda given, budget: given.inputs(budget),
        lambda peer, together: peer.integrated_gradients(steps=nodes, together=together),
        ("nodes at a time", run.size.together),
    )


def layers(run: Run, precision: str, derivative: str, *, every: bool) -> Iterator[Row]:
    """Yield the rows of the conductance of one layer or of all, against Captum's rule."""
    nodes, block = run.size.nodes, middle(run.material)
    which = tuple(range(settings(run.material)["num_hidden_layers"] + 1)) if every else (block + 1,)

    def agree(found: Any, theirs: Any) -> str:
        theirs = theirs.detach().cpu().numpy()
        if derivative == "finite":
            return near(np.stack(found), theirs, LIMITS[precision][1], "the results agree")
        return "the peer's are differences between nodes, whose error is larger"

    yield from _rows(
        run,
        f"conductance of {'all layers' if every else f'block {block}'}, "
        f"{'exact' if derivative == 'exact' else 'by differences'}, {nodes} nodes",
        precision,
        lambda given, budget: given.layers(which, derivative, budget),
        lambda peer, together: peer.conductance(which, steps=nodes, together=together),
        ("nodes at a time", run.size.together),
        agree,
    )


def neurons(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of all neurons of a layer, from each token."""
    nodes, block = run.size.nodes, middle(run.material)

    def agree(found: Any, theirs: Any) -> str:
        wanted = theirs.transpose(0, 1).detach().cpu().numpy()
        return near(found, wanted, LIMITS[precision][1], "the results agree")

    yield from _rows(
        run,
        f"all neurons of block {block} from each token, {nodes} nodes",
        precision,
        lambda given, budget: given.neurons(block + 1, budget),
        lambda peer, together: peer.neurons(block + 1, steps=nodes, together=together),
        ("nodes at a time", run.size.together[:1]),  # times as many rows as there are tokens
        agree,
    )


def ablations(run: Run, precision: str) -> Iterator[Row]:
    """Yield the rows of each unit of a layer set to zero."""
    width, block = settings(run.material)["hidden_size"], middle(run.material)

    def agree(found: Any, theirs: Any) -> str:
        return near(found, theirs.T.cpu().numpy(), LIMITS[precision][1], "the results agree")

    yield from _rows(
        run,
        f"ablation of each of {width} units of block {block}",
        precision,
        lambda given, budget: given.ablated(block + 1, budget),
        lambda peer, together: peer.ablation(block + 1, range(width), together=together),
        ("units at a time", run.size.ablated),
        agree,
    )
