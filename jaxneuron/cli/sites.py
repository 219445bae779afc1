"""`jaxneuron sites`: where a model can be read and changed."""

import re
from typing import Annotated, Any

import typer

from jaxneuron.cli import _answer, _inputs, _model
from jaxneuron.cli._answer import Answer


def sites(
    model: Annotated[str, typer.Argument(help="As `--model` of the other commands.")],
    head: _inputs.Head = None,
    dictionary: _inputs.Dictionary = None,
    json: _inputs.Json = False,
    out: _inputs.Out = None,
) -> None:
    """Which sites has a model? Its activations by name, with how many units each has and what kind it is."""
    _model.check(model)
    _answer.check(out)
    import jax.numpy as jnp

    from jaxneuron.split import recurrent
    from jaxneuron.types import Tokens, Translation
    from jaxneuron_models.open import open as open_model

    opened = _inputs.with_dictionaries(open_model(model, head=head), dictionary)
    shapes = _inputs.sites(opened)
    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    given = Translation(text, text) if opened.writing is not None else text
    again = recurrent(opened.forward, opened.params, given)
    rows = []
    for name in sorted(shapes, key=_height):
        shape = shapes[name]
        kinds = ["recurrent"] * (name in again) + ["gated"] * (f"{name.rpartition('/')[0]}/gate" in shapes)
        kinds += [f"linear in {beneath}" for linear, beneath in opened.linear.items() if linear == name]
        kinds += ["one vector for the text"] * (shape.shape[-2] == 1)
        rows.append((name, shape.shape[-1], ", ".join(kinds)))
    units = sum(row[1] for row in rows)
    head_said = "no head" if opened.head == "none" else f"a head for the {opened.head}"
    said = f"{len(rows)} sites with {units:,} units; it reads a text by {opened.symbol}s and has {head_said}."
    if opened.labels:
        said += f" Its labels: {', '.join(opened.labels)}."
    _answer.give(
        Answer(f"The sites of {_inputs.short(model)}", [said], ("site", "units", "kind"), rows, shown=len(rows)),
        out,
        json,
    )


def _height(site: str) -> Any:
    """Return by what a site is sorted, from the words up: block 2 is before block 10, and the head is last."""
    first = 0 if site.startswith("embed") else 2 if site.startswith(("final", "logits")) else 1
    return first, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", site)]
