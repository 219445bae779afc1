"""What evaluations say of activations is the same at any scale, offset, type and layout, or an error says why not.

The functions that take activations are found by the names of their arguments; each is asked here, or left out by name.
"""

import importlib
import inspect
import pkgutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import evaluate
from jaxneuron.evaluate import (
    ablation,
    baselines,
    cluster_probes,
    feature_selection,
    importance,
    layers,
    learned_together,
    mdl,
    minimal_set,
    monitor,
    probes,
    redundant_units,
    selectivity,
)
from jaxneuron.evaluate.attribution import roar
from jaxneuron.evaluate.average_precision import mean_average_precision
from jaxneuron.rank import linear, single_neuron
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401
from tests.test_scale import ALL_ANSWER, KEY, VARIANTS, WIDE, x64

NO_ACTIVATIONS = {
    "baselines.majority": "it sees labels only",
    "baselines.lexicon": "it sees words and labels only",
    "reconstruction.kept": "a dictionary is of activations at one scale and place",
}

DATA = planted.classes(120)
LABELS = DATA.train[1]
WORDS = [f"word {place % 40}" for place in range(120)]
ORDER = np.asarray(DATA.ranking.order)
MASKS = np.arange(planted.UNITS) < np.array([[2], [9]])


def _watched(x):
    scores = single_neuron.scores(None, x, LABELS == 1, folds=3)
    watch = monitor.init(monitor.links(scores, np.array([0]), np.array([planted.CARRIERS[1]])), drop=0.1)
    return monitor.update(watch, x, (LABELS == 1)[:, None]).right


def _removed(x):
    spread = np.asarray(x, np.float64).std(axis=0)
    rows = (x, LABELS, [spread * np.ones((120, 1))])
    return roar.roar(KEY, rows, rows, shares=(0.5,), seeds=1, steps=60).accuracy[0]  # the last is drawn at random


ASKED = {
    "ablation.in_representation": lambda x: ablation.in_representation(
        fitted := linear.fit(KEY, x, LABELS), x, LABELS, MASKS, value=np.asarray(fitted.mean)
    ),
    "baselines.baselines": lambda x: baselines.baselines(KEY, (x, LABELS), (x, LABELS), (x[:, :4], x[:, :4])).gain,
    "cluster_probes.cluster_probes": lambda x: (
        cluster_probes.cluster_probes(KEY, (x, LABELS), (x, LABELS), np.arange(planted.UNITS) % 3, largest=1).alone
    ),
    "feature_selection.feature_selection": lambda x: (
        feature_selection.feature_selection(
            KEY,
            (x, LABELS),
            (x, LABELS),
            {"all": planted.UNITS},
            shares=(0.98,),
            steps=feature_selection.Steps(grid=minimal_set.Grid(rounds=0, fractions=(0.25,))),
        ).minimal.accuracy
    ),
    "importance.in_probe": lambda x: (
        importance.in_probe(
            KEY,
            DATA.ranking,
            fitted := linear.fit(KEY, x, LABELS),
            (x, LABELS),
            counts=[2, 9],
            value=np.asarray(fitted.mean),
        ).top
    ),
    "layers.layerwise": lambda x: layers.layerwise(KEY, (x, LABELS), (x, LABELS), {"low": 6, "high": 6}).alone,
    "learned_together.learned_together": lambda x: (
        learned_together.learned_together(x, LABELS == 1, DATA.ranking.score, minimum=0).correlation
    ),
    "mdl.mdl": lambda x: mdl.mdl(KEY, x, LABELS, fractions=(0.2, 0.5, 1)).portions,
    "minimal_set.minimal_set": lambda x: (
        minimal_set.minimal_set(
            KEY,
            DATA.ranking,
            (x, LABELS),
            (x, LABELS),
            shares=(0.98,),
            grid=minimal_set.Grid(rounds=1, fractions=(0.2, 0.5)),
        ).accuracy
    ),
    "monitor.update": _watched,
    "probes.curve": lambda x: probes.curve(KEY, ORDER, (x, LABELS), (x, LABELS), counts=[1, 3], probe="gaussian"),
    "probes.masked": lambda x: (
        probes.masked(KEY, DATA.ranking, linear.fit(KEY, x, LABELS), (x, LABELS), counts=[1, 3]).top
    ),
    "probes.masked_curve": lambda x: probes.masked_curve(ORDER, linear.fit(KEY, x, LABELS), (x, LABELS), counts=[1, 3]),
    "probes.quick": lambda x: probes.quick(KEY, x, LABELS).weights,
    "probes.retrained": lambda x: (
        probes.retrained(KEY, DATA.ranking, probes.Parts((x, LABELS), (x, LABELS)), counts=[1, 3]).bottom
    ),
    "redundant_units.redundant_units": lambda x: redundant_units.redundant_units(x, {"low": 6, "high": 6}),
    "roar.roar": _removed,
    "selectivity.selectivity": lambda x: (
        selectivity.selectivity(KEY, (x, LABELS), (x, LABELS), (WORDS, WORDS), seeds=2).task
    ),
}


def found():
    """Return the names of all functions of evaluate that take activations, or something to train on."""
    names = set()
    for module in pkgutil.walk_packages(evaluate.__path__, "jaxneuron.evaluate."):
        short = module.name.rpartition(".")[2]
        for name, one in vars(importlib.import_module(module.name)).items():
            own = callable(one) and not inspect.isclass(one) and getattr(one, "__module__", "") == module.name
            if own and not short.startswith("_") and not name.startswith("_"):
                if {"activations", "train", "test", "parts"} & set(inspect.signature(one).parameters):
                    names.add(f"{short}.{name}")
    return names


def _slips(error):
    """Return whether an error is a mistake of the code or of this test, and no refusal."""
    return any(word in str(error) for word in ("carry", "keyword argument", "positional argument"))


def test_every_function_that_takes_activations_is_asked():
    assert found() == set(ASKED) | set(NO_ACTIVATIONS)


@pytest.mark.parametrize("name", ASKED)
def test_evaluations_say_the_same_whatever_the_activations_are_like(name):
    for variant, how in (VARIANTS | WIDE).items():
        value, back = how.of(DATA.train[0])
        with x64(how.kind is np.float64):
            try:
                given = jax.tree.map(np.asarray, ASKED[name](value))
            except (TypeError, ValueError) as error:
                assert variant not in ALL_ANSWER and not _slips(error), f"{name}, {variant}: {error}"
                continue
        for one, other in zip(jax.tree.leaves(given), jax.tree.leaves(ASKED[name](back)), strict=True):
            np.testing.assert_allclose(one, other, rtol=0.02, atol=0.02, err_msg=f"{name}, {variant}")


@pytest.mark.parametrize("kind", [np.float16, jnp.bfloat16, np.uint8, np.int64, np.float64, bool])
def test_scores_of_any_type_are_averaged_alike(kind):
    score = np.array([[3], [1], [2], [0]]).astype(kind)
    truth = np.array([[1], [0], [0], [1]])
    wanted = mean_average_precision(score.astype(np.float32), truth).mean
    assert mean_average_precision(score, truth).mean == pytest.approx(wanted)
