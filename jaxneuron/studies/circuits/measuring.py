"""Which units carry the number of the subject, and how much of it: estimates, exact effects, and sets of units kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats
from jaxtyping import Array, Float

from jaxneuron.report import circuits
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.circuits.material import Beginnings, Encoded
from jaxneuron.studies.circuits.presets import Preset
from jaxneuron.studies.circuits.results import ORDERS, About, Choice, Estimate, Kept, Picture, UnitEffects
from jaxneuron.tap import sites as shapes_of
from jaxneuron.targets import at_word, scores
from jaxneuron.trace import Settings, neurons
from jaxneuron.types import Activations, Output, Site, Text, Tokens


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Preference:
    """By how much the right verb of each text scores higher than the wrong one after its last word."""

    right: Any  # [batch]
    wrong: Any  # [batch]

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "batch"]:
        """Return the difference."""
        last = at_word(scores(output), tokens, -1)
        of = [jnp.take_along_axis(last, jnp.asarray(one)[:, None], axis=1)[:, 0] for one in (self.right, self.wrong)]
        return of[0] - of[1]


class Half(NamedTuple):
    """Some of the pairs, ready for `trace`."""

    clean: Tokens
    corrupted: Tokens
    target: Preference

    def told(self, subject: Subject) -> tuple[Any, ...]:
        """Return what `trace` is asked with."""
        return subject.forward, subject.params, self.clean, self.corrupted, self.target


def halves(encoded: Encoded) -> tuple[Half, Half]:
    """Return every other pair, and the rest."""

    def half(first: int) -> Half:
        own = jax.tree.map(lambda leaf: jnp.asarray(leaf[first::2]), encoded)
        return Half(own.clean, own.corrupted, Preference(own.right, own.wrong))

    return half(0), half(1)


def hidden(subject: Subject, tokens: Tokens) -> tuple[Site, ...]:
    """Return the sites whose units are counted: the hidden units of the MLPs.

    Raises:
        ValueError: the model has none.
    """
    names = tuple(name for name in shapes_of(subject.forward, subject.params, tokens) if name.endswith("mlp/hidden"))
    if not names:
        raise ValueError("the model has no MLPs of which the units could be counted; give a transformer")
    return names


def asked(subject: Subject, pairs: Sequence[Beginnings], half: Half, units: list[UnitEffects]) -> About:
    """Return what is known of the model and the pairs.

    Args:
        subject: the model, with what it reads by.
        pairs: of sentences.
        half: of the pairs: those that units are found on, or others.
        units: of each site, with their effects.
    """

    def preferred(tokens: Tokens) -> np.ndarray:
        output, activations = jax.jit(subject.forward)(subject.params, tokens, {})
        return np.asarray(half.target(output, activations, tokens))

    right, turned = preferred(half.clean) > 0, preferred(half.corrupted) < 0
    kinds = {kind: sum(pair.kind == kind for pair in pairs) for kind in dict.fromkeys(pair.kind for pair in pairs)}
    first = pairs[0]
    example = " ".join(first.clean), " ".join(first.corrupted), first.right, first.wrong
    flips = float((right & turned).mean())
    names = tuple(dict.fromkeys(unit.site for unit in units))
    return About(subject.source, len(half.clean.ids), kinds, example, float(right.mean()), flips, len(units), names)


def effects(subject: Subject, half: Half, sites: Sequence[Site], preset: Preset) -> list[UnitEffects]:
    """Return the effects of every unit, exact and by each estimate.

    Args:
        subject: the model, with what it reads by.
        half: of the pairs: those that units are found on, or others.
        sites: whose units.
        preset: the sizes of the run.
    """
    told = half.told(subject)
    exact = neurons.effects(*told, sites=sites, settings=None)
    estimates = [
        neurons.effects(*told, sites=sites, settings=Settings(order=order, positions=False, steps=preset.steps))
        for order in ORDERS
    ]
    values = [one.size if order == "dropped" else one.effect for order, one in zip(ORDERS, estimates, strict=True)]
    return [
        UnitEffects(exact.sites[site], int(unit), *(float(value[place]) for value in (exact.effect, *values)))
        for place, (site, unit) in enumerate(zip(exact.site, exact.unit, strict=True))
    ]


def agreement(units: Sequence[UnitEffects]) -> list[Estimate]:
    """Return how well each estimate agrees with the exact effects; GradDrop, a size, with theirs."""
    found = []
    names = np.array([unit.site for unit in units])
    for order in ORDERS:
        exact, estimate = (np.array([getattr(unit, name) for unit in units]) for name in ("exact", order))
        exact = np.abs(exact) if order == "dropped" else exact
        blocks = {
            site: _pearson(exact[names == site], estimate[names == site]) for site in dict.fromkeys(names.tolist())
        }
        rank = _pearson(scipy.stats.rankdata(exact), scipy.stats.rankdata(estimate))
        found.append(Estimate(order, _pearson(exact, estimate), rank, blocks))
    return found


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def kept(subject: Subject, half: Half, units: Sequence[UnitEffects], preset: Preset, seed: int) -> list[Kept]:
    """Return how much of the difference so many units carry, by what they were chosen by.

    Args:
        subject: the model, with what it reads by.
        half: of the pairs: those that units are found on, or others.
        units: of each site, with their effects.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    count = len(units)
    sizes = [size for size in preset.counts if size < count] + [count]
    draw = np.random.default_rng(seed)
    masks, told = [], []
    for by in Choice:
        repeats = preset.draws if by is Choice.RANDOM else 1
        for size in sizes:
            for _ in range(repeats):
                order = draw.permutation(count)
                if by is not Choice.RANDOM:
                    order = np.argsort([-abs(getattr(unit, by)) for unit in units], kind="stable")
                masks.append(np.isin(np.arange(count), order[:size]))
                told.append((by, size))
    sites = list(dict.fromkeys(unit.site for unit in units))
    found = neurons.faithfulness(*half.told(subject), sites=sites, kept=np.stack(masks))
    rows = []
    for by in Choice:
        for size in sizes:
            own = [float(value) for value, one in zip(found, told, strict=True) if one == (by, size)]
            rows.append(Kept(by, size, float(np.mean(own)), *map(float, np.quantile(own, [0.05, 0.95]))))
    return rows


def graph(subject: Subject, half: Half, pair: Beginnings, sites: Sequence[Site], preset: Preset) -> Picture:
    """Return the drawing of what passes between the units that matter most.

    Args:
        subject: the model, with what it reads by.
        half: of the pairs.
        pair: that is drawn.
        sites: whose units.
        preset: the sizes of the run.
    """
    settings = Settings(order="integrated", share=1.0, most=preset.drawn, positions=False, steps=preset.steps)
    found = neurons.trace(*half.told(subject), sites=sites, settings=settings)
    text = " ".join(pair.clean)
    told = circuits.Asked(subject.source, text, pair.clean, "the right verb rather than the wrong one", 0)
    check = found.check
    size = len(found.nodes.site), len(found.edges.weight)
    return Picture(circuits.drawing(found, told), *size, check.agreement, check.faithfulness, check.through)
