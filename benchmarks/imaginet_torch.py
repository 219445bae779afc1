"""Imaginet's language pathway and the search for its neurons' best n-grams, restated in PyTorch: the peers.

`original` follows the code behind Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), SRC/optimize.py of
github.com/NPoe/input-optimization-nlp: one neuron after another, the whole vocabulary projected at every step, and a
hard forward on as many equal one-hot rows as there are samples. `Batched` is what a PyTorch user could make of it with
our savings: all neurons in one batch, the target columns only, the hard path by gather, the steps eager or compiled.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

ADAM = {"betas": (0.9, 0.999), "eps": 1e-7}
"""Keras's Adam."""


class Weights(NamedTuple):
    """What the language pathway needs, frozen."""

    embedding: Tensor  # [vocab, input]
    input: Tensor  # [input, 3 unit]: update, reset, candidate
    recurrent: Tensor  # [unit, 3 unit]
    bias: Tensor  # [3 unit]
    kernel: Tensor  # [unit, vocab]
    offset: Tensor  # [vocab]


class Searched(NamedTuple):
    """What a search leaves: the best n-gram of each neuron."""

    ids: Tensor  # [neuron, time]
    score: Tensor  # [neuron]
    trace: Tensor  # [neuron, epoch], the best score by the end of each epoch


def best_settings(threads: int) -> None:
    """Set what makes PyTorch fastest on a CPU in single precision; call it before anything else runs."""
    torch.set_flush_denormal(True)  # as XLA does; cold softmaxes are full of denormals
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")  # both sides compute in true single precision


def weights(params: dict[str, Any]) -> Weights:
    """Take the language pathway out of the parameters of `jaxneuron_models.imaginet`."""
    gru, words = params["textual"], params["words"]
    leaves = (params["embedding"], gru["input"], gru["recurrent"], gru["bias"], words["kernel"], words["bias"])
    return Weights(*(torch.from_numpy(np.array(leaf)) for leaf in leaves))


def gate(x: Tensor) -> Tensor:
    """Keras's hard sigmoid before version 3."""
    return torch.clamp(0.2 * x + 0.5, 0, 1)


def gru(
    weights: Weights, embedded: Tensor, *, reset: str = "before", gate: Callable[[Tensor], Tensor] = gate
) -> Tensor:
    """Return the state after each word, `[row, time, unit]`, of `embedded[row, time, input]`."""
    units = weights.recurrent.shape[0]
    state, states = None, []
    for x in (embedded @ weights.input + weights.bias).unbind(1):
        if state is None:  # zeros: nothing recurs
            state = (1 - gate(x[:, :units])) * torch.tanh(x[:, 2 * units :])
            states.append(state)
            continue
        if reset == "before":
            gates = gate(x[:, : 2 * units] + state @ weights.recurrent[:, : 2 * units])
            update, forget = gates.chunk(2, dim=1)
            proposal = torch.tanh(x[:, 2 * units :] + (forget * state) @ weights.recurrent[:, 2 * units :])
        else:
            x_update, x_reset, x_proposal = x.chunk(3, dim=1)
            h_update, h_reset, h_proposal = (state @ weights.recurrent).chunk(3, dim=1)
            update = gate(x_update + h_update)
            proposal = torch.tanh(x_proposal + gate(x_reset + h_reset) * h_proposal)
        state = update * state + (1 - update) * proposal
        states.append(state)
    return torch.stack(states, 1)


def scores(weights: Weights, ids: Tensor) -> Tensor:
    """Return the score of every word after each word of `ids[row, time]`: Imaginet's language projection."""
    return gru(weights, weights.embedding[ids]) @ weights.kernel + weights.offset


def soften(x: Tensor, uniform: Tensor, temperature: Tensor | float) -> Tensor:
    """Return noisy word distributions; the Gumbel noise is made of numbers from [0, 1)."""
    log_p = torch.log(torch.softmax(x, -1) + 1e-7)
    return torch.softmax((log_p - torch.log(-torch.log(uniform))) / temperature, -1)


def temperatures(steps: int, warmest: float, coldest: float, decay: float | None) -> list[float]:
    """Return the temperature of each step; no decay means to reach the coldest at the last step."""
    factor = decay or (coldest / warmest) ** (1 / max(steps - 1, 1))
    return [max(warmest * factor**step, coldest) for step in range(steps)]


def original(
    weights: Weights,
    neurons: list[int],
    *,
    length: int,
    steps: int,
    samples: int = 64,
    learning_rate: float = 1e-3,
    temperature: tuple[float, float] = (2.0, 0.1),
    decay: float | None = 0.99995,
    epoch: int = 200,
) -> Searched:
    """Search one neuron after another as published; no early stopping, so that the work is known."""
    vocab = weights.embedding.shape[0]
    all_ids, all_scores, traces = [], [], []
    for neuron in neurons:
        x = torch.empty(length, vocab).uniform_(-0.05, 0.05).requires_grad_()
        optimiser = torch.optim.Adam([x], lr=learning_rate, **ADAM)
        best, ids, trace, total = -math.inf, torch.zeros(length, dtype=torch.long), [], 0.0
        for step, warmth in enumerate(temperatures(steps, *temperature, decay)):
            noise = torch.empty(samples, length, vocab).uniform_()
            state = gru(weights, soften(x, noise, warmth) @ weights.embedding)[:, -1]
            loss = -(state @ weights.kernel + weights.offset)[:, neuron].mean()
            optimiser.zero_grad()
            loss.backward()
            with torch.no_grad():  # every sample runs the same hard input, dense
                hard = torch.nn.functional.one_hot(x.argmax(-1), vocab).to(x.dtype).repeat(samples, 1, 1)
                state = gru(weights, hard @ weights.embedding)[:, -1]
                total += float((state @ weights.kernel + weights.offset)[:, neuron].mean())
            optimiser.step()
            if (step + 1) % epoch == 0 or step + 1 == steps:
                mean, total = total / (step % epoch + 1), 0.0
                if mean > best:
                    best, ids = mean, x.detach().argmax(-1)
                trace.append(best)
        all_ids.append(ids)
        all_scores.append(scores(weights, ids[None])[0, -1, neuron])
        traces.append(trace)
    return Searched(torch.stack(all_ids), torch.stack(all_scores), torch.tensor(traces))


