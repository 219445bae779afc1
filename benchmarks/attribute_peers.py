"""The other sides of `attribute.py`: Captum, over `transformers` in torch, and scikit-learn's classifiers.

Captum takes a module of its own, cannot interpolate words, and puts a hook on a layer; so the model here reads word
vectors and returns one score a row. Weights ask for no gradient: only what is explained does. Captum's
`n_steps * batch` rows go through the model `internal_batch_size` at a time, its ablations `perturbations_per_eval` at a
time; `best` chooses both.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerConductance, LayerFeatureAblation, NeuronConductance
from sklearn.linear_model import LogisticRegression, SGDClassifier

from benchmarks.measure import cores, seconds


class Text(NamedTuple):
    """What is explained, in torch."""

    x: torch.Tensor  # [batch time unit], word vectors
    baseline: torch.Tensor
    mask: torch.Tensor  # [batch time]


class Scored(torch.nn.Module):
    """A model of the BERT family with a linear score of the mean over its words."""

    def __init__(self, body: Any, direction: np.ndarray):
        super().__init__()
        self.body = body.eval().requires_grad_(False)
        self.register_buffer("direction", torch.tensor(np.asarray(direction)))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the score of each row of word vectors."""
        states = self.body(inputs_embeds=x, attention_mask=mask).last_hidden_state
        share = mask / mask.sum(1, keepdim=True)
        return torch.einsum("bt,btu,u->b", share.to(states.dtype), states, self.direction)

    def layers(self) -> list[torch.nn.Module]:
        """Return the modules whose outputs are the sites `embed` and `block0/residual`, `block1/residual`, ..."""
        return [self.body.embeddings, *self.body.encoder.layer]


def load(folder: Path, direction: np.ndarray) -> Scored:
    """Return a checkpoint with a score, on as many threads as there are cores."""
    from transformers import AutoModel

    torch.set_num_threads(cores())
    return Scored(AutoModel.from_pretrained(folder), direction)


def text(x: Any, baseline: Any, mask: Any) -> Text:
    """Return the same in torch; the arrays are copied."""
    return Text(torch.tensor(np.asarray(x)), torch.tensor(np.asarray(baseline)), torch.tensor(np.asarray(mask)).long())


def best(run: Callable[[int], Any], choices: Iterable[int]) -> int:
    """Return the fastest choice; each is tried twice."""
    return min(choices, key=lambda choice: min(seconds(partial(run, choice)) for _ in range(2)))


def integrated_gradients(model: Scored, text: Text, *, steps: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the attribution and the error of its completeness."""
    found = IntegratedGradients(model).attribute(
        text.x,
        text.baseline,
        additional_forward_args=text.mask,
        n_steps=steps,
        internal_batch_size=rows,
        return_convergence_delta=True,
    )
    return found[0].detach().numpy(), found[1].detach().numpy()


def conductance(model: Scored, text: Text, layer: int, *, steps: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the attribution of one layer's output and the error of its completeness."""
    found, error = LayerConductance(model, model.layers()[layer]).attribute(
        text.x,
        text.baseline,
        additional_forward_args=text.mask,
        n_steps=steps,
        internal_batch_size=rows,
        return_convergence_delta=True,
    )
    return _single(found).detach().numpy(), error.detach().numpy()


def neurons(
    model: Scored, text: Text, layer: int, position: int, units: Sequence[int], *, steps: int, rows: int
) -> np.ndarray:
    """Return `[batch token unit]`: NeuronConductance of each unit at a position, summed over a token's features."""
    found = [
        NeuronConductance(model, model.layers()[layer]).attribute(
            text.x,
            (position, unit),
            text.baseline,
            additional_forward_args=text.mask,
            n_steps=steps,
            method="gausslegendre",  # for equal results; its own default is the trapezoid rule
            internal_batch_size=rows,
        )
        for unit in units
    ]
    return np.stack([one.sum(-1).detach().numpy() for one in found], axis=-1)


def ablation(model: Scored, text: Text, layer: int, groups: np.ndarray, *, together: int) -> np.ndarray:
    """Return `[batch time unit]`: what the score loses without a group of units, at all positions at once."""
    found = LayerFeatureAblation(model, model.layers()[layer]).attribute(
        text.x,
        additional_forward_args=text.mask,
        layer_mask=torch.tensor(groups)[None, None].expand(1, text.x.shape[1], -1),
        perturbations_per_eval=together,
    )
    return _single(found).detach().numpy()


def _single(found: Any) -> torch.Tensor:
    return found[0] if isinstance(found, tuple) else found


def logistic(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return `[cav unit]`: a logistic regression for each data set, of the strength that `tcav.fit` has by default."""
    found = []
    for rows, shown in zip(x, labels, strict=True):
        penalty = np.sum((rows - rows.mean(0)) ** 2) / rows.shape[1]
        found.append(LogisticRegression(C=1 / penalty, max_iter=1000).fit(rows, shown).coef_[0])
    return np.stack(found)


def stochastic(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `[cav unit]` and `[cav]`: the classifier of the original TCAV code, with its settings."""
    fitted = [
        SGDClassifier(alpha=0.01, max_iter=1000, tol=1e-3, random_state=0).fit(rows, shown)
        for rows, shown in zip(x, labels, strict=True)
    ]
    return np.stack([one.coef_[0] for one in fitted]), np.stack([one.intercept_[0] for one in fitted])
