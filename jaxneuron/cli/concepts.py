"""`jaxneuron concepts METHOD`: whether a model uses what a list of words stands for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jaxneuron.cli import _activations, _answer, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn, existing, names
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

EXAMPLES = 2000
"""Words of each concept, and other words, that are read at most."""


def concepts(
    method: Method,
    told: Told,
    *,
    model: _inputs.Model,
    data: Annotated[Path, typer.Option(help="The text in which the words of the concepts occur.")],
    concept: Annotated[list[Path], typer.Option(help="A file of words, one a line, that are a concept; repeatable.")],
    site: Annotated[str, typer.Option(help="Sites, with commas, at which a concept is looked for.")],
    text: _inputs.Texts = None,
    target: _inputs.Target = None,
    position: _inputs.Position = -1,
    split: _inputs.Split = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    head: _inputs.Head = None,
    most: _inputs.Most = 1000,
    explained: Annotated[int, typer.Option(min=2, help="Without --text: texts of the data that are explained.")] = 20,
    seed: Seed = 0,
    json: _inputs.Json = False,
    out: _inputs.Out = None,
) -> None:
    """Ask whether a target's score rises along the direction of a concept."""
    sites = names("--site", site) or []
    _inputs.check(model, None, data, split)
    if "gradients" not in method.takes:
        raise ValueError(f"{method.name} takes what other methods found; call {method.module}.explain from Python")
    for path in concept:
        existing("--concept", path, "a file with a word a line")
    _answer.check(out)
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.cli import _explained
    from jaxneuron.concepts.tcav import Examples

    read = _inputs.read(None, data, split, most, column=_inputs.columns_of(text_column, label_column))
    words = [word.lower() for words in read.sentences for word in words]
    places = {path.name.partition(".")[0]: _places(path, words) for path in concept}
    others = np.setdiff1d(np.arange(len(words)), np.concatenate(list(places.values())))
    draw = np.random.default_rng(seed)
    random = np.sort(draw.permutation(others)[:EXAMPLES])
    opened = _inputs.load(model, head)
    _inputs.unknown(opened, read.sentences)
    asked = [one.split() for one in text] if text else read.sentences[:explained]
    with bars(json) as report:
        progress = report(f"activations of {read.name}")
        with _activations.of_words(opened, read.sentences, sites, progress) as store:
            table = {name: np.asarray(store[name], np.float32) for name in sites}
        progress = report(f"gradients of {len(asked)} texts")
        gradient: dict[str, list[Any]] = {name: [] for name in sites}
        for number, sentence in enumerate(asked):
            for name in sites:
                found = _explained.explain(opened, sentence, name, target, position)
                gradient[name].append(jax.grad(lambda x, f=found.f: jnp.sum(f(x)))(found.x).sum(1)[0])
            progress(number + 1, len(asked))
        known = {
            "key": jax.random.key(seed),
            "gradients": {name: jnp.stack(rows) for name, rows in gradient.items()},
            "concepts": {name: Examples({site: table[site][rows] for site in sites}) for name, rows in places.items()},
            "random": Examples({site: table[site][random] for site in sites}),
        }
        result = call(method, "explain", known, told, progress=report(method.name))
    rows = [
        (
            name,
            site,
            len(places[name]),
            float(result.score.count[i, j]),
            float(result.p[i, j]),
            float(result.accuracy[i, j]),
        )
        for i, site in enumerate(result.sites)
        for j, name in enumerate(result.concepts)
    ]
    columns = ("concept", "site", "words", "rises", "p", "told apart")
    said = [
        f"{'' if row[4] < 0.05 else 'No sign that '}{row[0]} at {row[1]}: the score rises along it in {row[3]:.0%} of "
        f"{len(asked)} texts (p = {row[4]:.3g}); its words are told from others with {row[5]:.0%}."
        for row in rows
    ]
    _answer.give(Answer(f"Does {model} use these concepts?", said, columns, rows), out, json)


def _places(path: Path, words: list[str]) -> Any:
    """Return the words of a text that a concept's file lists.

    Raises:
        ValueError: fewer than two occur.
    """
    import numpy as np

    listed = {line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()}
    found = np.flatnonzero([word in listed for word in words])
    if len(found) < 2:
        raise ValueError(
            f"--concept {path}: {len(found)} of its words occur in the text; give words that do, or more text"
        )
    return found[:EXAMPLES]
