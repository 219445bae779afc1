"""Sums of two models that stream and merge are those of all tokens at once."""

import jax
import numpy as np
import pytest

from jaxneuron import comoments
from jaxneuron.table import spans

LAYERS = ((4, 3), (2, 5, 1))


def pair(tokens=500, seed=0, offset=0.0, scale=1.0, kind=np.float32):
    """Return activations of two models that share some of what they do."""
    random = np.random.default_rng(seed)
    a = random.normal(size=(tokens, 7))
    b = a @ random.normal(size=(7, 8)) + random.normal(size=(tokens, 8))
    return (a * scale + offset).astype(kind), (b * scale + offset).astype(kind)


def brute(a, b):
    """Return means and centred products in double precision."""
    x, y = (rows.astype(np.float64) - rows.astype(np.float64).mean(axis=0) for rows in (a, b))
    return x.T @ x, y.T @ y, x.T @ y


def assert_sums(found, a, b, limit=1e-6):
    """Check sums against those of all tokens at once, relative to what the units vary."""
    within, beyond, cross = brute(a, b)
    left, right = np.sqrt(np.diag(within)), np.sqrt(np.diag(beyond))
    assert found.tokens == len(a)
    np.testing.assert_allclose(found.a.mean, a.astype(np.float64).mean(axis=0), rtol=1e-7, atol=1e-6 * left.max())
    np.testing.assert_allclose(found.a.square, left**2, rtol=limit)
    assert np.max(np.abs(found.cross - cross) / np.outer(left, right)) < limit
    start = 0
    for products in found.b.products:
        here = slice(start, start + len(products))
        norm = np.outer(right[here], right[here])
        assert np.max(np.abs(products - beyond[here, here]) / norm) < limit
        start += len(products)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("offset", "scale"), [(0, 1), (1e4, 1), (-3, 1e-3), (0, 1e-30), (0, 1e30)])
def test_the_sums_are_those_of_all_tokens(offset, scale, kind):
    a, b = pair(offset=offset, scale=scale, kind=kind)
    assert_sums(comoments.over(a, b, layers=LAYERS), a, b)


def test_any_split_and_order_is_the_same():
    a, b = pair(offset=2.0)
    a[:, 2] = np.linspace(0, 50, len(a))  # what drifts
    parts = [
        comoments.update(
            comoments.init(7, 8, layers=LAYERS), None, np.ones(here.stop - here.start, bool), a[here], b[here]
        )
        for here in (slice(0, 1), slice(1, 2), slice(2, 90), slice(90, 91), slice(91, 500))
    ]
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        merged = comoments.init(7, 8, layers=LAYERS)
        for place in order:
            merged = comoments.merge(merged, parts[place])
        assert_sums(merged, a, b)
    tree = comoments.merge(comoments.merge(parts[3], parts[4]), comoments.merge(comoments.merge(*parts[:2]), parts[2]))
    assert_sums(tree, a, b)


def test_padding_does_not_count_wherever_it_is():
    a, b = pair(40)
    wide_a, wide_b, valid = np.full((60, 7), 1e3, np.float32), np.full((60, 8), -1e3, np.float32), np.zeros(60, bool)
    valid[np.r_[5:30, 40:55]] = True
    wide_a[valid], wide_b[valid] = a, b
    assert_sums(comoments.update(comoments.init(7, 8, layers=LAYERS), None, valid, wide_a, wide_b), a, b)


def test_a_unit_that_never_changes_is_exactly_still():
    a, b = pair()
    a[:, 3] = 0.1
    parts = [comoments.over(a[here], b[here]) for here in spans(500, 130)]
    merged = parts[0]
    for part in parts[1:]:
        merged = comoments.merge(merged, part)
    assert merged.a.square[3] == 0 and not merged.cross[3].any()
    assert not comoments.correlation(merged)[3].any()


def test_smaller_layers_are_cut_from_larger_ones():
    a, b = pair()
    whole = comoments.over(a, b, layers=((7,), (8,)))
    for side, own in zip(comoments.layered(whole, LAYERS)[1:3], comoments.over(a, b, layers=LAYERS)[1:3], strict=True):
        for one, other in zip(side.products, own.products, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-3)
    with pytest.raises(ValueError, match="lies in none that was summed"):
        comoments.layered(comoments.over(a, b, layers=LAYERS), ((7,), ()))


def test_a_rotation_is_that_of_standardised_units():
    a, b = pair(3000)
    found = comoments.rotated(jax.random.key(0), comoments.over(a, b, layers=((), (8,))))
    spread = brute(a, b)[1] / np.outer(*2 * [np.sqrt(np.diag(brute(a, b)[1]))])
    np.testing.assert_allclose(
        np.linalg.eigvalsh(found.b.products[0]), np.linalg.eigvalsh(spread), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(found.b.square, np.diag(found.b.products[0]))
    plain = comoments.over(a, b, layers=((), (8,)))
    told = [np.einsum("uo,op,up->u", one.cross, np.linalg.inv(one.b.products[0]), one.cross) for one in (plain, found)]
    np.testing.assert_allclose(*told, rtol=1e-4)  # what the layer as a whole tells of a unit stays
    other = comoments.rotated(jax.random.key(1), plain)
    assert np.abs(other.cross - found.cross).max() > 1


def test_a_layer_is_rotated_by_itself():
    a, b = pair()
    found = comoments.rotated(jax.random.key(0), comoments.over(a, b, layers=((), (7, 1))))
    sign = found.cross[:, 7] / comoments.over(a, b).cross[:, 7]
    np.testing.assert_allclose(np.abs(sign), np.abs(sign[0]), rtol=1e-5)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda a, b: comoments.over(a[:9], b), "a has 9 tokens and b 500; models are compared on the same words"),
        (lambda a, b: comoments.over(a[:1], b[:1]), "at least 2 tokens"),
        (lambda a, b: comoments.over(a, np.where(b > 1, np.nan, b)), "is not finite"),
        (lambda a, b: comoments.over(a[:, 0], b), "expected activations"),
        (lambda a, b: comoments.over(a, b[:, :0]), "units in both models, got 7 and 0"),
        (lambda a, b: comoments.merge(comoments.over(a, b), comoments.over(a, b[:, 1:])), "same units and layers"),
        (lambda a, b: comoments.merge(comoments.over(a, b), comoments.over(a, b, layers=LAYERS)), "and layers, got"),
        (lambda a, b: comoments.over(a, b, layers=((), (8, 1))), "expected 8 in all"),
        (lambda a, b: comoments.rotated(jax.random.key(0), comoments.over(a, b)), "without the products"),
        (lambda a, b: comoments.over(a * np.float32(3e38), b), "spread farther"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_cannot_be_summed_is_said(ask, message):
    a, b = pair()
    with pytest.raises((ValueError, TypeError), match=message):
        ask(a / 8, b)


def test_blocks_do_not_compile_again(no_compilation):
    comoments.over(*pair(), layers=LAYERS)
    with no_compilation():
        comoments.over(*pair(seed=1), layers=LAYERS)
