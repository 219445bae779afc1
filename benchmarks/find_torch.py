"""The other side of `find_peers.py`: published searches for one unit's inputs, restated in PyTorch on `transformers`.

HotFlip as AutoPrompt runs it (a place at a time, the first ranks scored exactly), GCG as nanoGCG does (random swaps of
the first ranks of each place, the best goes on), EPO as dreamy does (a population, a price of cross-entropy for each
member), and Gumbel softmax as Poerner et al. 2018. At their best settings: no gradient where none is needed, as many
threads as cores, the blocks above the unit left out, the gradient taken at the word vectors and multiplied with the
table, candidates in one batch. GCG also stands here for all units at once, each with candidates of its own.
"""

import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.measure import cores


class Course(NamedTuple):
    """What a search had found, step by step."""

    seconds: np.ndarray  # [step]
    best: np.ndarray  # [step], or [unit, step]
    passes: int  # texts read for each unit, a gradient as two more


class Side:
    """The units of an MLP at the last word of a text that stands between fixed tokens."""

    def __init__(self, folder: Path, block: int, around: tuple[tuple[int, ...], tuple[int, ...]], allowed: np.ndarray):
        from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

        torch.set_num_threads(cores())
        self.causal = AutoConfig.from_pretrained(folder).model_type == "llama"
        kind = AutoModelForCausalLM if self.causal else AutoModel
        self.whole: Any = kind.from_pretrained(folder, attn_implementation="sdpa").eval().requires_grad_(False)
        self.trunk: Any = kind.from_pretrained(folder, attn_implementation="sdpa").eval().requires_grad_(False)
        if self.causal:
            self.trunk = self.trunk.model
            self.trunk.layers = self.trunk.layers[: block + 1]
            for blocks in (self.trunk.layers, self.whole.model.layers):
                blocks[block].mlp.down_proj.register_forward_pre_hook(lambda module, given: self._keep(given[0]))
        else:
            self.trunk.encoder.layer = self.trunk.encoder.layer[: block + 1]
            self.trunk.encoder.layer[block].intermediate.register_forward_hook(lambda m, given, out: self._keep(out))
        self.table = self.trunk.get_input_embeddings().weight
        self.before, self.after = (torch.tensor(side, dtype=torch.long) for side in around)
        self.allowed = torch.tensor(allowed)
        self.words = torch.nonzero(self.allowed)[:, 0]

    def _keep(self, value: torch.Tensor) -> None:
        self.kept = value

    def _framed(self, ids: torch.Tensor) -> torch.Tensor:
        sides = [side.expand(len(ids), -1) for side in (self.before, self.after)]
        return torch.cat([sides[0], ids, sides[1]], dim=1)

    def hidden(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return all units of texts, given as vectors."""
        self.trunk(inputs_embeds=vectors)
        return self.kept[:, -1 - len(self.after)]

    @torch.inference_mode()
    def scores(self, ids: torch.Tensor) -> torch.Tensor:
        """Return `[text, unit]`."""
        self.trunk(input_ids=self._framed(ids))
        return self.kept[:, -1 - len(self.after)]

    def gradient(self, ids: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
        """Return what a unit of each text rises by each word at each place, to first order, `[text, place, word]`."""
        vectors = self.table[self._framed(ids)].requires_grad_()
        self.hidden(vectors).gather(1, unit[:, None]).sum().backward()
        return self._ranked(vectors, ids)

    def _ranked(self, vectors: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        assert vectors.grad is not None
        with torch.inference_mode():
            own = vectors.grad[:, len(self.before) : len(self.before) + ids.shape[1]] @ self.table.T
            return own.masked_fill_(~self.allowed, -torch.inf).scatter_(2, ids[:, :, None], -torch.inf)

    @torch.inference_mode()
    def spoken(self, ids: torch.Tensor, unit: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a unit of each text, and the cross-entropy of its words."""
        logits = self.whole(input_ids=self._framed(ids)).logits
        return self.kept[:, -1, unit], self._cross_entropy(logits, ids)

    def _cross_entropy(self, logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        first = len(self.before) - 1
        likely = torch.log_softmax(logits[:, first : first + ids.shape[1]], dim=-1)
        return -likely.gather(2, ids[:, :, None])[:, :, 0].mean(1)

    def priced(self, ids: torch.Tensor, unit: int, price: torch.Tensor) -> torch.Tensor:
        """Return the gradient of a unit less what its cross-entropy costs, at a price for each text."""
        vectors = self.table[self._framed(ids)].requires_grad_()
        logits = self.whole(inputs_embeds=vectors).logits
        (self.kept[:, -1, unit] - price * self._cross_entropy(logits, ids)).sum().backward()
        return self._ranked(vectors, ids)

    def random(self, texts: int, length: int, draw: torch.Generator) -> torch.Tensor:
        """Return texts of random words."""
        return self.words[torch.randint(len(self.words), (texts, length), generator=draw)]


def hotflip(side: Side, unit: int, length: int, seed: int, *, steps: int, candidates: int) -> Course:
    """Take a random place; of the words that the gradient ranks first there, the best, if it is better."""
    draw, which = torch.Generator().manual_seed(seed), torch.tensor([unit])
    text = side.random(1, length, draw)
    best, course, began = float(side.scores(text)[0, unit]), [], time.perf_counter()
    for _ in range(steps):
        place = int(torch.randint(length, (1,), generator=draw))
        word = side.gradient(text, which)[0, place].topk(candidates).indices
        tried = text.repeat(candidates, 1)
        tried[:, place] = word
        score, row = side.scores(tried)[:, unit].max(0)
        if float(score) > best:
            best, text = float(score), tried[row][None]
        course.append((time.perf_counter() - began, best))
    seconds, found = np.array(course).T
    return Course(seconds, found, steps * (candidates + 3))


def gcg(side: Side, units: list[int], length: int, seed: int, *, steps: int, width: int, ranks: int) -> Course:
    """Score random swaps of the first ranks of each place, for each unit its own; the best goes on.

    One unit is the published program; with several, their texts are rows of one batch.
    """
    draw, which = torch.Generator().manual_seed(seed), torch.tensor(units)
    text, each = side.random(len(units), length, draw), torch.arange(len(units))
    best, course, began = side.scores(text)[each, which], [], time.perf_counter()
    ranks = min(ranks, len(side.words) - 1)
    for _ in range(steps):
        top = side.gradient(text, which).topk(ranks, dim=2).indices
        place = torch.randint(length, (len(units), width), generator=draw)
        rank = torch.randint(ranks, (len(units), width), generator=draw)
        tried = text[:, None].repeat(1, width, 1)
        tried.scatter_(2, place[:, :, None], top[each[:, None], place, rank][:, :, None])
        score = side.scores(tried.reshape(-1, length)).reshape(len(units), width, -1)
        score, row = score.gather(2, which[:, None, None].expand(-1, width, 1))[:, :, 0].max(1)
        text, best = tried[each, row], torch.maximum(best, score)
        course.append((time.perf_counter() - began, best.numpy().copy()))
    found = np.stack([one for _, one in course], axis=1)
    return Course(np.array([one for one, _ in course]), found, steps * (width + 3))


def gumbel(side: Side, unit: int, length: int, seed: int, *, steps: int, restarts: int, rate: float) -> Course:
    """Climb word weights with Gumbel noise that is annealed away; every sample's words are scored, too."""
    torch.manual_seed(seed)
    free = (0.1 * torch.rand(restarts, length, len(side.words)) - 0.05).requires_grad_()
    table, climb = side.table[side.words], torch.optim.Adam([free], lr=rate)
    ends = [side.table[part][None].expand(restarts, -1, -1) for part in (side.before, side.after)]
    best, course, began = -math.inf, [], time.perf_counter()
    for step in range(steps):
        noise = -torch.log(-torch.log(torch.rand_like(free).clamp_(1e-20, 1 - 1e-7)))
        heat = 2.0 * (0.1 / 2.0) ** (step / steps)
        soft = torch.softmax((torch.log_softmax(free, -1) + noise) / heat, dim=-1)
        climb.zero_grad()
        (-side.hidden(torch.cat([ends[0], soft @ table, ends[1]], dim=1))[:, unit].sum()).backward()
        climb.step()
        words = torch.cat([soft.detach().argmax(-1), free.detach().argmax(-1)])
        best = max(best, float(side.scores(side.words[words])[:, unit].max()))
        course.append((time.perf_counter() - began, best))
    seconds, found = np.array(course).T
    return Course(seconds, found, steps * 5 * restarts)


class Prices(NamedTuple):
    """The settings of EPO, as published."""

    steps: int = 300
    members: int = 8
    children: int = 32
    ranks: int = 512
    prices: tuple[float, float] = (0.1, 10.0)
    restart: int = 30


def epo(side: Side, unit: int, length: int, seed: int, cap: float, settings: Prices) -> Course:
    """Evolve a population, each member for a price of cross-entropy; the best is that of no more than `cap` nats."""
    draw = torch.Generator().manual_seed(seed)
    low, high = map(math.log, settings.prices)
    price = torch.exp(torch.linspace(low, high, settings.members))
    text = side.random(settings.members, length, draw)
    best, course, began = -math.inf, [], time.perf_counter()
    ranks = min(settings.ranks, len(side.words) - 1)
    for step in range(settings.steps):
        top = side.priced(text, unit, price).topk(ranks, dim=2).indices
        shape = settings.members, settings.children
        place, rank = (torch.randint(most, shape, generator=draw) for most in (length, ranks))
        tried = text[:, None].repeat(1, settings.children, 1)
        tried.scatter_(2, place[:, :, None], top[torch.arange(len(text))[:, None], place, rank][:, :, None])
        tried = tried.reshape(-1, length)
        score, cost = side.spoken(tried, unit)
        fluent = score[cost <= cap]
        best = max(best, float(fluent.max())) if len(fluent) else best
        text = tried[(score[None] - price[:, None] * cost[None]).argmax(1)]
        if step % settings.restart == settings.restart - 1:  # all go on from the best at a price drawn anew
            drawn = math.exp(float(torch.empty(1).uniform_(math.log(0.667), math.log(6.0), generator=draw)))
            text = tried[(score - drawn * cost).argmax()][None].repeat(settings.members, 1)
        course.append((time.perf_counter() - began, best))
    seconds, found = np.array(course).T
    return Course(seconds, found, settings.steps * settings.members * (settings.children + 3))
