"""The order of the work: captions, a model, targets, searches, and what they come to."""

from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.studies import Study, captioned, running
from jaxneuron.studies._captioned_quality import quality
from jaxneuron.studies.captioned import Data
from jaxneuron.studies.poerner2018 import analysis, material, search, settings
from jaxneuron.studies.poerner2018.claims import claims
from jaxneuron.studies.poerner2018.labels import TEXTUAL_GRU, VISUAL_GRU, VISUAL_PROJECTION
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron.studies.poerner2018.options import COMMAND, Options
from jaxneuron.studies.poerner2018.page import PAGE
from jaxneuron.studies.poerner2018.presets import PRESETS, Preset
from jaxneuron.studies.poerner2018.results import Difference, Figures, Found, Groups, ModelReport, Naming, Results
from jaxneuron.studies.poerner2018.search import Search
from jaxneuron.studies.poerner2018.settings import Drawn
from jaxneuron_models import imaginet
from jaxneuron_models.model import Model


class Given(NamedTuple):
    """What a run is given, read and checked."""

    texts: Data
    model: Model | None


Run = running.Run[Given, Preset, Options]


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Read the captions, and load the model if there is one.

    Args:
        options: which captions and model.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        FileNotFoundError: no data, or no model.
        ValueError: no captions, or no Imaginet.
    """
    texts = captioned.read(options.data)
    return Given(texts, None if options.model is None else imaginet.load(options.model))


def model(run: Run) -> Model:
    """Return the model; one is trained where none is given."""
    if run.given.model is not None:
        return run.given.model
    options, progress = run.preset.training | run.preset.imaginet, run.report("train Imaginet")
    return captioned.trained(run.directory / "model", run.given.texts, options, seed=run.seed, progress=progress)


def prepare(run: Run) -> Material:
    """Encode the captions and draw n-grams of them."""
    preset = run.preset
    return material.prepare(run.of(model), run.given.texts, length=preset.length, sample=preset.sample, seed=run.seed)


def unknown(run: Run) -> dict[str, float]:
    """Return how much of each split the model does not know."""
    splits = {split: part.sentences for split, part in run.given.texts._asdict().items()}
    return run.unknown(run.of(model).vocabulary, splits)


def drawn(run: Run) -> list[Drawn]:
    """Draw units and groups of units, in the order of the report."""
    return settings.build(run.of(prepare), run.preset, seed=run.seed, draw=run.options.draw)


def searches(run: Run) -> list[dict[str, Search]]:
    """Return what each method found, of each setting that was drawn."""
    return search.searches(run, run.of(prepare), run.of(drawn))


def found(run: Run) -> list[Found]:
    """List the best n-gram of every target and method."""
    parts = zip(run.of(drawn), run.of(searches), strict=True)
    return [row for targets, done in parts for row in analysis.found_rows(run.of(prepare), targets, done)]


def results(run: Run) -> dict[str, dict[str, Figures]]:
    """Compare each method with corpus search, setting by setting."""
    table = {}
    for targets, done in zip(run.of(drawn), run.of(searches), strict=True):
        rows = [row for row in run.of(found) if row.setting == targets.setting.key]
        table[targets.setting.key] = analysis.compare(rows, done, run.preset)
    return table


def model_report(run: Run) -> ModelReport:
    """Say how large and how good the model is."""
    given = run.of(prepare)
    return ModelReport(
        parameters=sum(leaf.size for leaf in jax.tree.leaves(given.model.params)),
        vocabulary=len(given.model.vocabulary.words),
        ngrams=len(given.ngrams.ids),
        curves=captioned.curves(run.options.model or run.directory / "model"),
        **quality(given.model, given.data, given.train, given.dev)._asdict(),
    )


def groups(run: Run) -> dict[str, Groups]:
    """Say how large the groups of hidden units are, and how many are at their limit."""
    hidden = (VISUAL_GRU, TEXTUAL_GRU)
    parts = zip(run.of(drawn), run.of(searches), strict=True)
    return {
        targets.setting.key: analysis.group_sizes(targets, done) for targets, done in parts if targets.setting in hidden
    }


def function_words(run: Run) -> dict[str, dict[str, float]]:
    """Return the share of function words in the optima of each setting and method."""
    keys = [targets.setting.key for targets in run.of(drawn)]
    return {key: analysis.function_word_shares([row for row in run.of(found) if row.setting == key]) for key in keys}


def nearest_cosine(run: Run) -> dict[str, float]:
    """Return, of each setting, how near optimised embeddings are to words."""
    parts = zip(run.of(drawn), run.of(searches), strict=True)
    return {targets.setting.key: float(np.mean(np.array(done["embedding"].proximity)[:, 0])) for targets, done in parts}


def naming(run: Run) -> dict[str, Naming]:
    """Return how often each method names the object of a visual unit, where units have names."""
    if not run.given.texts.train.names:
        return {}
    parts = zip(run.of(drawn), run.of(searches), strict=True)
    targets, done = next(part for part in parts if part[0].setting == VISUAL_PROJECTION)
    return analysis.name_objects(run.of(prepare), targets, done)


def table1(run: Run) -> list[Difference]:
    """Return the rows of Table 1."""
    return analysis.table1(run.of(found))


STUDY = Study(
    COMMAND,
    PRESETS,
    read,
    prepare,
    stages={
        "results": results,
        "model": model_report,
        "groups": groups,
        "function_words": function_words,
        "nearest_cosine": nearest_cosine,
        "naming": naming,
        "table1": table1,
    },
    results=Results,
    claims=claims,
    page=PAGE,
    found=found,
    unknown=unknown,
    main="results",
)
