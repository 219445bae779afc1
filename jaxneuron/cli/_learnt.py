"""Dictionaries that `jaxneuron decompose` learns: the folder, what they keep of text held out, and words by feature."""

import shutil
from contextlib import ExitStack
from typing import Any, NamedTuple

from jaxneuron.cli import _activations, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._pictures import Spread
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method
from jaxneuron.report.coloured import Coloured

METHODS = ("sparse_autoencoder", "transcoder")

HELD_OUT = 10
"""Every tenth text is held out."""

TRAINING = ".training"
"""The folder, inside that of the answer, where a training is kept until it is done."""

COLOURED = 40
"""Features of which the page shows a text in colour."""

IN_MODEL = 64
"""Texts held out on which the model is run with the reconstruction in the site's place."""


class _Split(NamedTuple):
    """Texts to learn from, and texts held out."""

    learnt: list[list[str]]
    held: list[list[str]]


def learn(method: Method, told: Told, given: Any) -> None:
    """Learn a dictionary of a site, write its folder, and say what it keeps and what its features respond to."""
    if method.name == "transcoder" and given.output is None:
        raise ValueError("--output is missing: the site that the transcoder writes, such as block3/mlp")
    if method.name != "transcoder" and given.output is not None:
        raise ValueError(f"--output {given.output} is for transcoders; {method.name} writes the site that it reads")
    import jax

    from jaxneuron.corpora import selection
    from jaxneuron.dictionary import FEATURES, Codes, folder
    from jaxneuron.evaluate import reconstruction

    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    sites = [given.site] + ([given.output] if given.output else [])
    for site in sites:
        _inputs.shape(opened, site)
        if _activations.one_for_text(opened, site):
            raise ValueError(
                f"{site!r} has one vector for a text; a dictionary is learnt of a site with one for each word"
            )
    texts = _split(read.sentences)
    unknown = _inputs.unknown(opened, read.sentences)
    out, place = given.shown.out, None if given.shown.out is None else given.shown.out / TRAINING
    with bars(given.shown.json) as report, ExitStack() as stack:
        progress = report(f"{' and '.join(sites)} of {read.name}")
        store = stack.enter_context(_activations.of_words(opened, texts.learnt, sites, progress))
        held = stack.enter_context(_activations.of_words(opened, texts.held, sites, progress))
        known = {"key": jax.random.key(given.seed), "activations": store[given.site]}
        extra = {"directory": place, "progress": report(f"{method.name}")}
        _, learned = call(method, "decompose", known, told, **extra, **_outputs(store, given.output))
        found = _placed(learned.dictionary, given.site, given.output)
        kept = reconstruction.kept(held[given.site], found, **_outputs(held, given.output))
        codes = Codes(found, held[given.site])
        top = selection.top_contexts(codes, texts.held, count=given.k, length=1).highest
        order = _telling(kept.density, top, given.k)
        coloured = _coloured(codes, order, top, texts.held)
    recovered = _recovered(opened, found, texts.held)
    if out is not None:
        metadata = {"model_name": _inputs.short(given.model), "dataset_path": read.name}
        folder.write(
            out,
            found,
            metadata=metadata,
            density=kept.density,
            post_norm=not getattr(opened.config, "norm_first", True),
        )
    flat = [word for words in texts.held for word in words]
    rows = []
    for feature in order:
        items = [(item, score) for item, score in zip(top.item[feature], top.score[feature], strict=True) if item >= 0]
        words = " | ".join(flat[item] for item, score in items if score > 0)
        rows.append((feature, float(kept.density[feature]), float(items[0][1]) if items else 0.0, words))
    said = [*_said(found, kept, recovered, learned.curve, texts), f"{unknown}."]
    if out is not None:
        said.append(
            f"The folder {out} is SAELens's; ask about the features with --dictionary {out} and "
            f"--site {found.written}/{FEATURES}."
        )
    given.shown.give(
        Answer(
            f"Which directions is {found.written} of {_inputs.short(given.model)} a sum of?",
            said,
            ("feature", "density", "highest", "highest at"),
            rows,
            coloured,
            _spreads(learned.curve, kept),
            note="density: the share of words at which the feature is active; highest: its largest code. First come "
            "features that say most where they are high: by the highest code times the bits by which it surprises that "
            f"they are active, and those last that are active at fewer than {given.k} words. In a text, the stronger "
            "the colour, the more of the feature.",
        )
    )
    if place is not None and place.is_dir():
        shutil.rmtree(place)


