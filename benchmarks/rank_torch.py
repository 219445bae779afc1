"""What ranks units in PyTorch, on any device: many probes, average precision, the search for formulas, all batched.

What a PyTorch user could make of the procedures with the savings that ours has; the published loops are in
`rank_peers.py`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

RATES = 0.9, 0.999, 1e-8
"""Adam's."""


class Probes:
    """Linear probes of one data set, a group of strengths for each order of tokens, by proximal Adam."""

    def __init__(self, x: Tensor, y: Tensor, labels: int, compile_: Callable[..., Any] = lambda function: function):
        spread, mean = torch.std_mean(x, dim=0, correction=0)
        self.x, self.y = (x - mean) / torch.where(spread > 0, spread, 1), y
        self.labels, self.step = labels, compile_(self._step)

    def fit(self, orders: Tensor, l1: Tensor, *, batch: int, rate: float = 1e-3) -> Tensor:
        """Return the weights `[order, strength, label, unit]`, with the bias as the last unit.

        Args:
            orders: the tokens of each epoch, `[order, epoch, token]`.
            l1: the strengths.
            batch: tokens per step.
            rate: of the first step; it falls to zero with the last.
        """
        groups, epochs, tokens = orders.shape
        shape = groups, len(l1) * self.labels, self.x.shape[1] + 1
        weights, first, second = (torch.zeros(shape, device=self.x.device) for _ in range(3))
        shares = torch.bincount(self.y, minlength=self.labels).clamp(min=0.5).log()
        weights[..., -1] = (shares - shares.mean()).repeat(len(l1))  # biases begin at the labels' shares, as ours do
        penalty = l1.repeat_interleave(self.labels)[None, :, None] * torch.ones(shape[2], device=self.x.device)
        penalty[..., -1] = 0
        steps = epochs * -(-tokens // batch)
        numbers = torch.arange(steps, device=self.x.device, dtype=torch.float32)
        rates = rate * (1 - numbers / steps), *(1 - decay ** (numbers + 1) for decay in RATES[:2])
        parts = [part for epoch in orders.unbind(1) for part in epoch.split(batch, dim=1)]
        for number, rows in enumerate(parts):
            now = [one[number] for one in rates]
            weights, first, second = self.step(weights, first, second, rows, penalty, *now)
        return weights.view(groups, len(l1), self.labels, -1)

    def _step(
        self, weights: Tensor, first: Tensor, second: Tensor, rows: Tensor, penalty: Tensor, *now: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        rate, bias_first, bias_second = now
        x = torch.nn.functional.pad(self.x[rows], (0, 1), value=1.0)
        logits = torch.bmm(x, weights.mT).unflatten(-1, (-1, self.labels))
        wanted = torch.nn.functional.one_hot(self.y[rows], self.labels)[:, :, None]
        residual = (torch.softmax(logits, -1) - wanted).flatten(2) / rows.shape[1]
        gradient = torch.bmm(residual.mT, x)
        first = RATES[0] * first + (1 - RATES[0]) * gradient
        second = RATES[1] * second + (1 - RATES[1]) * gradient**2
        size = rate / ((second / bias_second).sqrt() + RATES[2])
        moved = weights - size * first / bias_first
        threshold = size * penalty
        return moved - moved.clamp(-threshold, threshold), first, second


class Precision:
    """Average precision of every unit for every concept; tokens of equal activation enter together."""

    def __init__(self, concepts: Tensor, compile_: Callable[..., Any] = lambda function: function):
        self.concepts, self.part = concepts.float(), compile_(self._part)

    def scores(self, x: Tensor, chunk: int) -> Tensor:
        """Return `[concept, unit]`, some units at a time."""
        return torch.cat([self.part(part) for part in x.T.contiguous().split(chunk)]).T

    def _part(self, units: Tensor) -> Tensor:
        value, order = units.sort(dim=1, descending=True)
        held = self.concepts[order]  # [unit, token, concept]
        hits = held.cumsum(1)
        tokens = units.shape[1]
        place = torch.arange(tokens, device=units.device)
        changes = torch.nn.functional.pad(value[:, 1:] != value[:, :-1], (0, 1), value=True)
        last = torch.where(changes, place, tokens).flip(1).cummin(1).values.flip(1)  # of the tokens that are equal
        hits = hits.gather(1, last[..., None].expand_as(hits))
        precision = hits / (last + 1)[..., None]
        return (precision * held).sum(1) / self.concepts.sum(0)


class Formulas:
    """Beam search over formulas of concepts (Mu and Andreas 2020): all extensions from two products of matrices."""

    def __init__(self, concepts: Tensor, compile_: Callable[..., Any] = lambda function: function):
        self.leaves = concepts.T.float().contiguous()  # [concept, token]
        self.size = self.leaves.sum(1)
        self.grown = compile_(self._grown)

    def best(self, active: Tensor, *, length: int, beam: int, together: int) -> Tensor:
        """Return the IoU of the best formula of each unit of `active[unit, token]`, some units at a time."""
        return torch.cat([self._search(part.float(), length, beam) for part in active.split(together)])

    def _search(self, active: Tensor, length: int, beam: int) -> Tensor:
        hits = active @ self.leaves.T
        score = hits / (active.sum(1, keepdim=True) + self.size - hits)
        score, leaf = score.topk(beam, dim=1)
        mask = self.leaves[leaf]
        for _ in range(length - 1):
            best, index = self.grown(mask, active, hits)
            concepts = len(self.leaves)
            kind, parent, leaf = index // (beam * concepts), index // concepts % beam, index % concepts
            old = mask.gather(1, parent[..., None].expand(-1, -1, mask.shape[2]))
            new = self.leaves[leaf]
            kind = kind[..., None]
            longer = torch.where(kind == 0, torch.maximum(old, new), torch.where(kind == 1, old * new, old * (1 - new)))
            score, index = torch.cat([score, best], 1).topk(beam, dim=1)
            masks = torch.cat([mask, longer], 1)
            mask = masks.gather(1, index[..., None].expand(-1, -1, masks.shape[2]))
        return score[:, 0]

    def _grown(self, mask: Tensor, active: Tensor, hits: Tensor) -> tuple[Tensor, Tensor]:
        """Return the best extensions by OR, AND and AND NOT: their scores and their numbers."""
        inside = mask * active[:, None]
        held, hit = mask @ self.leaves.T, inside @ self.leaves.T  # [unit, beam, concept]
        size, shared = mask.sum(-1, keepdim=True), inside.sum(-1, keepdim=True)
        count = torch.stack([size + self.size - held, held, size - held], 1)
        both = torch.stack([shared + hits[:, None] - hit, hit, shared - hit], 1)
        iou = both / (active.sum(1)[:, None, None, None] + count - both).clamp(min=1)
        found = iou.flatten(1).topk(mask.shape[1], dim=1)
        return found.values, found.indices
