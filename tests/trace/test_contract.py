"""What every trace must satisfy. Methods are discovered: a new file is held to it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _discover
from jaxneuron import trace as package
from jaxneuron.edits import Clamp
from jaxneuron.targets import Logit
from jaxneuron.trace import DEFAULT, Settings
from jaxneuron.types import Tokens
from tests.contracts import called, follows, holding, rejecting
from tests.trace.planted import CIRCUIT, CLEAN, CORRUPTED, EDGES, SITES, forward, named, params, texts

METHODS = _discover.methods(package)
ALL = Settings(share=1.0, edge_share=1.0)
ORDERS = ("first", "integrated", "relevance", "dropped")
WEIGHTS = params()


def run(method, clean=CLEAN, corrupted=CORRUPTED, token=0, sites=SITES, weights=WEIGHTS, **settings):
    """Call a method with what it asks for."""
    given = {"forward": forward, "params": weights, "clean": clean, "corrupted": corrupted, "target": Logit(token)}
    return called(method, given | {"sites": sites, "settings": ALL._replace(**settings)}, shared=("baseline",))


def planted(graph):
    """Return the nodes and edges that should be found, of units or of whole sites as the method has them."""
    whole = bool((graph.nodes.unit < 0).all())
    unit = {name: (*name[:2], -1) if whole else name for name in CIRCUIT}
    edges = {(unit[source], unit[reader]) for source, reader in EDGES}
    return set(unit.values()), edges | {(name, "score") for name in unit.values() if name[0] == "layer1"}


def check_shapes(method):
    """Hold a method to what it returns."""
    found = run(method)
    count, edges = len(found.nodes.site), found.edges
    assert sorted(found.sites) == sorted(SITES) and {*found.sites[:2]} == {"layer0", "aside0"} and count
    assert all(len(one) == count and np.isfinite(one).all() for one in found.nodes)
    assert all(len(one) == len(edges.weight) and np.isfinite(one).all() for one in edges)
    assert (found.nodes.influence >= 0).all() and (found.nodes.influence <= 1 + 1e-6).all()
    assert len(set(named(found))) == count and edges.reader.max() == count and edges.source.max() < count
    order = np.append(found.nodes.site, len(found.sites))
    assert (order[edges.source] < order[edges.reader]).all()  # what is read was computed before


def check_planted(method):
    """Hold a method to a circuit that is there: it is returned whole, with nothing beside it, by every gradient."""
    for order in ORDERS:
        found = run(method, order=order, steps=3)
        nodes, edges = planted(found)
        ends = [*named(found), "score"]
        assert set(ends[:-1]) == nodes, order
        assert {(ends[a], ends[b]) for a, b in zip(found.edges.source, found.edges.reader, strict=True)} == edges, order
        check = found.check
        right = {"faithfulness": 1, "rest": 0, "through": 1, "covered": 1}
        for name, value in right.items():
            np.testing.assert_allclose(getattr(check, name), value, atol=1e-5, err_msg=f"{name} by {order}")
        agreement = np.corrcoef(found.nodes.effect, found.nodes.exact)[0, 1] if len(nodes) > 2 else np.nan
        np.testing.assert_allclose(check.agreement, agreement, rtol=1e-5)


def check_exact(method):
    """Hold a method to patching in a loop."""
    found = run(method)
    clean = forward(WEIGHTS, CLEAN, {})[1]
    before = Logit(0)(*forward(WEIGHTS, CORRUPTED, {}), CORRUPTED)
    for (site, position, unit), exact in zip(named(found), found.nodes.exact, strict=True):
        there = np.zeros(clean[site].shape, bool)
        there[:, position, slice(None) if unit < 0 else unit] = True
        edit = Clamp(jnp.where(there, clean[site], -jnp.inf), jnp.where(there, clean[site], jnp.inf))
        after = Logit(0)(*forward(WEIGHTS, CORRUPTED, {site: edit}), CORRUPTED)
        np.testing.assert_allclose(exact, jnp.mean(after - before), rtol=1e-5)


def check_passed(method):
    """Hold a method to edges along which a node passes on all of its effect, at positions and without."""
    for order in ORDERS[:3]:
        for positions in (True, False):
            found = run(method, order=order, positions=positions, steps=3)
            passed = np.bincount(found.edges.source, found.edges.weight, minlength=len(found.nodes.site))
            np.testing.assert_allclose(passed, found.nodes.effect, atol=1e-5, err_msg=f"{order} {positions}")
            assert (found.nodes.position == -1).all() != positions


def check_rows(method):
    """Hold a method to texts in another order, and with padding behind them."""

    def padded(text):
        return Tokens(jnp.pad(text.ids, ((0, 0), (0, 2)), constant_values=3), jnp.pad(text.mask, ((0, 0), (0, 2))))

    found = run(method)
    turned = run(method, *(jax.tree.map(lambda leaf: leaf[::-1], text) for text in (CLEAN, CORRUPTED)))
    for other in (turned, run(method, padded(CLEAN), padded(CORRUPTED))):
        assert named(other) == named(found)
        for a, b in zip(jax.tree.leaves(found[1:]), jax.tree.leaves(other[1:]), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def check_same(method):
    """Hold a method to texts that do not differ: nothing is found."""
    found = run(method, CLEAN, CLEAN)
    assert not len(found.nodes.site) and not len(found.edges.weight) and np.isnan(found.check.agreement)


REFUSED = {
    "did you mean 'layer1'": {"sites": ("layer2",)},
    "each once": {"sites": ()},
    "the same length, got [3, 3] and [3] tokens": {"corrupted": texts([0, 1, 0])},
    "got 'second'": {"order": "second"},
    "`share` is a share": {"share": 0.0},
    "`edge_share` is a share": {"edge_share": 1.5},
    "`most` must be at least 1": {"most": 0},
    "`steps` must be at least 1": {"order": "integrated", "steps": 0},
    "unit [9] is out of range": {"token": 9},
}


def check_refused(method):
    """Hold a method to naming what is wrong."""
    for said, given in REFUSED.items():
        try:
            run(method, **given)
        except (KeyError, ValueError) as error:
            assert said in str(error), f"{error}"
        else:
            raise AssertionError(f"nothing was said: {said}")


def check_arguments(method):
    """Hold a method to the folder's Protocol, but for which settings are its own."""
    assert isinstance(_discover.settings(method), Settings)
    follows(functools.partial(method, settings=DEFAULT), package.Trace)


