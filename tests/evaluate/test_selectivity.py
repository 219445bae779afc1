"""Control tasks: a word type has one label, in any corpus, with the distribution of the task."""

from functools import partial

import jax
import numpy as np
import pytest

from jaxneuron.evaluate.selectivity import control_labels, control_task, selectivity
from jaxneuron.rank import linear
from tests.evaluate import planted

LABELS = np.array([0] * 6 + [1] * 3 + [3], np.int32)
WORDS = [f"word{i}" for i in range(4000)]


def test_a_type_has_one_label_whatever_else_is_in_the_corpus(key):
    control = control_task(key, LABELS, seeds=3)
    one, other = control_labels(control, ["a", "b", "a"]), control_labels(control, ["zebra", "a"])
    assert (one[:, 0] == one[:, 2]).all() and (one[:, 0] == other[:, 1]).all()
    assert not np.array_equal(*control_labels(control, WORDS)[:2])
    again = control_labels(control_task(key, LABELS, seeds=3), WORDS)
    np.testing.assert_array_equal(again, control_labels(control, WORDS))
    assert not np.array_equal(again, control_labels(control_task(jax.random.key(5), LABELS, seeds=3), WORDS))


@pytest.mark.parametrize(("sample_from", "share"), [("same", [0.6, 0.3, 0, 0.1]), ("uniform", [0.25] * 4)])
def test_labels_are_as_frequent_as_in_the_task_or_equally_so(key, sample_from, share):
    drawn = control_labels(control_task(key, LABELS, sample_from=sample_from), WORDS)[0]
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / len(WORDS), share, atol=0.04)


def test_case_and_concepts(key):
    blind = control_labels(control_task(key, LABELS, seeds=20, case_sensitive=False), ["The", "the"])
    sharp = control_labels(control_task(key, LABELS, seeds=20), ["The", "the"])
    assert (blind[:, 0] == blind[:, 1]).all() and not (sharp[:, 0] == sharp[:, 1]).all()
    concept = control_labels(control_task(key, LABELS > 0), WORDS)
    assert concept.dtype == bool and abs(concept.mean() - 0.4) < 0.04
    assert control_labels(control_task(key, LABELS, seeds=2), []).shape == (2, 0)


def test_a_probe_that_reads_is_selective_and_one_that_memorises_is_not(key):
    data = planted.classes()
    fit = partial(linear.fit, settings=linear.Settings(epochs=8, batch=16, learning_rate=0.05))
    rng = np.random.default_rng(4)
    words = tuple([WORDS[i] for i in rng.integers(200, size=240)] for _ in range(2))
    found = selectivity(key, data.train, data.test, words, seeds=2, fit=fit)
    assert found.task.accuracy > 0.95 and found.control.accuracy.shape == (2,) and found.selectivity > 0.35
    identity = tuple(np.eye(200, dtype=np.float32)[[int(word[4:]) for word in part]] for part in words)
    lexical = [np.array([int(word[4:]) % 3 for word in part], np.int32) for part in words]
    same = selectivity(key, (identity[0], lexical[0]), (identity[1], lexical[1]), words, seeds=2, fit=fit)
    assert same.selectivity < 0.2 and same.control.accuracy.min() > 0.6


def test_a_rare_concept_has_control_tasks_that_can_be_learned(key):
    x = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    words = [f"word{i % 30}" for i in range(400)]
    y = np.zeros(400, bool)
    y[[3, 33]] = True  # of 30 types, most draws have none with the label
    found = selectivity(key, (x, y), (x, y), (words, words), seeds=3)
    assert np.isfinite(found.selectivity) and (found.control.entropy > 0).all()
    with pytest.raises(ValueError, match="at least two word types"):
        selectivity(key, (x, y), (x, y), (["a"] * 400, ["a"] * 400))


def test_what_does_not_fit_is_named(key):
    with pytest.raises(ValueError, match="one property"):
        control_task(key, np.zeros(0, int))
    with pytest.raises(ValueError, match="'same' or 'uniform'"):
        control_task(key, LABELS, seeds=0)
    data = planted.classes()
    with pytest.raises(ValueError, match="240 test tokens, got 1"):
        selectivity(key, data.train, data.test, (["a"] * 240, ["a"]))
