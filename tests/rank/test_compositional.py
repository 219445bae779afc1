import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.rank import compositional
from jaxneuron.rank.compositional._formulas import AND, AND_NOT, OR, holds
from tests.quick import quick_compilation  # noqa: F401

NAMES = "abcdefghij"


SMALL = dict(length=3, beam=10)
"""One size for all, so that it is compiled once."""


def data(seed, tokens=120, concepts=6, units=5):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(tokens, units)).astype(np.float32), draw.random((tokens, concepts)) < 0.4


def combine(mask, how, column):
    return {OR: mask | column, AND: mask & column, AND_NOT: mask & ~column}[how]


def iou(mask, active):
    return np.float32((mask & active).sum()) / np.float32(max((mask | active).sum(), 1))


def slow_beam(active, concepts, length, beam, penalty):
    """The search formula by formula, in the order of ours: old before new, then by operator, formula and concept."""
    kept, best = [], []
    fresh = [((), np.zeros(len(active), bool))]
    for _ in range(length):
        new = []
        for how, (terms, mask), leaf in itertools.product((OR, AND, AND_NOT), fresh, range(concepts.shape[1])):
            if terms or how == OR:
                mask = combine(mask, how, concepts[:, leaf])
                if (mask & active).any():
                    score = iou(mask, active) * np.float32(penalty) ** np.float32(len(terms))
                    new.append((score, (*terms, (how, leaf)), mask))
        seen, after = set(), []
        for item in sorted(kept + new, key=lambda item: -item[0]):
            if item[2].tobytes() not in seen:
                seen.add(item[2].tobytes())
                after.append(item)
        before = {item[1] for item in kept}
        kept = after[:beam]
        fresh = [(terms, mask) for _, terms, mask in kept if terms not in before]
        best.append(kept[0])
    return best


@pytest.mark.parametrize(("seed", "penalty"), [(0, 1.0), (1, 1.0), (2, 0.9)])
def test_search_equals_one_formula_by_formula(seed, penalty):
    activations, concepts = data(seed)
    found = compositional.explain(None, activations, concepts, penalty=penalty, **SMALL)
    for unit in range(activations.shape[1]):
        best = slow_beam(activations[:, unit] > 0, concepts, 3, 10, penalty)
        for length, (_, terms, mask) in enumerate(best):
            ours = holds(found.leaf[unit, length][None], found.operator[unit, length][None], concepts.T)[0]
            np.testing.assert_array_equal(ours, mask)
            assert found.iou[unit, length] == iou(mask, activations[:, unit] > 0)
            assert (found.leaf[unit, length] >= 0).sum() == len(terms) <= length + 1


def test_iou_is_that_of_the_formula_and_does_not_fall_with_length():
    activations, concepts = data(3)
    found = compositional.explain(None, activations, concepts, **SMALL)
    again = compositional.overlap(found, activations, concepts)
    np.testing.assert_array_equal(found.iou, again)
    assert (np.diff(found.iou, axis=1) >= 0).all() and (found.iou[:, -1] > found.iou[:, 0]).any()


def test_finds_planted_formulas_and_says_them():
    _, concepts = data(4)
    a, b, c = concepts.T[:3]
    units = np.stack([a, b & ~c, (a | b) & c, ~a & b, a & b & c], axis=1)
    found = compositional.explain(None, np.where(units, 1.0, -1.0).astype(np.float32), concepts, **SMALL)
    np.testing.assert_array_equal(found.iou[:, -1], 1)
    assert compositional.text(found.leaf[0, -1], found.operator[0, -1], NAMES) == "a"
    assert compositional.text(found.leaf[1, -1], found.operator[1, -1], NAMES) == "b AND NOT c"
    assert compositional.text(found.leaf[2, -1], found.operator[2, -1], NAMES) in ("(a OR b) AND c", "(b OR a) AND c")
    assert compositional.text(found.leaf[3, -1], found.operator[3, -1], NAMES) == "b AND NOT a"
    np.testing.assert_array_equal(found.active, units.sum(0))


def test_units_at_a_time_do_not_matter_and_do_not_compile_again(no_compilation):
    activations, concepts = data(5)
    whole = compositional.explain(None, activations, concepts, **SMALL)
    small = compositional.explain(None, activations, concepts, budget=120 * 12 * 2, **SMALL)
    for a, b in zip(whole, small, strict=True):
        np.testing.assert_array_equal(a, b)
    with no_compilation():
        compositional.explain(None, activations[:, ::-1], concepts, penalty=0.5, **SMALL)


