"""`jaxneuron generate`: text that a model writes while some of its units are held or off."""

import re
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._shared import counted

HOLD = re.compile(r"(.+):([\d,-]+)=(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")


class Given(NamedTuple):
    """A model that writes, how, and which of its units are held."""

    model: _inputs.Model
    prompt: Annotated[str, typer.Option(help="What the text begins with.")] = ""
    hold: Annotated[list[str] | None, typer.Option(help="site:units=value, such as lstm0/hidden:3=1; repeatable.")] = (
        None
    )
    length: Annotated[int, typer.Option(min=1, max=2**14, help="Symbols to write.")] = 100
    texts: Annotated[int, typer.Option("--count", min=1, max=2**10, help="How many texts.")] = 3
    temperature: Annotated[float, typer.Option(min=0, help="Divides the scores; 0 takes the likeliest.")] = 1.0
    top_k: Annotated[int | None, typer.Option(min=1, help="Draw among so many of the likeliest.")] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def generate(given: Given) -> None:
    """What does it write, with these units held? The same draws without them stand beside it."""
    held = [_held(one) for one in given.hold or ()]
    _inputs.check(given.model, None, None, None, needed=False)
    given.shown.check()
    import jax
    import numpy as np

    from jaxneuron.cli import _writing
    from jaxneuron.intervene import Sampling
    from jaxneuron.intervene import generate as writing

    opened = _inputs.load(given.model, given.head, given.dictionary)
    prompts = _writing.prompts(opened, [given.prompt] * given.texts)
    edits = _edits(opened, held)
    sampling = Sampling(given.length, given.temperature, given.top_k)
    rows: list[Any] = []
    for name, some in (("without", {}), ("held", edits))[: 1 + bool(edits)]:
        state = _writing.state(opened, given.texts, prompts, given.length)
        key = jax.random.key(given.seed)
        found = writing.intervene(key, opened.step, opened.params, state, prompts, some, sampling=sampling)
        mean = found.log_probability.sum(-1) / np.maximum(found.sampled.sum(-1), 1)
        for number, written in enumerate(_writing.written(opened, found.tokens)):
            rows.append((number, name, written, float(mean[number])))
    beside = f", and again with {', '.join(given.hold)}" if given.hold else ""
    said = [f"{counted(given.texts, 'text')} of {counted(given.length, opened.symbol)}{beside}."]
    title = f"What does {_inputs.short(given.model)} write?"
    columns = ("text", "units", "written", "log p a symbol")
    given.shown.give(Answer(title, said, columns, rows, note=_writing.NOTE))


def _held(text: str) -> tuple[str, list[int], float]:
    found = HOLD.fullmatch(text)
    if not found:
        raise ValueError(f"--hold {text}: expected site:units=value, such as lstm0/hidden:3=1 or block0/mlp:0-9=0")
    return found.group(1), _inputs.numbers(found.group(2)), float(found.group(3))


def _edits(model: Any, held: list[tuple[str, list[int], float]]) -> dict[str, Any]:
    """Return edits that hold units at values."""
    import numpy as np

    from jaxneuron.edits import Clamp

    bounds: dict[str, Any] = {}
    for site, units, value in held:
        width = _inputs.units_there(model, site, units)
        low, high = bounds.setdefault(site, (np.full(width, -np.inf, np.float32), np.full(width, np.inf, np.float32)))
        low[units] = high[units] = value
    return {site: Clamp(low, high) for site, (low, high) in bounds.items()}
