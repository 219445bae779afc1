"""What becomes of predictions, and what is written, where a model is pushed along units or a direction, by amounts."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._chosen import Chosen
from jaxneuron.cli._options import LONGEST, Seed, existing
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

EXPECTED = "directions as numbers, [unit] or [direction unit], in a .npy file"

AMOUNTS = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Where none are named: in standard deviations of a unit, or in lengths of a direction."""


class Given(NamedTuple):
    """What is pushed, the text that is read, and how much is written."""

    model: _inputs.Model
    chosen: Chosen
    direction: Annotated[
        Path | None, typer.Option(help="Instead of units: a .npy file of directions of the site, [direction unit].")
    ] = None
    text: _asked.Text = _asked.Text(most=200)
    prompt: Annotated[str | None, typer.Option(help="Also write: what the text begins with.")] = None
    length: Annotated[int, typer.Option(min=1, max=LONGEST, help="Symbols to write.")] = 40
    temperature: Annotated[float, typer.Option(min=0, help="Divides the scores; 0 takes the likeliest.")] = 0.0
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Push a site along units or directions, by amounts: what becomes of predictions, and what is written."""
    if given.direction is None:
        given.chosen.check()
    elif given.chosen.units or given.chosen.ranking is not None:
        raise ValueError("--direction and units are both given; give one of them")
    elif existing("--direction", given.direction, EXPECTED).suffix != ".npy":
        raise ValueError(f"--direction {given.direction}: expected {EXPECTED}")
    given.text.check(given.model)
    given.shown.check()
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.cli import _changes
    from jaxneuron.types import Tokens

    site, read = given.chosen.site, given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    if opened.head == "none":
        raise ValueError("the model has no head, so it predicts nothing that a push could change; give one with a head")
    _inputs.shape(opened, site)
    unknown = _inputs.unknown(opened, read.sentences)
    tokens = Tokens(*(jnp.asarray(leaf) for leaf in _inputs.beginnings(opened, read.sentences).tokens))
    if opened.head == "next word" and tokens.mask.shape[1] < 2:
        raise ValueError(f"each text is one {opened.symbol}, after which nothing is predicted; give longer texts")
    pushes, names = _pushes(given, opened, tokens)
    amounts = tuple(told.get("amounts") or AMOUNTS)
    known = {"forward": opened.forward, "params": opened.params, "tokens": tokens, "pushes": pushes}
    known["target"] = _changes.Predicted(opened.head == "next word", outputs=False)
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} at {site}")
        effect = call(method, "intervene", known, {**told, "amounts": amounts}, site=site, progress=progress)
    total = {name: np.asarray(value, np.float64).sum(-1) for name, value in effect.edited._asdict().items()
             if value is not None}  # fmt: skip
    places = float(np.asarray(effect.unedited.places).sum())
    before = float(np.asarray(effect.unedited.loss).sum()) / places
    rows = []
    for row, name in enumerate(names):
        for column, amount in enumerate(amounts):
            loss, moved, flips = (float(total[one][row, column]) / places for one in ("loss", "divergence", "flips"))
            exact = (0.0, 0.0) if not amount else (loss - before, moved)  # without a push there is rounding only
            text = _written(given, opened, pushes[row], amount) if given.prompt is not None else ""
            rows.append((name, amount, float(np.exp(min(loss, 700))), *exact, flips, text))
    far = max(rows, key=lambda row: row[4])
    said = [
        f"The perplexity is {np.exp(min(before, 700)):.4g} as the model is, and {far[2]:.4g} if {site} is pushed along "
        f"{far[0] if given.direction else f'units {far[0]}'} by {far[1]:+g}, which moves the predictions most "
        f"({far[4]:.3g} nats a place).",
        f"{unknown}.",
    ]
    columns = ("pushed", "amount", "perplexity", "loss", "divergence", "flips", "written")
    note = (
        "amount: in standard deviations of a unit over the text, or in lengths of a direction; perplexity: of the "
        "symbol to come, or of the model's own first choice where it predicts no next one; loss: by how many nats a "
        "place it rises; divergence: KL(without || with), nats a place; flips: the share of places with another first "
        "choice."
    )
    given.shown.give(Answer(f"What if {site} is pushed?", said, columns, rows, note=note))


def _pushes(given: Given, model: Any, tokens: Any) -> tuple[Any, list[str]]:
    """Return the directions, `[direction unit]`, and their names."""
    import numpy as np

    from jaxneuron.intervene import steer

    site = given.chosen.site
    if given.direction is None:
        sets = given.chosen.sets(model)
        made = [steer.unit_direction(model.forward, model.params, tokens, units, site=site) for units in sets.masks]
        return np.stack(made), sets.names
    width = _inputs.shape(model, site).shape[-1]
    try:
        found = np.atleast_2d(np.load(given.direction, allow_pickle=False).astype(np.float32))
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"--direction {given.direction}: {error}; expected {EXPECTED}") from error
    if found.ndim != 2 or found.shape[1] != width or not np.isfinite(found).all():
        raise ValueError(
            f"--direction {given.direction}: {site!r} has {width} units, got numbers of shape {found.shape}"
        )
    return found, [f"direction {number}" for number in range(len(found))]


def _written(given: Given, model: Any, push: Any, amount: float) -> str:
    """Return what the model writes under a push."""
    import jax

    from jaxneuron.cli import _writing
    from jaxneuron.intervene import Sampling, generate, steer

    prompts = _writing.prompts(model, [given.prompt or ""])
    state = _writing.state(model, 1, prompts, given.length)
    edits = steer.edits(push, amount, site=given.chosen.site)
    sampling, key = Sampling(given.length, given.temperature), jax.random.key(given.seed)
    found = generate.intervene(key, model.step, model.params, state, prompts, edits, sampling=sampling)
    return _writing.written(model, found.tokens)[0]