def _split(sentences: list[list[str]]) -> _Split:
    """Return all texts but every tenth, and every tenth.

    Raises:
        ValueError: there are too few.
    """
    if len(sentences) < 2:
        raise ValueError("a dictionary is learnt of some texts and judged on others; give at least two texts (--data)")
    held = sentences[HELD_OUT - 1 :: HELD_OUT] or sentences[-1:]
    rest = [words for number, words in enumerate(sentences) if number % HELD_OUT != HELD_OUT - 1]
    return _Split(rest if len(sentences) >= HELD_OUT else sentences[:-1], held)


def _outputs(store: Any, output: str | None) -> dict[str, Any]:
    return {} if output is None else {"outputs": store[output]}


def _placed(dictionary: Any, site: str, output: str | None) -> Any:
    """Return a dictionary that knows its sites."""
    from dataclasses import replace

    return replace(dictionary, site=site, output=output or "")


def _telling(density: Any, top: Any, least: int) -> list[int]:
    """Return the features, from the one that says most where it is highest to those that are never active."""
    import numpy as np

    bits = -np.log2(np.where(density > 0, density, 1))
    highest = np.where(top.item[:, 0] >= 0, top.score[:, 0], 0)
    seldom = (np.where(top.item >= 0, top.score, 0) > 0).sum(axis=1) < least
    return np.lexsort((-density, -highest * bits, seldom)).tolist()


def _coloured(codes: Any, order: list[int], top: Any, sentences: list[list[str]]) -> list[Coloured]:
    """Return, for the first features, the text in which each is highest."""
    import numpy as np

    ends = np.cumsum([len(words) for words in sentences])
    found = []
    for feature in order[:COLOURED]:
        item = int(top.item[feature][0])
        if item < 0 or not top.score[feature][0] > 0:
            continue
        number = int(np.searchsorted(ends, item, side="right"))
        begin = int(ends[number]) - len(sentences[number])
        weights = codes[begin : int(ends[number]), feature : feature + 1][:, 0].tolist()
        found.append(Coloured(f"Feature {feature}", sentences[number], weights))
    return found


def _recovered(model: Any, dictionary: Any, sentences: list[list[str]]) -> tuple[str, Any] | None:
    """Return what is lost in the model where the site is reconstructed, and what that is; None without a head."""
    if model.scores is None or model.writing is not None:
        return None
    from jaxneuron.evaluate import reconstruction
    from jaxneuron.extract import reading

    causal = model.head == "next word"
    loss = reconstruction.surprise if causal else reconstruction.divergence
    tokens = reading.read(model, sentences[:IN_MODEL]).tokens
    name = "loss of the next word" if causal else "divergence of what it predicts"
    return name, reconstruction.recovered(model.forward, model.params, tokens, dictionary, loss=loss)


def _said(dictionary: Any, kept: Any, recovered: Any, curve: Any, texts: _Split) -> list[str]:
    """Return the answer in words."""
    words = [sum(map(len, part)) for part in texts]
    said = [
        f"{dictionary.features:,} features, learnt of {words[0]:,} words in {curve.step[-1]:,} steps, explain "
        f"{kept.explained:.1%} of the variance of {words[1]:,} words held out.",
        f"{kept.active:.1f} features are active at a word; {kept.dead:.1%} are active at no word held out, and "
        f"{curve.dead[-1]:.1%} had long been active at none when the training ended.",
    ]
    if recovered is not None:
        name, found = recovered
        share = "" if found.share != found.share else f": {found.share:.1%} of the loss without the site is recovered"
        said.append(
            f"With the reconstruction in its place, the model's {name} goes from {found.clean:.4g} to "
            f"{found.replaced:.4g} nats a word (the site's mean: {found.mean:.4g}, zeros: {found.zero:.4g}){share}."
        )
    return said


def _spreads(curve: Any, kept: Any) -> list[Spread]:
    """Return the charts: how the training went, how often features are active, and how many at a word."""
    import numpy as np

    every = max(len(curve.step) // 20, 1)
    went = [
        (f"step {step:,}", 100 * max(float(share), 0.0))
        for step, share in zip(curve.step[every - 1 :: every], curve.explained[every - 1 :: every], strict=True)
    ]
    power = np.floor(np.log10(np.maximum(kept.density, 1e-9))).astype(int)
    often = [
        (f"{10.0**low:g} to {10.0 ** (low + 1):g} of the words", int(np.sum(power == low))) for low in range(-1, -7, -1)
    ]
    often.append(("never", int(np.sum(kept.density == 0))))
    most = int(np.flatnonzero(kept.counts)[-1])
    width = max(-(-(most + 1) // 16), 1)
    counts = [
        (f"{low} to {low + width - 1}" if width > 1 else str(low), float(kept.counts[low : low + width].sum()))
        for low in range(0, most + 1, width)
    ]
    return [
        Spread("Variance explained as it was learnt, %", went),
        Spread("How often features are active", often),
        Spread("Features active at a word", counts),
    ]
