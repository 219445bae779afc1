"""The peers of `inspect.py`: scikit-learn, NumPy, and PyTorch with each unit taken away inside the recurrence."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.svm import LinearSVC

SHARES = np.array((0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99))
"""The levels of `rank.one_pass`: shares of the tokens that lie above."""


def machines(x: np.ndarray, concepts: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return `[concept, unit]`: the accuracy of a linear support vector machine on one unit, over all folds."""
    right = np.zeros((concepts.shape[1], x.shape[1]))
    for concept, column in enumerate(concepts.T):
        for unit in range(x.shape[1]):
            for number in range(fold.max() + 1):
                test = fold == number
                machine = LinearSVC(dual=False).fit(x[~test, unit : unit + 1], column[~test])
                right[concept, unit] += np.sum(machine.predict(x[test, unit : unit + 1]) == column[test])
    return right / len(x)


def one_pass(x: np.ndarray, concepts: np.ndarray) -> np.ndarray:
    """Return `[score, concept, unit]`: correlation, difference of means, mutual information and Jaccard's index.

    A loop over units; all concepts and levels of a unit are one product of matrices.
    """
    y = concepts.astype(np.float32)
    held, tokens = y.sum(axis=0), len(x)
    places = np.clip(np.ceil(np.round((1 - SHARES[::-1]) * tokens, 6)).astype(int) - 1, 0, tokens - 1)
    found = []
    for values in np.ascontiguousarray(x.T):
        centred = values - values.mean()
        across = centred @ y
        spread = np.sqrt(np.sum(centred**2) * (held - held**2 / tokens))
        inside = values @ y
        difference = inside / held - (values.sum() - inside) / (tokens - held)
        above = (values[:, None] > np.sort(values)[places]).astype(np.float32)
        both, active = above.T @ y, above.sum(axis=0)[:, None]  # [level, concept], [level, 1]
        under, passive = held - both, tokens - active
        jaccard = np.maximum(both / (held + active - both), under / (held + passive - under)).max(axis=0)
        found.append((across / spread, difference, _bits(both, active, held, tokens), jaccard))
    return np.array(found).transpose(1, 2, 0)


def _bits(both: np.ndarray, active: np.ndarray, held: np.ndarray, tokens: int) -> np.ndarray:
    """Return the mutual information of the bins between the levels and each concept."""
    ends = np.ones((1, 1))
    with_label = -np.diff(np.concatenate([ends * held, both, ends * 0 * held]), axis=0)  # [bin, concept]
    size = -np.diff(np.concatenate([ends * tokens, active, ends * 0]), axis=0)
    without = size - with_label

    def entropy(counts: np.ndarray) -> np.ndarray:
        share = counts / tokens
        return -np.sum(share * np.log2(np.where(share > 0, share, 1)), axis=0)

    apart = entropy(np.stack([held, tokens - held])) + entropy(size)
    return apart - entropy(np.concatenate([with_label, without]))


class Effects(NamedTuple):
    """What each ablation does to each text, summed over its symbols; `[unit, text]`."""

    nats: np.ndarray
    right: np.ndarray
    flips: np.ndarray
    divergence: np.ndarray


