"""How fast are dictionaries learnt? Tokens a second, against a plain loop in PyTorch, and against SAELens's own step.

    python -m benchmarks.decompose_dictionary [--quick] [--json PATH]

The same weights to begin with, the same batches, losses and optimiser on both sides: what they have after some steps is
compared before times are. PyTorch has the saving that ours has (no gradient of a batch's size for the centre), and its
fused optimiser. SAELens's step is that of its own class (`training_forward_pass`) with the same optimiser, where it is
installed; it scales the decoder in its own way, so its losses are not compared. Activations are drawn here: sums of few
directions, with noise.
"""

import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.measure import Row, alone, compare, in_turn
from jaxneuron.decompose._descent import EPS, Recipe, advance, start
from jaxneuron.decompose._learn import _first
from jaxneuron.decompose._objective import Costs

RATE = 1e-3


class Size(NamedTuple):
    """How much is learnt in one measurement."""

    units: int
    features: int
    active: int
    batch: int
    steps: int
    repeats: int

    def __str__(self) -> str:
        return f"{self.units} units, {self.features:,} features, {self.active} active, batches of {self.batch:,}"


TINY = Size(16, 32, 4, 64, 2, 1)
QUICK = Size(128, 512, 16, 512, 4, 3)
SIZES = (Size(384, 1536, 32, 1024, 10, 7), Size(384, 6144, 32, 1024, 4, 5))


class Data(NamedTuple):
    """What both sides hold."""

    size: Size
    rows: np.ndarray  # [row, unit]
    index: np.ndarray  # [step, batch]
    recipe: Recipe
    weights: dict[str, np.ndarray]


