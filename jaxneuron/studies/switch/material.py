"""What a run works on: models that are trained or opened, sentences, pairs, and concepts."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron import tap
from jaxneuron.corpora import agreement, minimal_pairs, texts, word_lists
from jaxneuron.corpora.agreement import Pair
from jaxneuron.extract import reading
from jaxneuron.intervene import Sampling, generate
from jaxneuron.studies.running import Report
from jaxneuron.studies.switch.options import Options
from jaxneuron.studies.switch.presets import Preset
from jaxneuron.types import Site, Tokens
from jaxneuron_models import lstm_training, transformer_training
from jaxneuron_models.model import Model
from jaxneuron_models.open import open
from jaxneuron_models.train import apart


class Given(NamedTuple):
    """What a run reads before it works."""

    model: Model | None  # None: models are trained
    train: list[list[str]] | None  # None: of a model that is given, what it writes
    dev: list[list[str]]
    pairs: dict[str, list[Pair]]  # property -> pairs
    concepts: dict[str, set[str]]


class Writer(NamedTuple):
    """A model, and the sentences that it is asked about."""

    name: str
    model: Model
    sites: dict[Site, int]  # where units are turned
    experts: dict[Site, int]  # where they are forced
    labelled: list[list[str]]  # sentences by which experts are found
    ordinary: list[list[str]]  # sentences that the cost is measured on


def read(asked: Options, preset: Preset, seed: int) -> Given:
    """Read what is given.

    Args:
        asked: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        ValueError: a model that cannot write, or what the readers find wrong.
        FileNotFoundError: no data, or no model.
    """
    model = None if asked.model is None else open(asked.model)
    if model is not None and (model.step is None or model.head != "next word"):
        raise ValueError(
            f"--model {asked.model} does not predict the next word (its head: {model.head}); give a causal language "
            "model"
        )
    embedded = model is None and asked.data is None
    lexicon = agreement.TOPICS if embedded else agreement.COMMON
    pairs = {of: agreement.pairs(seed, lexicon, of, preset.asked) for of in agreement.PROPERTIES}
    if asked.pairs is not None:
        pairs["number"] = minimal_pairs.some(minimal_pairs.read(asked.pairs), 10 * preset.asked, seed)  # many unknown
    concepts = {name: agreement.TOPICS.words(name) for name in agreement.TOPICS.topics}
    if asked.concepts is not None:
        concepts = _lists(asked.concepts, preset.held_names)
    if embedded:
        held_out = [one for rows in pairs.values() for one in rows if one.held_out]
        train = agreement.sentences(seed, lexicon, preset.sentences, held_out)
        dev = agreement.sentences(seed + 1, lexicon, max(400, preset.sentences // 15), held_out)
        return Given(None, train, dev, pairs, concepts)
    if asked.data is None:
        return Given(model, None, [], pairs, concepts)
    parts = texts.train_and_dev(asked.data, text=asked.text_column)
    train, dev = ([one for text in part for one in _cut(text, preset.longest)] for part in parts)
    return Given(model, train[: preset.sentences], dev[: max(preset.ordinary, preset.sentences // 20)], pairs, concepts)


def _cut(words: Sequence[str], longest: int) -> list[list[str]]:
    """Return the sentences of a text, as its full stops have it, at most so long."""
    stops = [place + 1 for place, word in enumerate(words) if word[-1] in ".!?"]
    edges = [0, *stops, len(words)]
    return [list(words[one:other][:longest]) for one, other in zip(edges, edges[1:], strict=False) if other - one > 2]


def _lists(path: Path, names: Sequence[str]) -> dict[str, set[str]]:
    """Read lists of words, those of some names, in that order, before the others."""
    found = word_lists.read(path)
    first = [name for name in names if name in found]
    return {name: found[name] for name in (*first, *(name for name in found if name not in first))}


def writers(
    run_seed: int, given: Given, asked: Options, preset: Preset, directory: Path, report: Report
) -> list[Writer]:
    """Return the models of a run; those that are trained go on where a stopped run left them.

    Args:
        run_seed: of all that is drawn.
        given: what was read.
        asked: what is asked for.
        preset: the sizes of the run.
        directory: of the run; what an earlier run left there is read.
        report: told what is being done.
    """
    if given.model is not None:
        name = Path(given.model.source).name
        labelled, ordinary = given.train, given.dev
        if labelled is None:
            own = written(given.model, asked, preset, run_seed, report)
            ordinary, labelled = own[: preset.ordinary], own[preset.ordinary :]
        return [_writer(name, given.model, labelled, ordinary, preset)]
    assert given.train is not None
    found = []
    for number, name in enumerate(preset.networks if asked.trained == "both" else [asked.trained]):
        training = lstm_training if name == "lstm" else transformer_training
        more = {"symbol": "word"} if name == "lstm" else {"causal": True}
        schedule, options = apart(training.SCHEDULE, preset.networks[name])
        key, place = jax.random.fold_in(jax.random.key(run_seed), number), directory / "models" / name
        progress = report(f"train {name}")
        training.fit(key, given.train, given.dev, place, schedule=schedule, progress=progress, **more, **options)
        found.append(_writer(name, training.load(place), given.train, given.dev, preset))
    return found


def _writer(name: str, model: Model, labelled: list[list[str]], ordinary: list[list[str]], preset: Preset) -> Writer:
    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    shapes = tap.sites(model.forward, model.params, text)
    there = {site: shape.shape[-1] for site, shape in shapes.items() if shape.shape[-2] == 2}
    sites = {site: width for site, width in there.items() if site.endswith(preset.sites)}
    experts = {site: width for site, width in there.items() if site.endswith("/hidden")}
    if not experts or not sites:
        raise ValueError(
            f"{name} has no site that ends in /hidden, or none in {', '.join(preset.sites)}; its sites are "
            f"{', '.join(there)}"
        )
    return Writer(name, model, sites, experts, labelled[: preset.labelled], ordinary[: preset.ordinary])


def prompt(model: Model, asked: Options, texts: int) -> Tokens:
    """Return what each text begins with, as the model reads it.

    Args:
        model: that is asked.
        asked: what is asked for.
        texts: how many.
    """
    words = asked.prompt or ("the" if model.symbol == "word" else "Once upon a time")
    found = reading.read(model, [words.split()] * texts).tokens
    return Tokens(np.asarray(found.ids), np.asarray(found.mask))


def written(model: Model, asked: Options, preset: Preset, seed: int, report: Report) -> list[list[str]]:
    """Return sentences that a model writes.

    Args:
        model: that is asked.
        asked: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.
        report: told what is being done.
    """
    report("let the model write sentences")
    length, texts = 120, max(64, (preset.labelled + preset.ordinary) // 8)
    begins = prompt(model, asked, texts)
    assert model.step is not None and model.initial_state is not None
    state = model.initial_state(texts, begins.ids.shape[1] + length - 1)
    key = jax.random.key(seed)
    found = generate.intervene(key, model.step, model.params, state, begins, sampling=Sampling(length))
    rows = zip(found.tokens.ids, found.tokens.mask, strict=True)
    return [one for ids, mask in rows for one in _cut(shown(model, ids[mask]).split(), preset.longest)[:-1]]


def shown(model: Model, ids: np.ndarray) -> str:
    """Return symbols as a person reads them."""
    if model.tokenizer is not None:
        return model.tokenizer.decode(ids.tolist())
    words = (model.vocabulary.words[number] for number in ids.tolist())
    return ("" if model.symbol == "character" else " ").join(word for word in words if not word.startswith("<"))