class Batched:
    """The search for many neurons at once, `restarts` rows each."""

    def __init__(self, weights: Weights, *, samples: int, learning_rate: float, harvest: bool = False, compiled: bool):
        self.weights, self.samples, self.learning_rate, self.harvest = weights, samples, learning_rate, harvest
        self.step = torch.compile(self._step, dynamic=False) if compiled else self._step

    def search(
        self,
        neurons: list[int],
        *,
        length: int,
        steps: int,
        restarts: int = 1,
        temperature: tuple[float, float] = (2.0, 0.1),
        decay: float | None = None,
        epoch: int = 50,
        chunk: int | None = None,
    ) -> Searched:
        """Search `chunk` neurons at a time (all by default); the best discrete input of all steps is kept."""
        warmth = temperatures(steps, *temperature, decay)
        parts = [
            self._search(neurons[first : first + (chunk or len(neurons))], length, restarts, warmth, epoch)
            for first in range(0, len(neurons), chunk or len(neurons))
        ]
        return Searched(*(torch.cat(leaves) for leaves in zip(*parts, strict=True)))

    def _search(self, neurons: list[int], length: int, restarts: int, warmth: list[float], epoch: int) -> Searched:
        rows, vocab = len(neurons) * restarts, self.weights.embedding.shape[0]
        columns = torch.tensor(neurons).repeat_interleave(restarts)
        direction, offset = self.weights.kernel.T[columns].contiguous(), self.weights.offset[columns]
        x = torch.empty(rows, length, vocab).uniform_(-0.05, 0.05)
        first, second = torch.zeros_like(x), torch.zeros_like(x)
        noise = torch.empty(rows, self.samples, length, vocab)
        best, ids, trace = torch.full((rows,), -math.inf), torch.zeros(rows, length, dtype=torch.long), []
        for step, now in enumerate(warmth):
            noise.uniform_()  # exponential_() takes five times as long
            correction = torch.tensor([1 - beta ** (step + 1) for beta in ADAM["betas"]])
            words, score = self.step(x, first, second, noise, torch.tensor(now), correction, direction, offset)
            for candidates, found in zip(words, score, strict=True):
                ids = torch.where((found > best)[:, None], candidates, ids)
                best = torch.maximum(best, found)
            if (step + 1) % epoch == 0 or step + 1 == len(warmth):
                trace.append(best.view(-1, restarts).amax(1))
        score, winner = best.view(-1, restarts).max(1)
        return Searched(
            ids.view(-1, restarts, length)[torch.arange(len(neurons)), winner], score, torch.stack(trace, 1)
        )

    def objective(self, x: Tensor, noise: Tensor, temperature: Tensor, direction: Tensor, offset: Tensor) -> Tensor:
        """Return the mean relaxed score of each row of `x[row, time, vocab]`, summed over rows."""
        return self._relaxed(x, noise, temperature, direction, offset)[0]

    def _relaxed(self, x: Tensor, noise: Tensor, temperature: Tensor, direction: Tensor, offset: Tensor) -> Any:
        soft = soften(x[:, None], noise, temperature)
        state = gru(self.weights, soft.flatten(0, 1) @ self.weights.embedding)[:, -1]
        score = state.view(*noise.shape[:2], -1) @ direction[..., None]
        return score.sum() / self.samples + offset.sum(), soft

    def _step(
        self,
        x: Tensor,
        first: Tensor,
        second: Tensor,
        noise: Tensor,
        temperature: Tensor,
        correction: Tensor,
        direction: Tensor,
        offset: Tensor,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Take one step of Adam in place; return the discrete inputs `[row, time]` that came up, and their scores."""
        free = x.detach().requires_grad_()
        objective, soft = self._relaxed(free, noise, temperature, direction, offset)
        (gradient,) = torch.autograd.grad(objective, free)
        with torch.no_grad():
            words = [x.argmax(-1)]
            if self.harvest:
                words += list(soft.argmax(-1).unbind(1))
            state = gru(self.weights, self.weights.embedding[torch.cat(words)])[:, -1]
            score = (state.view(len(words), *direction.shape) * direction).sum(-1) + offset
            first.lerp_(gradient, 1 - ADAM["betas"][0])
            second.mul_(ADAM["betas"][1]).addcmul_(gradient, gradient, value=1 - ADAM["betas"][1])
            x += self.learning_rate * (first / correction[0]) / ((second / correction[1]).sqrt() + ADAM["eps"])
        return words, list(score.unbind(0))
