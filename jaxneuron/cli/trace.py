"""`jaxneuron trace METHOD`: through which units does what two texts differ in reach a score?"""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._pictures import Drawing
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import counted, notice
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """Two texts, the score that differs, and the sites on its way."""

    model: _inputs.Model
    clean: Annotated[str, typer.Option(help="The text whose score is explained.")]
    corrupted: Annotated[
        str | None,
        typer.Option(help="A text of as many tokens that scores otherwise; by default the clean one with units at 0."),
    ] = None
    target: _inputs.Target = None
    against: Annotated[
        str | None,
        typer.Option(
            help="A label or word whose score is taken off that of the target; without a --target, what the head "
            "scores highest of the corrupted text."
        ),
    ] = None
    position: _inputs.Position = -1
    sites: Annotated[
        list[str] | None,
        typer.Option(
            "--site",
            help="Where the nodes are; may be given several times. By default the hidden units of every block, or, of "
            "edges, what every block's attention and MLP write.",
        ),
    ] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    shown: _asked.Shown = _asked.Shown()


def trace(method: Method, told: Told, given: Given) -> None:
    """Draw the graph by which what two texts differ in reaches a score."""
    texts = [given.clean, *([] if given.corrupted is None else [given.corrupted])]
    _inputs.check(given.model, texts, None, None)
    given.shown.check()
    import numpy as np

    from jaxneuron.cli import _explained
    from jaxneuron.report import circuits

    opened = _inputs.load(given.model, given.head, given.dictionary)
    sentences = [text.split() for text in texts]
    _inputs.unknown(opened, sentences)
    read = _inputs.beginnings(opened, sentences)
    at = _explained.place(read.word[0], given.position, len(sentences[0]))
    tokens = [_row(read.tokens, number) for number in range(len(texts))]
    target, name = _target(opened, tokens, given, at)
    known = {"forward": opened.forward, "params": opened.params, "clean": tokens[0], "target": target}
    known["corrupted"] = tokens[1] if given.corrupted is not None else None
    graph = call(method, "trace", known, told, sites=given.sites or _sites(opened, tokens[0], target, method.name))
    length = int(np.asarray(read.tokens.mask[0]).sum())
    asked = circuits.Asked(_inputs.short(given.model), given.clean, read.pieces[0][:length], name, at)
    if not len(graph.nodes.site):
        notice(f"nothing at {', '.join(graph.sites)} changes {name}: the texts do not differ there")
    note = (
        "Orange raises the score, blue lowers it; the larger a node, the larger its effect; the wider an edge, the "
        "more passes along it. The pointer shows numbers. graph.json has the graph in Neuronpedia's schema."
    )
    answer = Answer(
        f"Through which {'sites' if method.name == 'edges' else 'units'} of {_inputs.short(given.model)} does "
        f"{name} come about?",
        _said(graph, name),
        ("kind", "site", "unit", "place", "token", "to", "effect", "patched alone", "influence"),
        _rows(graph, asked),
        drawings=[Drawing("The graph", circuits.drawing(graph, asked), note)],
        files={"graph.json": circuits.written(graph, asked)},
    )
    given.shown.give(answer)


def _row(tokens: Any, number: int) -> Any:
    import jax.numpy as jnp

    from jaxneuron.types import Tokens

    return Tokens(jnp.asarray(tokens.ids[number : number + 1]), jnp.asarray(tokens.mask[number : number + 1]))


def _target(opened: Any, tokens: list[Any], given: Given, at: int) -> tuple[Any, str]:
    """Return the score that is explained, and its name.

    Raises:
        KeyError, ValueError: no such output or unit, or a model without a head and no unit.
    """
    import jax

    from jaxneuron.cli import _explained
    from jaxneuron.targets import Minus

    runs = [jax.jit(opened.forward)(opened.params, one, {}) for one in tokens]
    (output, activations), (other_output, _) = runs[0], runs[-1]
    target, name = _explained.wanted(opened, output, activations, given.target, at)
    if given.against is None and (given.target is not None or given.corrupted is None):
        return target, name
    other, less = _explained.wanted(opened, other_output, activations, given.against, at)
    if less == name:
        if given.against is not None:
            raise ValueError(f"--against {given.against}: that is the target itself; give another one")
        return target, name  # both texts are followed by the same
    return Minus(target, other), f"{name} rather than {less}"


def _sites(opened: Any, tokens: Any, target: Any, method: str) -> list[str]:
    """Return the sites that are asked about where none is said.

    Raises:
        ValueError: none of the model's sites is called so.
    """
    from jaxneuron.split import on_path
    from jaxneuron.tap import sites

    names = sites(opened.forward, opened.params, tokens)
    ends = ("/attention", "/mlp") if method == "edges" else ("hidden",)
    first = [name for name in ("embed",) if name in names and method == "edges"]
    start = next((name for name in ("embed/word", "embed") if name in names), None)
    reached = on_path(opened.forward, opened.params, tokens, start, target) if start else names
    found = [*first, *(name for name in names if name.endswith(ends) and name in reached)]
    if not found:
        raise ValueError(
            f"no site of the model ends in {' or '.join(ends)}; say where the nodes are by --site, once or more: "
            f"{', '.join(names)}"
        )
    return found


def _said(graph: Any, name: str) -> list[str]:
    check = graph.check
    said = [
        f"{name} scores {check.clean:.4g} after the clean text and {check.corrupted:.4g} after the other.",
        f"{counted(len(graph.nodes.site), 'node')} have {check.covered:.0%} of all estimated effects, "
        f"{counted(len(graph.edges.weight), 'edge')} are kept.",
    ]
    agreement = "" if check.agreement != check.agreement else f" (correlation with the estimates {check.agreement:.3f})"
    said.append(
        f"Measured by exact patching{agreement}: {check.through:.0%} of the difference passes through these sites; the "
        f"nodes alone bring back {check.faithfulness:.0%} of that, all but them {check.rest:.0%}."
    )
    return said


def _rows(graph: Any, asked: Any) -> list[Any]:
    """Return a row for each node and each edge, the strongest first."""
    import numpy as np

    from jaxneuron.report import circuits

    nodes, edges = graph.nodes, graph.edges

    def named(number: int) -> tuple[str, Any, Any, str]:
        at, unit = int(nodes.position[number]), int(nodes.unit[number])
        token = asked.pieces[at] if at >= 0 else ""
        return graph.sites[nodes.site[number]], "" if unit < 0 else unit, "" if at < 0 else at, token

    rows: list[Any] = [
        ("node", *named(number), "", nodes.effect[number], nodes.exact[number], nodes.influence[number])
        for number in np.argsort(-np.abs(nodes.effect), kind="stable").tolist()
    ]
    for number in np.argsort(-np.abs(edges.weight), kind="stable").tolist():
        to = (
            asked.target if edges.reader[number] == len(nodes.site) else circuits.name(graph, int(edges.reader[number]))
        )
        rows.append(("edge", *named(int(edges.source[number])), to, edges.weight[number], "", ""))
    return rows
