"""The other side of `intervene.py`: hooks on a model of `transformers`, one change after the other.

What a person writes with hooks, at its best settings: inference mode, as many threads as cores, all texts in one batch,
and several changes side by side in the rows of a batch where that is faster (`rows`).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.measure import cores


class Hooked:
    """MiniLM with a linear score of the mean over words, and hooks that change what its modules put out."""

    def __init__(self, folder: Path, direction: np.ndarray, ids: Any, mask: Any):
        from transformers import AutoModel

        torch.set_num_threads(cores())
        self.body = AutoModel.from_pretrained(folder).eval().requires_grad_(False)
        self.ids, self.mask = torch.tensor(np.asarray(ids)).long(), torch.tensor(np.asarray(mask)).long()
        self.direction = torch.tensor(direction)

    def hidden(self, block: int) -> torch.nn.Module:
        """Return the module that puts out the units of an MLP."""
        return self.body.encoder.layer[block].intermediate

    def sites(self) -> dict[str, torch.nn.Module]:
        """Return the modules that put out what our sites hold, by the names of the sites."""
        found = {"embed": self.body.embeddings}
        for number, layer in enumerate(self.body.encoder.layer):
            found[f"block{number}/attention"] = layer.attention.output.dense
            found[f"block{number}/mlp/hidden"] = layer.intermediate
            found[f"block{number}/mlp"] = layer.output.dense
            found[f"block{number}/residual"] = layer
        return found

    def states(self, ids: torch.Tensor, rows: int) -> torch.Tensor:
        """Return the last states, `[row * text, time, unit]`, of `rows` copies of the texts in one batch."""
        given = {"input_ids": ids.repeat(rows, 1), "attention_mask": self.mask.repeat(rows, 1)}
        return self.body(**given).last_hidden_state

    def score(self, ids: Any = None, rows: int = 1) -> torch.Tensor:
        """Return the score of each text, `[row, text]`, with `rows` copies of them in one batch."""
        states, mask = self.states(self.ids if ids is None else ids, rows), self.mask.repeat(rows, 1)
        share = mask / mask.sum(1, keepdim=True)
        return torch.einsum("bt,btu,u->b", share.to(states.dtype), states, self.direction).reshape(rows, -1)

    @torch.inference_mode()
    def ablated(self, block: int, sets: Sequence[Sequence[int]], rows: int = 1) -> np.ndarray:
        """Return the score without each set of units of an MLP, `[set, text]`, `rows` sets in a batch."""
        found, now = [], []

        def hook(module: Any, given: Any, value: torch.Tensor) -> torch.Tensor:
            parts = value.view(len(now), -1, *value.shape[1:])
            for row, units in enumerate(now):
                parts[row, ..., units] = 0
            return value

        handle = self.hidden(block).register_forward_hook(hook)
        for begin in range(0, len(sets), rows):
            now[:] = [list(units) for units in sets[begin : begin + rows]]
            found.append(self.score(rows=len(now)))
        handle.remove()
        return torch.cat(found).numpy()

    @torch.inference_mode()
    def held(self, block: int, units: Sequence[int], head: np.ndarray, rows: int = 1) -> np.ndarray:
        """Return the mean change of the outputs with each unit of an MLP at its highest value, `[unit, output]`."""
        real, kept = self.mask.bool(), []
        handle = self.hidden(block).register_forward_hook(lambda module, given, value: kept.append(value))
        before = self.states(self.ids, 1)
        handle.remove()
        highest = kept[0][real].amax(0)
        found, now = [], []

        def hook(module: Any, given: Any, value: torch.Tensor) -> torch.Tensor:
            parts = value.view(len(now), -1, *value.shape[1:])
            for row, unit in enumerate(now):
                parts[row, ..., unit] = highest[unit]
            return value

        handle = self.hidden(block).register_forward_hook(hook)
        for begin in range(0, len(units), rows):
            now[:] = units[begin : begin + rows]
            after = self.states(self.ids, len(now)).view(len(now), *before.shape)
            found.append((after - before)[:, real].mean(1))
        handle.remove()
        # the outputs are linear in the states, so that one product serves the mean
        return (torch.cat(found) @ torch.tensor(head)).numpy()

    @torch.inference_mode()
    def greedy(self, block: int, candidates: Sequence[int], count: int, rows: int = 1) -> tuple[list[int], np.ndarray]:
        """Return the units that are taken one by one, and the mean score after each."""
        gone: list[int] = []
        scores = []
        for _ in range(count):
            left = [unit for unit in candidates if unit not in gone]
            means = self.ablated(block, [[*gone, unit] for unit in left], rows).mean(1)
            gone.append(left[int(means.argmin())])
            scores.append(means.min())
        return gone, np.array(scores)

    @torch.inference_mode()
    def patched(self, source: Any, names: Sequence[str], places: Sequence[int], rows: int = 1) -> np.ndarray:
        """Return the score with each site's activation of a source at each position, `[site, place, text]`."""
        modules, other = self.sites(), torch.tensor(np.asarray(source)).long()
        kept: dict[str, torch.Tensor] = {}
        handles = [
            modules[name].register_forward_hook(
                lambda module, given, value, name=name: kept.update({name: _state(value)})
            )
            for name in names
        ]
        self.score(other)
        for handle in handles:
            handle.remove()
        found, now = [], []
        for name in names:

            def hook(module: Any, given: Any, value: Any, name: str = name) -> Any:
                state = _state(value).clone()
                parts = state.view(len(now), -1, *state.shape[1:])
                for row, place in enumerate(now):
                    parts[row, :, place] = kept[name][:, place]
                return (state, *value[1:]) if isinstance(value, tuple) else state

            handle = modules[name].register_forward_hook(hook)
            for begin in range(0, len(places), rows):
                now[:] = places[begin : begin + rows]
                found.append(self.score(rows=len(now)))
            handle.remove()
        return torch.cat(found).reshape(len(names), len(places), -1).numpy()


def _state(value: Any) -> torch.Tensor:
    return value[0] if isinstance(value, tuple) else value


def quickest(ways: dict[int, Callable[[], Any]]) -> int:
    """Return the number of rows that is fastest."""
    from benchmarks.measure import in_turn

    times = in_turn({str(rows): way for rows, way in ways.items()}, 1)
    return int(min(times, key=lambda rows: times[rows].median))