class Ablations:
    """A language model of one LSTM layer in PyTorch; a unit is set to 0 at every step, so the steps are a loop."""

    def __init__(self, params: Any):
        layer, head = params["lstm0"], params["head"]
        self.symbols, width = layer["input"].shape
        self.units = width // 4
        self.cell = torch.nn.LSTMCell(self.symbols, self.units)
        self.head = torch.nn.Linear(self.units, self.symbols)
        for own, theirs in (
            (layer["input"].T, self.cell.weight_ih),
            (layer["recurrent"].T, self.cell.weight_hh),
            (layer["bias"], self.cell.bias_ih),
            (0 * layer["bias"], self.cell.bias_hh),
            (head["kernel"].T, self.head.weight),
            (head["bias"], self.head.bias),
        ):
            theirs.data.copy_(torch.from_numpy(np.array(own)))
        # i, f, o halved: the same numbers from one tanh for all gates, as ours
        self.half = torch.where(torch.arange(width) // self.units == 2, 1.0, 0.5)
        self.recurrent = (self.cell.weight_hh.data.T * self.half).contiguous()
        self.gates = (self.cell.weight_ih.data.T + self.cell.bias_ih.data) * self.half  # [symbol, gate]
        self.compiled = torch.compile(self.step)

    @torch.inference_mode()
    def loop(self, ids: np.ndarray, units: Iterable[int]) -> Effects:
        """Take away one unit after the other: the loop that one writes, with `torch.nn.LSTMCell`."""
        x = torch.nn.functional.one_hot(torch.from_numpy(ids.T).long(), self.symbols).float()
        before = self.scores(self.states(x, None))
        return self.joined(ids, before, (self.scores(self.states(x, unit)) for unit in units))

    @torch.inference_mode()
    def together(
        self, ids: np.ndarray, units: Sequence[int], *, size: int, step: Callable[..., Any] | None = None
    ) -> Effects:
        """Take away `size` units at a time, one in each of as many copies of the texts.

        What the symbols add to the gates is looked up, and one tanh opens all gates.
        """
        step, (texts, length) = step or self.step, ids.shape
        rows = torch.from_numpy(ids.T).long()

        def run(group: Sequence[int]) -> torch.Tensor:
            keep = torch.ones(len(group), 1, self.units)
            for row, unit in enumerate(group):
                keep[row, 0, unit] = unit < 0
            hidden = cell = torch.zeros(len(group), texts, self.units)
            seen = torch.empty(length, len(group), texts, self.units)
            for place in range(length):
                hidden, cell = step(hidden, cell, self.gates[rows[place]], keep)
                seen[place] = hidden
            return torch.log_softmax(self.head(seen), dim=-1)  # [time, set, text, symbol]

        before = run([-1])[:, 0]
        groups = [units[first : first + size] for first in range(0, len(units), size)]
        return self.joined(ids, before, (scores for group in groups for scores in run(group).unbind(1)))

    def step(
        self, hidden: torch.Tensor, cell: torch.Tensor, x: torch.Tensor, keep: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return hidden and cell state after a symbol."""
        squashed = torch.tanh(x + hidden @ self.recurrent)
        enter, forget, candidate, leave = squashed.chunk(4, dim=-1)
        cell = (0.5 + 0.5 * forget) * cell + (0.5 + 0.5 * enter) * candidate
        return keep * ((0.5 + 0.5 * leave) * torch.tanh(cell)), cell

    def states(self, x: torch.Tensor, unit: int | None) -> torch.Tensor:
        """Return the hidden states `[time, text, unit]` of one pass."""
        hidden = cell = torch.zeros(x.shape[1], self.units)
        seen = []
        for now in x:
            hidden, cell = self.cell(now, (hidden, cell))
            if unit is not None:
                hidden[:, unit] = 0
            seen.append(hidden)
        return torch.stack(seen)

    def scores(self, states: torch.Tensor) -> torch.Tensor:
        """Return the log-probabilities of the next symbol."""
        return torch.log_softmax(self.head(states), dim=-1)

    def joined(self, ids: np.ndarray, before: torch.Tensor, each: Iterable[torch.Tensor]) -> Effects:
        """Return what is read of each pass."""
        following = torch.from_numpy(ids.T[1:]).long()
        before = before[:-1]
        best, share, rows = before.argmax(-1), before.exp(), []
        for after in each:
            after = after[:-1]
            first = after.argmax(-1)
            rows.append(
                (
                    -after.gather(-1, following[..., None])[..., 0].sum(0),
                    (first == following).sum(0).float(),
                    (first != best).sum(0).float(),
                    (share * (before - after)).sum((0, 2)),
                )
            )
        return Effects(*(torch.stack(column).numpy() for column in zip(*rows, strict=True)))