def make(size: Size, kind: str) -> Data:
    """Draw activations, an order, and weights to begin with."""
    random = np.random.default_rng(0)
    directions = random.normal(size=(size.features, size.units)) / np.sqrt(size.units)
    rows = np.zeros((8 * size.batch, size.units))
    for _ in range(size.active // 2):
        rows += random.exponential(size=(len(rows), 1)) * directions[random.integers(size.features, size=len(rows))]
    rows += 0.1 * random.normal(size=rows.shape) / np.sqrt(size.units)
    rows *= np.sqrt(size.units) / np.linalg.norm(rows, axis=1).mean()
    index = np.stack([random.permutation(len(rows))[: size.batch] for _ in range(size.steps)])
    costs = Costs(kind, size.active, 2.0, 0.1 * size.units, 0.0, 0.05, True)
    recipe = Recipe(costs, RATE, size.steps, warmup=0, decay=0, dead_after=2**30)
    weights = {
        name: np.array(part)
        for name, part in _first(jax.random.key(0), size.units, size.units, size.features, costs).items()
    }
    return Data(size, rows.astype(np.float32), index.astype(np.int32), recipe, weights)


def ours(data: Data) -> Callable[[], float]:
    """Return what takes all steps, and the mean loss over them."""
    rows, index = jnp.asarray(data.rows), jnp.asarray(data.index)

    def run() -> float:
        begun = start({name: jnp.array(part) for name, part in data.weights.items()}, data.recipe)
        return float(advance(begun, (rows,), index, recipe=data.recipe)[1].loss)

    return run


def pytorch(
    data: Data, put: Callable[[np.ndarray], Any] | None = None, compiled: Callable[..., Any] = lambda function: function
) -> Callable[[], float]:
    """Return the same in PyTorch.

    Args:
        data: what both sides hold.
        put: from an array to one in PyTorch, on its device; None: on the processor.
        compiled: what compiles the loss, or leaves it as it is.
    """
    import torch

    put = put or torch.from_numpy
    rows, index = put(data.rows), put(data.index.astype(np.int64))
    costs = data.recipe.costs

    @compiled
    def lost(x: Any, encoder: Any, bias: Any, decoder: Any, centre: Any) -> Any:
        before = torch.addmm(bias - centre @ encoder, x, encoder)
        if costs.kind == "topk":
            value, place = torch.topk(before, costs.k, dim=-1, sorted=False)
            codes, cost = torch.zeros_like(before).scatter_(-1, place, value.relu()), 0.0
        else:
            codes = before.relu()
            cost = costs.l1 * codes.sum(-1).mean()
        return (x - torch.addmm(centre, codes, decoder)).pow(2).sum(-1).mean() + cost

    def run() -> float:
        held = {name: put(part.copy()).requires_grad_() for name, part in data.weights.items()}
        encoder, bias, decoder, centre = (held[n] for n in ("encoder", "encoder_bias", "decoder", "decoder_bias"))
        adam = torch.optim.Adam(list(held.values()), lr=RATE, eps=EPS, fused=True)
        total = torch.zeros((), device=rows.device)  # read once: a step does not wait for its loss
        for here in index:
            loss = lost(rows[here], encoder, bias, decoder, centre)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            with torch.no_grad():
                assert decoder.grad is not None
                decoder.grad.sub_((decoder.grad * decoder).sum(-1, keepdim=True) * decoder)
                adam.step()
                decoder.div_(decoder.norm(dim=-1, keepdim=True))
            total += loss.detach()
        return float(total) / len(index)

    return run


def saelens(data: Data) -> Callable[[], float] | None:
    """Return SAELens's own training step in a loop, if it is installed."""
    if importlib.util.find_spec("sae_lens") is None or data.recipe.costs.kind != "topk":
        return None
    import torch
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig  # pyright: ignore[reportMissingImports]
    from sae_lens.saes.sae import TrainStepInput  # pyright: ignore[reportMissingImports]

    rows, index = torch.tensor(data.rows), torch.tensor(data.index, dtype=torch.int64)
    size = data.size

    def run() -> float:
        sae = TopKTrainingSAE(TopKTrainingSAEConfig(d_in=size.units, d_sae=size.features, k=size.active))
        adam = torch.optim.Adam(sae.parameters(), lr=RATE, fused=True)
        total = 0.0
        for number, here in enumerate(index):
            given: dict[str, Any] = {"coefficients": {}, "dead_neuron_mask": None, "n_training_steps": number}
            found = sae.training_forward_pass(TrainStepInput(sae_in=rows[here], is_logging_step=False, **given))
            adam.zero_grad(set_to_none=True)
            found.loss.backward()
            adam.step()
            total += float(found.loss.detach())
        return total / len(index)

    return run


def rows(*, quick: bool = False) -> list[Row]:
    """Return a row for each kind, size and peer."""
    found = []
    for kind, sizes in (("topk", (QUICK,) if quick else SIZES), ("relu", (QUICK,) if quick else SIZES[:1])):
        for size in sizes:
            data = make(size, kind)
            sides = {"ours": ours(data), "PyTorch": pytorch(data)}
            mine, theirs = sides["ours"](), sides["PyTorch"]()
            if abs(mine - theirs) > 2e-3 * abs(theirs):
                raise SystemExit(f"{kind}: the losses differ, {mine:.6g} and {theirs:.6g}")
            if other := saelens(data):
                sides["SAELens"] = other
            took = in_turn(sides, size.repeats)
            for peer in list(sides)[1:]:
                tokens = size.steps * size.batch
                speeds = f"{tokens / took['ours'].median:,.0f} and {tokens / took[peer].median:,.0f} tokens a second"
                same = f"losses {mine:.5g} and {theirs:.5g}" if peer == "PyTorch" else "its own losses"
                note = f"{speeds}; {same}; ours {took['ours'].spread}, {peer} {took[peer].spread}"
                job = f"{size.steps} steps of a sparse autoencoder, {kind}"
                found.append(compare(job, str(size), took["ours"].median, peer, took[peer].median, note))
    return found


if __name__ == "__main__":
    alone(__doc__, rows)
