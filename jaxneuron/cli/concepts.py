"""`jaxneuron concepts METHOD`: whether a model uses what a list of words stands for."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _activations, _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn, existing
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

EXAMPLES = 2000
"""Words of each concept, and other words, that are read at most."""


class Given(NamedTuple):
    """Concepts, the text in which they are looked for, and the target that they may speak for."""

    model: _inputs.Model
    data: Annotated[Path, typer.Option(help="The text in which the words of the concepts occur.")]
    site: Annotated[str, typer.Option(help="Sites, with commas, at which a concept is looked for.")]
    concept: Annotated[list[Path], typer.Option(help="A file of words, one a line, that are a concept; repeatable.")]
    text: _inputs.Texts = None
    target: _inputs.Target = None
    position: _inputs.Position = -1
    split: _inputs.Split = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    head: _inputs.Head = None
    most: _inputs.Most = 1000
    explained: Annotated[int, typer.Option(min=2, help="Without --text: texts of the data that are explained.")] = 20
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def concepts(method: Method, told: Told, given: Given) -> None:
    """Ask whether a target's score rises along the direction of a concept."""
    sites = names("--site", given.site) or []
    corpus = _asked.Text(None, given.data, given.split, given.text_column, given.label_column, given.most)
    corpus.check(given.model)
    if "gradients" not in method.takes:
        raise ValueError(f"{method.name} takes what other methods found; call {method.module}.explain from Python")
    for path in given.concept:
        existing("--concept", path, "a file with a word a line")
    given.shown.check()
    import jax
    import numpy as np

    from jaxneuron.concepts.tcav import Examples

    read = corpus.read()
    words = [word.lower() for words in read.sentences for word in words]
    places = {path.name.partition(".")[0]: _places(path, words) for path in given.concept}
    others = np.setdiff1d(np.arange(len(words)), np.concatenate(list(places.values())))
    draw = np.random.default_rng(given.seed)
    random = np.sort(draw.permutation(others)[:EXAMPLES])
    opened = _inputs.load(given.model, given.head)
    _inputs.unknown(opened, read.sentences)
    asked = [one.split() for one in given.text] if given.text else read.sentences[: given.explained]
    with bars(given.shown.json) as report:
        progress = report(f"activations of {read.name}")
        with _activations.of_words(opened, read.sentences, sites, progress) as store:
            table = {name: np.asarray(store[name], np.float32) for name in sites}
        progress = report(f"gradients of {len(asked)} texts")
        gradients = {}
        for number, name in enumerate(sites):
            gradients[name] = _gradients(opened, asked, name, given.target, given.position)
            progress(number + 1, len(sites))
        known = {
            "key": jax.random.key(given.seed),
            "gradients": gradients,
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
    given.shown.give(Answer(f"Does {given.model} use these concepts?", said, columns, rows))


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


def _gradients(model: Any, sentences: list[list[str]], site: str, target: str | None, position: int) -> Any:
    """Return the gradient of each text's target, `[text unit]`, summed over time; all texts in one program."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.cli import _explained
    from jaxneuron.extract import reading
    from jaxneuron.split import above, below
    from jaxneuron.targets import Logit, scores
    from jaxneuron.types import Tokens

    read = reading.read(model, sentences)
    _inputs.shape(model, site)
    forward, wanted = jax.jit(model.forward), []
    for number, words in enumerate(sentences):
        tokens = Tokens(*(jnp.asarray(leaf[number : number + 1]) for leaf in read.tokens))
        output, activations = forward(model.params, tokens, {})
        place = _explained.place(read.word[number], position, len(words))
        wanted.append(_explained.wanted(model, output, activations, target, place)[0])
    places = np.array([one.position for one in wanted], np.int32)
    logit = isinstance(wanted[0], Logit)
    indices = np.array([one.token if logit else one.index for one in wanted], np.int32)

    def one(ids: Any, mask: Any, place: Any, index: Any) -> Any:
        tokens = Tokens(ids[None], mask[None])

        def read_off(output: Any, activations: Any, tokens: Any) -> Any:
            return (scores(output) if logit else activations[wanted[0].site])[:, place, index]

        score = above(model.forward, model.params, tokens, site, read_off)
        x = below(model.forward, model.params, site)(tokens)
        return jax.grad(lambda x: jnp.sum(score(x)))(x)[0].sum(0)

    return jax.jit(jax.vmap(one))(jnp.asarray(read.tokens.ids), jnp.asarray(read.tokens.mask), places, indices)
