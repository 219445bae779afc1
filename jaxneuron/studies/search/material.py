"""What a run works on: models, units of them with two controls, and the n-grams of a text."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from jaxneuron import directions
from jaxneuron.corpora import agreement, ngrams, scenes, texts
from jaxneuron.extract import framing, reading
from jaxneuron.intervene import Sampling, generate
from jaxneuron.lowering import lower
from jaxneuron.studies import captioned
from jaxneuron.studies.captioned import Data
from jaxneuron.studies.running import Report
from jaxneuron.studies.search.options import Options
from jaxneuron.studies.search.presets import Preset
from jaxneuron.studies.search.results import KINDS
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Forward, Params, Site, Target, Tokens
from jaxneuron_models import lstm_training
from jaxneuron_models.model import Model
from jaxneuron_models.open import open
from jaxneuron_models.train import apart


class Given(NamedTuple):
    """What a run reads before it works."""

    models: tuple[Model, ...]  # none: two are trained
    sentences: list[list[str]] | None  # None: embedded ones, or what a model writes


class Kind(NamedTuple):
    """What is searched of a model, or of a control."""

    params: Params
    targets: Target  # stacked


class Subject(NamedTuple):
    """A model, and what is searched in it."""

    name: str
    model: Model
    forward: Forward  # with what stands around every text
    site: Site
    units: Int[np.ndarray, "target"]
    names: tuple[str, ...]  # of all units of the site; (): they have none
    kinds: Mapping[str, Kind]  # see KINDS
    texts: Tokens  # of the corpus, without what stands around them
    grams: Tokens
    longer: Tokens  # n-grams of the length of fluent texts
    allowed: Bool[np.ndarray, "vocab"]

    def written(self, ids: list[int]) -> list[str]:
        """Return words as a person reads them."""
        if self.model.tokenizer is None:
            return [self.model.vocabulary.words[number] for number in ids]
        return [self.model.tokenizer.decode([number], skip_special_tokens=False) or "·" for number in ids]


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Open the models, and read the text.

    Args:
        options: what was asked.
        preset: the size of the run.
        seed: of all that is random.

    Raises:
        ValueError, FileNotFoundError: what is wrong with one of them.
    """
    models = tuple(map(open, options.model))
    sentences = None
    if options.data is not None:
        sentences = texts.read(options.data, "train" if options.data.is_dir() else None).sentences
        sentences = [list(one) for one in sentences[: preset.sentences]]
    for model in models:
        if sentences is None and model.step is None:
            raise ValueError(
                f"{model.source} writes no text of its own; give --data, a text whose n-grams are the corpus"
            )
    return Given(models, sentences)


def subjects(
    given: Given, options: Options, preset: Preset, seed: int, directory: Path, report: Report
) -> list[Subject]:
    """Return what is searched.

    Args:
        given: what was read.
        options: what was asked.
        preset: the size of the run.
        seed: of all that is random.
        directory: where models are kept.
        report: what is being done -> a progress callback.
    """
    if not given.models:
        return [
            _subject(model, "", tokens, options.length, preset, seed)
            for model, tokens in _trained(given, preset, seed, directory, report)
        ]
    found = []
    for number, model in enumerate(given.models):
        site = options.site[number] if options.site else ""
        sentences = given.sentences
        tokens = _written(model, preset, seed, report) if sentences is None else _read(model, sentences)
        found.append(_subject(model, site, tokens, options.length, preset, seed))
    return found


def _trained(given: Given, preset: Preset, seed: int, directory: Path, report: Report) -> list[tuple[Model, Tokens]]:
    """Train an Imaginet and an LSTM."""
    return [
        _imaginet(preset, seed, directory / "imaginet", report),
        _lstm(given.sentences, preset, seed, directory / "lstm", report),
    ]


def _imaginet(preset: Preset, seed: int, directory: Path, report: Report) -> tuple[Model, Tokens]:
    """Train an Imaginet on scenes."""
    data = Data(*(scenes.read(split) for split in ("train", "dev", "test")))
    options, progress = preset.training["imaginet"], report("train an Imaginet")
    model = captioned.trained(directory, data, options, seed=seed, progress=progress)
    return model, _read(model, [list(one) for one in data.train.sentences[: preset.sentences]])


def _lstm(
    text: list[list[str]] | None, preset: Preset, seed: int, directory: Path, report: Report
) -> tuple[Model, Tokens]:
    """Train an LSTM on a text, or on sentences of a grammar."""
    train = text or agreement.sentences(seed, agreement.TOPICS, preset.sentences)
    dev = text[:200] if text else agreement.sentences(seed + 1, agreement.TOPICS, 200)
    schedule, architecture = apart(lstm_training.SCHEDULE, dict(preset.training["lstm"]))
    asked: Any = {"schedule": schedule, "progress": report("train an LSTM"), "symbol": "word"}
    lstm_training.fit(jax.random.key(seed), train, dev, directory, **asked, **architecture)
    model = lstm_training.load(directory)
    return model, _read(model, train)


def _read(model: Model, sentences: list[list[str]]) -> Tokens:
    """Return sentences as the model reads them, without what stands around them."""
    special = map(len, framing.around(model, sentences[0]))
    return framing.symbols(model, reading.read(model, sentences), 1, *special)[0]


