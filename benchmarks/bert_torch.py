"""A model of the BERT family in plain PyTorch, with offsets at its layers, and what it attributes to inputs and layers.

What Captum's procedures compute, without its hooks and with the savings that ours has: many nodes of a path in a batch,
no gradients of weights, one pass forward and one back for all layers. Each function that is worth compiling takes
tensors of one shape and returns tensors.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention, softmax


class Text(NamedTuple):
    """What is explained."""

    x: Tensor  # [batch time unit], word vectors
    baseline: Tensor
    mask: Tensor  # [batch time], true where there is a word


class Bert:
    """The encoder, and a linear score of the mean over words."""

    def __init__(self, folder: Path, config: Mapping[str, Any], direction: np.ndarray, device: Any):
        tensors = load_file(folder / "model.safetensors")
        self.tensors = {name.removeprefix("bert."): one.float().to(device) for name, one in tensors.items()}
        self.heads, self.blocks = config["num_attention_heads"], config["num_hidden_layers"]
        self.epsilon = config["layer_norm_eps"]
        self.direction = torch.from_numpy(np.array(direction)).to(device)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return linear(x, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return layer_norm(x, weight.shape, weight, bias, self.epsilon)

    def embed(self, x: Tensor) -> Tensor:
        """Return what enters the first block, of word vectors."""
        place = self.tensors["embeddings.position_embeddings.weight"][: x.shape[1]]
        kind = self.tensors["embeddings.token_type_embeddings.weight"][0]
        return self._norm("embeddings.LayerNorm", x + place + kind)

    def block(self, number: int, x: Tensor, mask: Tensor, *, plain: bool = False) -> Tensor:
        """Return what leaves a block; plain attention can be differentiated forward."""
        name = f"encoder.layer.{number}"
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", x).unflatten(-1, (self.heads, -1)).transpose(-2, -3)
            for part in ("query", "key", "value")
        )
        seen = mask[..., None, None, :]
        if plain:
            score = (query @ key.transpose(-1, -2)) / math.sqrt(query.shape[-1])
            mixed = softmax(score.masked_fill(~seen, torch.finfo(score.dtype).min), -1) @ value
        else:
            mixed = scaled_dot_product_attention(query, key, value, attn_mask=seen)
        mixed = self._linear(f"{name}.attention.output.dense", mixed.transpose(-2, -3).flatten(-2))
        x = self._norm(f"{name}.attention.output.LayerNorm", x + mixed)
        inner = gelu(self._linear(f"{name}.intermediate.dense", x))
        return self._norm(f"{name}.output.LayerNorm", x + self._linear(f"{name}.output.dense", inner))

    def below(self, layer: int, x: Tensor, mask: Tensor, *, plain: bool = False) -> Tensor:
        """Return layer 0, what enters the first block, or layer n, what leaves block n - 1."""
        state = self.embed(x)
        for number in range(layer):
            state = self.block(number, state, mask, plain=plain)
        return state

    def above(self, layer: int, state: Tensor, mask: Tensor) -> Tensor:
        """Return the score of each row, of the value of a layer."""
        for number in range(layer, self.blocks):
            state = self.block(number, state, mask)
        share = mask / mask.sum(1, keepdim=True)
        return torch.einsum("bt,btu,u->b", share, state, self.direction)


def quadrature(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes and weights of Gauss and Legendre on the line from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return (nodes + 1) / 2, weights / 2


class Attributions:
    """The procedures on one text."""

    def __init__(self, model: Bert, text: Text, compile_: Callable[..., Any] = lambda function: function):
        self.model, self.text = model, text
        self._gradients, self._lost = compile_(self._gradients_), compile_(self._lost_)
        self._flow = compile_(self._flow_)

    def _points(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return the points of the path at some places, one below another, and the mask of each row."""
        x, baseline, mask = self.text
        place = torch.from_numpy(places).to(x)[:, None, None, None]
        return (baseline + place * (x - baseline)).flatten(0, 1), mask.repeat(len(places), 1)

    def _gradients_(self, points: Tensor, mask: Tensor, layers: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Return the values of layers, `[layer row time unit]`, and the score's gradients; layer -1 is word vectors."""
        offsets = [torch.zeros_like(points).requires_grad_() for _ in layers]
        values = []
        state = points
        for layer in range(-1, self.model.blocks + 1):
            if layer == 0:
                state = self.model.embed(state)
            elif layer > 0:
                state = self.model.block(layer - 1, state, mask)
            if layer in layers:
                state = state + offsets[layers.index(layer)]
                values.append(state.detach())
        score = self.model.above(self.model.blocks, state, mask).sum()
        return torch.stack(values), torch.stack(torch.autograd.grad(score, offsets))

    def integrated_gradients(self, *, steps: int, together: int) -> Tensor:
        """Return `[batch time unit]`, of the word vectors."""
        nodes, weights = quadrature(steps)
        total = torch.zeros_like(self.text.x)
        for first in range(0, steps, together):
            points, mask = self._points(nodes[first : first + together])
            _, gradient = self._gradients(points, mask, (-1,))
            weight = torch.from_numpy(weights[first : first + together]).to(total)
            total += torch.einsum("n,nbtu->btu", weight, gradient.view(together, *total.shape))
        return total * (self.text.x - self.text.baseline)

    def conductance(self, layers: tuple[int, ...], *, steps: int, together: int) -> Tensor:
        """Return `[layer batch time unit]` by Captum's rule: gradients times differences between nodes, no weights."""
        nodes, _ = quadrature(steps + 1)
        size = self.text.x.shape
        total = torch.zeros(len(layers), *size).to(self.text.x)
        for first in range(0, steps, together):  # a chunk's last node is the next one's first
            points, mask = self._points(nodes[first : first + together + 1])
            value, gradient = (part.unflatten(1, (-1, size[0])) for part in self._gradients(points, mask, layers))
            total += (gradient[:, :-1] * (value[:, 1:] - value[:, :-1])).sum(1)
        return total

    def _flow_(self, points: Tensor, mask: Tensor, moved: Tensor, layer: int) -> Tensor:
        """Return `[token row time unit]`: how a layer moves with each token's word vector, forward."""

        def of(token: Tensor) -> Tensor:
            below = lambda x: self.model.below(layer, x, mask, plain=True)  # noqa: E731
            return torch.func.jvp(below, (points,), (moved * token[:, None],))[1]

        tokens = torch.eye(points.shape[1], dtype=points.dtype, device=points.device)
        return torch.func.vmap(of)(tokens)

    def neurons(self, layer: int, *, steps: int, together: int) -> Tensor:
        """Return `[token batch time unit]`: what flows from each token through each neuron, by the exact derivative."""
        nodes, weights = quadrature(steps)
        x, baseline, _ = self.text
        total = torch.zeros(x.shape[1], *x.shape).to(x)
        for first in range(0, steps, together):
            points, mask = self._points(nodes[first : first + together])
            _, (gradient,) = self._gradients(points, mask, (layer,))
            moved = (x - baseline).repeat(together, 1, 1)
            flow = self._flow(points, mask, moved, layer).unflatten(1, (together, -1))
            weight = torch.from_numpy(weights[first : first + together]).to(total)
            total += torch.einsum("n,nbtu,xnbtu->xbtu", weight, gradient.unflatten(0, (together, -1)), flow)
        return total

    def _lost_(self, state: Tensor, mask: Tensor, kept: Tensor, layer: int) -> Tensor:
        """Return `[group row]`, the score with groups of units at zero."""
        rows = (state * kept[:, None, None]).flatten(0, 1)
        return self.model.above(layer, rows, mask.repeat(len(kept), 1)).view(len(kept), -1)

    def ablation(self, layer: int, units: Sequence[int], *, together: int) -> Tensor:
        """Return `[unit batch]`: what the score loses without a unit, at all positions at once."""
        with torch.no_grad():
            state = self.model.below(layer, self.text.x, self.text.mask)
            whole = self.model.above(layer, state, self.text.mask)
            kept = 1 - torch.eye(state.shape[-1]).to(state)[list(units)]
            parts = [self._lost(state, self.text.mask, part, layer) for part in kept.split(together)]
            return whole - torch.cat(parts)