CHECKS = (
    check_shapes,
    check_planted,
    check_exact,
    check_passed,
    check_rows,
    check_same,
    check_refused,
    check_arguments,
)

test_a_method_holds_the_contract = holding(METHODS, CHECKS)


@pytest.mark.parametrize("name", METHODS)
def test_other_values_compile_nothing(name, no_compilation):
    run(METHODS[name])
    other = jax.tree.map(lambda leaf: leaf * 1.5, WEIGHTS)
    with no_compilation():
        run(METHODS[name], CORRUPTED, CLEAN, weights=other)


def test_the_methods_are_found():
    assert {"neurons", "edges"} <= set(METHODS)


class broken:
    """Traces with one mistake each."""

    def right(*given, **options):
        return METHODS["neurons"](*given, **options)

    def forgets_a_node(forward, params, clean, corrupted, target, *, sites, settings=DEFAULT, baseline=0.0):
        return broken.right(
            forward, params, clean, corrupted, target, sites=sites, settings=settings._replace(share=0.6)
        )

    def forgets_an_edge(forward, params, clean, corrupted, target, *, sites, settings=DEFAULT, baseline=0.0):
        return broken.right(
            forward, params, clean, corrupted, target, sites=sites, settings=settings._replace(edge_share=0.5)
        )

    def sees_one_text(forward, params, clean, corrupted, target, *, sites, settings=DEFAULT, baseline=0.0):
        first = [jax.tree.map(lambda leaf: leaf[:1], text) for text in (clean, corrupted)]
        return broken.right(forward, params, *first, target, sites=sites, settings=settings)

    def believes_its_estimates(forward, params, clean, corrupted, target, *, sites, settings=DEFAULT, baseline=0.0):
        found = broken.right(forward, params, clean, corrupted, target, sites=sites, settings=settings)
        return found._replace(nodes=found.nodes._replace(exact=found.nodes.effect))

    def turns_the_edges(forward, params, clean, corrupted, target, *, sites, settings=DEFAULT, baseline=0.0):
        found = broken.right(forward, params, clean, corrupted, target, sites=sites, settings=settings)
        return found._replace(edges=found.edges._replace(source=found.edges.reader, reader=found.edges.source))

    def misspells(forward, params, clean, corrupt, target, *, sites, settings=DEFAULT, baseline=0.0):
        return broken.right(forward, params, clean, corrupt, target, sites=sites, settings=settings)


test_the_contract_rejects = rejecting(
    broken,
    [
        ("forgets_a_node", check_planted),
        ("forgets_an_edge", check_planted),
        ("forgets_an_edge", check_passed),
        ("sees_one_text", check_rows),
        ("believes_its_estimates", check_exact),
        ("turns_the_edges", check_shapes),
        ("misspells", check_arguments),
        ("misspells", check_shapes),
    ],
)
