import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.evaluate import monitor
from jaxneuron.rank import single_neuron
from tests.quick import quick_compilation  # noqa: F401

BREAK = 3000


@pytest.fixture(scope="module")
def stream():
    """Unit 1 tells label 0, and unit 2 label 1; the second link breaks at a token."""
    rng = np.random.default_rng(0)
    labels = rng.random((6000, 2)) < 0.5
    activations = rng.normal(size=(6000, 3)).astype(np.float32)
    activations[:, 1] += np.where(labels[:, 0], 1.5, -1.5)
    activations[:BREAK, 2] -= np.where(labels[:BREAK, 1], 1.5, -1.5)
    scores = single_neuron.scores(None, activations[:1000], labels[:1000], folds=5)
    return activations[1000:], labels[1000:], monitor.links(scores, np.array([0, 1]), np.array([1, 2]))


def run(watch, activations, labels, size):
    for first in range(0, len(activations), size):
        part, held = (jnp.asarray(x[first : first + size]) for x in (activations, labels))
        valid = jnp.arange(size) < len(part)
        pad = [(0, size - len(part)), (0, 0)]
        watch = monitor.update(watch, jnp.pad(part, pad), jnp.pad(held, pad), valid)
    return watch


def by_hand(watch, right):
    """Page's sum, token by token."""
    evidence, since, alarm = np.zeros(2), np.zeros(2, int), np.full(2, -1)
    for token, good in enumerate(right):
        since[evidence == 0] = token
        evidence = np.maximum(evidence + np.asarray(watch.gain)[[0, 1], good.astype(int)], 0)
        alarm[(alarm < 0) & (evidence >= float(watch.limit))] = token
    return evidence, since, alarm


def test_a_link_that_breaks_rings_soon_and_one_that_holds_does_not(stream):
    activations, labels, link = stream
    watch = run(monitor.init(link, drop=0.1), activations, labels, 700)
    broke = BREAK - 1000
    assert watch.alarm[0] == -1 and broke < watch.alarm[1] < broke + 100
    assert abs(int(watch.since[1]) - broke) < 50 and int(watch.tokens) == 5000
    assert float(watch.right[0] / watch.tokens) == pytest.approx(float(link.accuracy[0]), abs=0.03)


def test_chunks_are_as_one_and_as_by_hand(stream):
    activations, labels, link = stream
    watches = [run(monitor.init(link, drop=0.1), activations[:2100], labels[:2100], size) for size in (700, 2100)]
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5), *watches)
    right = (activations[:2100, link.unit] * link.weight + link.bias > 0) == labels[:2100]
    evidence, since, alarm = by_hand(watches[0], right)
    np.testing.assert_array_equal(watches[0].right, right.sum(axis=0))
    np.testing.assert_allclose(watches[0].evidence, evidence, atol=1e-2)
    np.testing.assert_array_equal(watches[0].since, since)
    np.testing.assert_array_equal(watches[0].alarm, alarm)


def test_false_alarms_are_as_rare_as_promised():
    """A thousand links that hold, over as many tokens as one false alarm may take on average."""
    accuracy, tokens = 0.9, 500
    right = np.random.default_rng(1).random((tokens, 1000)) < accuracy
    link = monitor.Link(
        np.zeros(1000, np.int32), np.ones(1000, np.float32), np.zeros(1000, np.float32), np.full(1000, accuracy)
    )
    watch = monitor.update(monitor.init(link, drop=0.1, every=tokens), jnp.ones((tokens, 1)), jnp.asarray(right))
    assert 0 < np.mean(watch.alarm >= 0) < 1 - np.exp(-1)  # that of waiting times with this mean


def test_new_links_do_not_compile_again(stream, no_compilation):
    activations, labels, link = stream
    run(monitor.init(link), activations[:700], labels[:700], 700)
    with no_compilation():
        other = monitor.init(link._replace(bias=link.bias + 1), drop=0.2, every=50.0)
        run(other, activations[700:1400], labels[700:1400], 700)


def test_what_cannot_be_watched_is_named(stream):
    link = stream[2]
    scores = single_neuron.Scores(*np.full((5, 1, 2), 0.5))
    with pytest.raises(ValueError, match="a label for each unit"):
        monitor.links(scores, np.array([0]), np.array([0, 1]))
    with pytest.raises(ValueError, match="leave out the -1"):
        monitor.links(scores, np.array([0]), np.array([-1]))
    for options, message in [({"drop": 0.0}, "a drop between"), ({"every": 1.0}, "every above 1")]:
        with pytest.raises(ValueError, match=message):
            monitor.init(link, **options)
    with pytest.raises(ValueError, match="an accuracy above the drop"):
        monitor.init(link, drop=0.95)