def _written(model: Model, preset: Preset, seed: int, report: Report) -> Tokens:
    """Return what a language model writes, up to where it begins anew."""
    report("let the model write")
    before, _ = framing.around(model, ["a"])
    if not before:
        raise ValueError(
            f"{model.source} has no symbol that texts begin with; give --data, a text to take n-grams from"
        )
    assert model.step is not None and model.initial_state is not None
    begin = np.tile(np.array(before, np.int32), (preset.written, 1))
    state = model.initial_state(len(begin), begin.shape[1] + preset.symbols - 1)
    asked = Tokens(begin, np.ones(begin.shape, bool))
    sampling = Sampling(preset.symbols)
    found = generate.intervene(jax.random.key(seed), model.step, model.params, state, asked, sampling=sampling)
    ids = np.asarray(found.tokens.ids)[:, len(before) :]
    real = np.asarray(found.tokens.mask)[:, len(before) :] & _ordinary(model)[ids]
    mask = np.cumprod(real, axis=1).astype(bool)
    return Tokens(np.where(mask, ids, 0), mask)


def _ordinary(model: Model) -> Bool[np.ndarray, "vocab"]:
    """Return which symbols are no special ones."""
    return np.array([word[:1] not in {"<", "["} or len(word) == 1 for word in model.vocabulary.words])


def _subject(model: Model, site: Site, text: Tokens, length: int, preset: Preset, seed: int) -> Subject:
    site = site or _site(model)
    ids, mask = text
    around = framing.around(model, [model.vocabulary.words[int(ids[0, 0])]])
    words, ordinary = len(model.vocabulary.words), _ordinary(model)
    allowed = np.isin(np.arange(words), ids[mask]) & ordinary
    if allowed.sum() < framing.FEW:
        allowed = ordinary.copy()
    draw = np.random.default_rng(seed)
    grams, longer = (_grams(model, text, size, allowed, preset.ngrams, draw) for size in (length, preset.longer))
    framed = framing.Templated(model.forward, *around, words) if any(around) else None
    forward = framed or model.forward
    shapes = sites(model.forward, model.params, Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool)))
    check_site(site, shapes)
    width = shapes[site].shape[-1]
    known = model.vocabulary.words if site in model.linear and len(model.vocabulary.words) == width else ()
    free = np.flatnonzero(ordinary) if known else np.arange(width)
    units = np.sort(draw.permutation(free)[: preset.targets])
    position = -1 - len(around[1])

    def units_of(params: Params) -> Along:
        if site in model.linear:
            asked = Unit(site, jnp.asarray(units, jnp.int32), position)
            return lower(model.forward, params, asked, model.linear[site])
        return Along(site, jnp.eye(width)[units], jnp.zeros(len(units)), position)

    shuffled, drawn = jax.random.split(jax.random.key(seed))
    mixed, own = _shuffled(shuffled, model.params), units_of(model.params)
    size = own.direction.shape[-1]
    random = directions.orthonormal(drawn, min(len(units), size), size)
    scale = np.linalg.norm(own.direction, axis=1).mean()
    others = Along(own.site, jnp.asarray(scale * random, jnp.float32), jnp.zeros(len(random)), position)
    targets = own, others, units_of(mixed)
    read = framed.read if framed else lambda target: target
    kinds = zip((model.params, model.params, mixed), map(read, targets), strict=True)
    found: dict[str, Kind] = dict(zip(KINDS, (Kind(*one) for one in kinds), strict=True))
    name = Path(model.source).name
    return Subject(name, model, forward, site, units, known, found, text, grams, longer, allowed)


def _grams(
    model: Model, text: Tokens, length: int, allowed: Bool[np.ndarray, "vocab"], most: int, draw: np.random.Generator
) -> Tokens:
    """Return n-grams of words that are allowed, drawn at random where there are more than `most`."""
    grams = ngrams.unique(text, length)
    whole = np.flatnonzero(grams.mask.all(axis=1) & allowed[grams.ids].all(axis=1))
    if not len(whole):
        raise ValueError(f"the text has no n-gram of {length} words that {model.source} knows; give longer texts")
    rows = np.sort(draw.permutation(whole)[:most])
    return Tokens(grams.ids[rows], grams.mask[rows])


def _site(model: Model) -> Site:
    """Return the site that is searched where none is named."""
    shapes = sites(model.forward, model.params, Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool)))
    blocks = [site for site in shapes if re.fullmatch(r"block\d+/mlp/hidden", site)]
    if blocks:
        return blocks[-(-len(blocks) // 2)] if len(blocks) > 1 else blocks[0]
    words = [site for site in model.linear if shapes[site].shape[-1] == len(model.vocabulary.words)]
    return words[0] if words else [site for site, shape in shapes.items() if shape.shape[-2] == 2][-1]


def _shuffled(key: jax.Array, params: Params) -> Params:
    """Return weights that are permuted within each array."""
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    pairs = zip(keys, leaves, strict=True)
    mixed = [jax.random.permutation(one, leaf.ravel()).reshape(leaf.shape) for one, leaf in pairs]
    return jax.tree.unflatten(structure, mixed)
