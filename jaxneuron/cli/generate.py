"""`jaxneuron generate`: text that a model writes while some of its units are held or off."""

import re
from typing import Annotated, Any

import typer

from jaxneuron.cli import _answer, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed

HOLD = re.compile(r"(.+):([\d,-]+)=(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")


def generate(
    model: _inputs.Model,
    prompt: Annotated[str, typer.Option(help="What the text begins with.")] = "",
    hold: Annotated[
        list[str] | None, typer.Option(help="site:units=value, such as lstm0/hidden:3=1; repeatable.")
    ] = None,
    length: Annotated[int, typer.Option(min=1, max=2**14, help="Symbols to write.")] = 100,
    count: Annotated[int, typer.Option(min=1, max=2**10, help="How many texts.")] = 3,
    temperature: Annotated[float, typer.Option(min=0, help="Divides the scores; 0 takes the likeliest.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(min=1, help="Draw among so many of the likeliest.")] = None,
    head: _inputs.Head = None,
    seed: Seed = 0,
    json: _inputs.Json = False,
    out: _inputs.Out = None,
) -> None:
    """What does it write, with these units held? The same draws without them stand beside it."""
    held = [_held(one) for one in hold or ()]
    _inputs.check(model, None, None, None, needed=False)
    _answer.check(out)
    import jax
    import numpy as np

    from jaxneuron.extract import reading
    from jaxneuron.intervene import Sampling
    from jaxneuron.intervene import generate as writing
    from jaxneuron.types import Tokens

    opened = _inputs.load(model, head)
    if opened.step is None or opened.initial_state is None:
        raise ValueError(
            f"{model} cannot write: it does not read on from word to word; give a causal language model, such as one "
            "of `jaxneuron train lstm` or a GPT"
        )
    edits = _edits(opened, held)
    if prompt:
        given: Any = prompt if opened.symbol == "character" else prompt.split()
        tokens = reading.read(opened, [given]).tokens
        ids = np.asarray(tokens.ids)[:, : int(tokens.mask.sum())]
    else:
        ids = np.array([[_start(opened)]], np.int32)
    ids = np.repeat(ids, count, axis=0)
    text = Tokens(ids, np.ones(ids.shape, bool))
    rows: list[Any] = []
    for name, some in (("without", {}), ("held", edits)):
        if name == "held" and not edits:
            continue
        state = opened.initial_state(count, ids.shape[1] + length)
        found = writing.intervene(
            jax.random.key(seed),
            opened.step,
            opened.params,
            state,
            text,
            some,
            sampling=Sampling(length, temperature, top_k),
        )
        mean = found.log_probability.sum(-1) / np.maximum(found.sampled.sum(-1), 1)
        for number in range(count):
            written = found.tokens.ids[number][found.tokens.mask[number]].tolist()
            rows.append((number, name, _text(opened, written), float(mean[number])))
    said = [f"{count} texts of {length} {opened.symbol}s{f', with {chr(44).join(hold)} beside' if hold else ''}."]
    _answer.give(
        Answer(f"What does {model} write?", said, ("text", "units", "written", "log p a symbol"), rows), out, json
    )


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


def _start(model: Any) -> int:
    """Return the symbol that a text begins with: the model's own sign of it, or the first that is none of its signs."""
    words = model.vocabulary.words
    for sign in ("<s>", "<bos>", "<|endoftext|>", "<start>", "\n<s>\n", "\n", "."):
        if sign in words:
            return words.index(sign)
    return next((number for number, word in enumerate(words) if not word.startswith("<")), 0)


def _text(model: Any, ids: list[int]) -> str:
    if model.tokenizer is not None:
        return model.tokenizer.decode(ids)
    between = "" if model.symbol == "character" else " "
    return between.join(model.vocabulary.words[number] for number in ids)