def test_many_blocks_of_tokens(monkeypatch):
    activations, concepts = data(6)
    whole = compositional.explain(None, activations, concepts, **SMALL)
    monkeypatch.setattr(compositional._beam, "BLOCK", 1)
    jax.clear_caches()
    blocks = compositional.explain(None, activations, concepts, **SMALL)
    jax.clear_caches()
    np.testing.assert_array_equal(whole.iou, blocks.iou)
    np.testing.assert_array_equal(whole.leaf, blocks.leaf)


def test_concepts_that_hold_of_the_same_tokens_are_one_and_of_none_are_left_out():
    activations, concepts = data(7)
    more = np.concatenate([np.zeros((120, 1), bool), concepts, concepts[:, :2]], axis=1)
    plain = compositional.explain(None, activations, concepts, **SMALL)
    found = compositional.explain(None, activations, more, **SMALL)
    np.testing.assert_array_equal(found.iou, plain.iou)
    np.testing.assert_array_equal(found.leaf, np.where(plain.leaf < 0, -1, plain.leaf + 1))


def test_a_dead_unit_has_no_formula_and_a_top_share_is_met():
    activations, concepts = data(8)
    activations[:, 1] = 0
    before = activations.copy()
    found = compositional.explain(None, activations, concepts, **SMALL)
    assert (found.leaf[1] == -1).all() and (found.iou[1] == 0).all() and found.active[1] == 0
    assert compositional.text(found.leaf[1, -1], found.operator[1, -1], NAMES) == ""
    found = compositional.explain(None, activations, concepts, top=0.1, **SMALL)
    assert found.active.tolist() == [12, 0, 12, 12, 12]
    np.testing.assert_array_equal(activations, before)


def test_formulas_of_chance_overlap_less_than_planted_ones(key):
    activations, concepts = data(9)
    activations[:, 0] = np.where(concepts[:, 0] | concepts[:, 1], 1, -1)
    by_chance = compositional.null(key, activations, concepts, permutations=3, **SMALL)
    assert by_chance.shape == (3, 5, 3)
    assert by_chance[:, 0].max() < 0.8
    found = compositional.explain(None, activations, concepts, **SMALL)
    other, there = data(13)
    other[:, 0] = np.where(there[:, 0] | there[:, 1], 1, -1)
    unseen = compositional.overlap(found, other, there)
    assert unseen[0, -1] == 1 and unseen[1:, -1].mean() < found.iou[1:, -1].mean()
    np.testing.assert_array_equal(by_chance, compositional.null(key, activations, concepts, permutations=3, **SMALL))


def test_ranks_a_unit_for_both_concepts_of_its_conjunction():
    activations, concepts = data(10)
    activations[:, 3] = np.where(concepts[:, 0] & concepts[:, 1], 1, -1)
    activations[:, 4] = np.where(concepts[:, 2], 1, -1)
    found = compositional.rank(None, activations, concepts, **SMALL)
    assert found.score.shape == (6, 5)
    assert found.order[:3, 0].tolist() == [3, 3, 4]
    alone = [[iou(column, unit > 0) for unit in activations.T] for column in concepts.T]
    assert (found.score >= jnp.array(alone)).all()


def test_weights_stand_beside_formulas():
    activations, concepts = data(11)
    found = compositional.explain(None, activations, concepts, **SMALL)
    weights = np.arange(10.0).reshape(2, 5)
    effects = compositional.effect(found, weights, names=NAMES, labels=["yes", "no"])
    assert sorted(one.unit for one in effects) == [0, 1, 2, 3, 4]
    assert [one.iou for one in effects] == sorted(found.iou[:, -1].tolist(), reverse=True)
    assert all(one.weight == {"yes": one.unit, "no": 5 + one.unit} for one in effects)
    with pytest.raises(ValueError, match="expected weights"):
        compositional.effect(found, weights.T, names=NAMES, labels=["yes", "no"])


def test_errors():
    activations, concepts = data(12)
    with pytest.raises(ValueError, match="beam of at least 1"):
        compositional.explain(None, activations, concepts, beam=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        compositional.explain(None, activations, concepts, top=1.0)
    with pytest.raises(ValueError, match="none of the 6 concepts"):
        compositional.explain(None, activations, np.zeros_like(concepts))
    activations[3, 2] = np.nan
    with pytest.raises(ValueError, match="unit 2 at token 3"):
        compositional.explain(None, activations, concepts)
