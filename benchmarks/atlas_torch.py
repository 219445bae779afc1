"""The other side of `atlas.py`: statistics of all units with hooks on a model of `transformers` and `torch.topk`.

What a person writes with care: inference mode, fused attention, as many threads as cores, sentences sorted by length,
each statistic of a whole batch at once, counts unit by unit so that threads share them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.extract_peers import last
from benchmarks.measure import cores

DIGITS, BIAS = 7, 127
"""Of a bfloat16."""


class Known(NamedTuple):
    """What is known of the units of a site."""

    powers: Tensor  # [power unit], sums of the first four powers
    count: Tensor  # [unit level]
    highest: Tensor  # [k unit], the best sentences' values, the best first
    highest_at: Tensor  # [k unit], their sentence times `WORDS` plus the word
    lowest: Tensor
    lowest_at: Tensor


WORDS = 2**16
"""More than a sentence has."""


class Hooked:
    """A model, and hooks that keep what its modules put out."""

    def __init__(self, folder: Path, sites: Mapping[str, int], exponents: tuple[int, int], exemplars: int):
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(cores())
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.body = AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval().requires_grad_(False)
        self.sites, self.exemplars = dict(sites), exemplars
        self.lowest, self.side = exponents[0], ((exponents[1] - exponents[0]) << DIGITS) + 2
        self.kept: dict[str, Tensor] = {}
        for name in sites:
            self._module(name).register_forward_hook(lambda module, given, value, name=name: self._keep(name, value))

    def _module(self, site: str) -> torch.nn.Module:
        if site == "embed":
            return self.body.embeddings
        block, _, part = site.partition("/")
        layer = self.body.encoder.layer[int(block.removeprefix("block"))]
        return layer.intermediate if part == "mlp/hidden" else layer

    def _keep(self, name: str, value: Any) -> None:
        self.kept[name] = value[0] if isinstance(value, tuple) else value

    @torch.inference_mode()
    def run(self, sentences: Sequence[list[str]], batch: int) -> dict[str, Known]:
        """Return what is known of all units after a text, `batch` sentences at a time."""
        encodings = self.tokenizer(list(sentences), is_split_into_words=True, truncation=True)
        order = sorted(range(len(sentences)), key=lambda number: -len(encodings["input_ids"][number]))
        known = {site: self._nothing(units) for site, units in self.sites.items()}
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            given = [{key: encodings[key][number] for key in encodings} for number in part]
            self.body(**self.tokenizer.pad(given, return_tensors="pt"))
            lasts = [last(encodings.word_ids(number), len(sentences[number])) for number in part]
            place = torch.zeros(len(part), max(map(len, lasts)), dtype=torch.int64)
            there = torch.zeros_like(place, dtype=torch.bool)
            for row, places in enumerate(lasts):
                place[row, : len(places)], there[row, : len(places)] = torch.from_numpy(places), True
            row = torch.arange(len(part))[:, None]
            for site, before in known.items():
                known[site] = self._added(before, self.kept[site][row, place], there, torch.tensor(part))
        return known

    def _nothing(self, units: int) -> Known:
        none, nowhere = torch.full((self.exemplars, units), -torch.inf), torch.full((self.exemplars, units), -1)
        count = torch.zeros((units, 2 * self.side + 1), dtype=torch.int32)
        return Known(torch.zeros(4, units, dtype=torch.float64), count, none, nowhere, -none, nowhere.clone())

    def _added(self, known: Known, value: Tensor, there: Tensor, sentence: Tensor) -> Known:
        """Return what is known with a batch, `[sentence word unit]`, of which some words are padding."""
        flat = value[there]
        square = flat * flat
        powers = torch.stack([flat.sum(0), square.sum(0), (square * flat).sum(0), (square * square).sum(0)])
        known.powers.add_(powers)
        level = self._levels(flat).T.long()
        known.count.scatter_add_(1, level, torch.ones((), dtype=torch.int32).expand(level.shape))
        padding = ~there[..., None]
        best, word = value.masked_fill(padding, -torch.inf).max(1)
        worst, other = value.masked_fill(padding, torch.inf).min(1)
        highest = _best(known.highest, known.highest_at, best, sentence[:, None] * WORDS + word, True)
        lowest = _best(known.lowest, known.lowest_at, worst, sentence[:, None] * WORDS + other, False)
        return Known(known.powers, known.count, *highest, *lowest)

    def _levels(self, value: Tensor) -> Tensor:
        """Return the level of each value among those of sixteen bits, from 0 for the lowest."""
        bits = value.bfloat16().view(torch.int16).int()
        size = bits & 0x7FFF
        place = (size - ((self.lowest + BIAS) << DIGITS) + 2).clamp_(1, self.side).mul_(size != 0)
        return torch.where(bits < 0, -place, place).add_(self.side)


def _best(value: Tensor, at: Tensor, new: Tensor, new_at: Tensor, largest: bool) -> tuple[Tensor, Tensor]:
    values, places = torch.cat([value, new]), torch.cat([at, new_at])
    found, chosen = values.topk(len(value), dim=0, largest=largest)
    return found, places.gather(0, chosen)


def moments(known: Known) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each unit."""
    count = int(known.count[0].sum())
    mean = known.powers[0] / count
    return mean.numpy(), (known.powers[1] / count - mean**2).numpy()
