"""From searches to numbers: the paired comparison with corpus search, the words of the optima, Table 1."""

import math

import numpy as np

from jaxneuron.corpora import function_words
from jaxneuron.evaluate import naming
from jaxneuron.evaluate.statistics import gain, paired
from jaxneuron.report.text import known
from jaxneuron.studies.poerner2018.labels import TEXTUAL_PROJECTION, VISUAL_PROJECTION
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron.studies.poerner2018.presets import Preset
from jaxneuron.studies.poerner2018.results import CORPUS, GUMBEL, Difference, Figures, Found, Groups, Naming
from jaxneuron.studies.poerner2018.search import Search, pad
from jaxneuron.studies.poerner2018.settings import Drawn

SATURATED = 0.99
"""A group whose mean activation is above this has no room left: a GRU state lies between -1 and 1."""


def found_rows(found: Material, drawn: Drawn, searches: dict[str, Search]) -> list[Found]:
    """Return one row per target and method: its best n-gram, and by how many standard deviations it beats the corpus.

    Activations are compared by *gain*, the difference to corpus search in standard deviations of the target over
    the corpus's n-grams: the logits of rare words are negative, so that ratios mean nothing.

    Args:
        found: the model and its texts.
        drawn: targets of the setting.
        searches: method -> what it found.
    """
    corpus = np.array(searches[CORPUS].score)[:, 0]
    rows = []
    for method, search in searches.items():
        score = np.array(search.score)[:, 0]
        gains = gain(score, corpus, drawn.spread)
        for target, index in enumerate(drawn.indices):
            words = [found.model.vocabulary.words[word] for word in search.ids[target][0]]
            rows.append(
                Found(
                    setting=drawn.setting.key,
                    target=index,
                    name=drawn.names[target],
                    method=method,
                    ngram=" ".join(words),
                    words=words,
                    score=float(score[target]),
                    gain=math.nan if method == CORPUS else float(gains[target]),
                    step=search.step[target][0],
                    proximity=search.proximity[target][0],
                    units=drawn.sizes[target],
                )
            )
    return rows


def compare(rows: list[Found], searches: dict[str, Search], preset: Preset) -> dict[str, Figures]:
    """Return each method's figures in one setting, against corpus search on the same targets.

    Args:
        rows: a row for each target and method.
        searches: method -> what it found.
        preset: the sizes of the run.
    """
    by_method = {method: [row for row in rows if row.method == method] for method in searches}
    corpus = np.array([row.score for row in by_method[CORPUS]])
    positive = corpus > 0
    table = {}
    for method, own in by_method.items():
        score = np.array([row.score for row in own])
        figures = Figures(
            mean=float(score.mean()),
            median=float(np.median(score)),
            n=len(score),
            ratio=float(np.mean(score[positive] / corpus[positive])) if positive.any() else math.nan,
            seconds=searches[method].seconds,
            settings=preset.methods[method],
        )
        if method != CORPUS:
            gains = np.array([row.gain for row in own])
            test, same = paired(score, corpus), np.isclose(score, corpus, rtol=1e-5, atol=1e-6)  # one n-gram, rounded
            figures = figures._replace(
                gain=float(np.nanmean(gains)),
                t=float(test.t),
                p=float(test.p),
                d_z=float(test.d_z),
                mean_difference=float(test.mean_difference),
                d_z_gain=float(paired(gains, np.zeros_like(gains)).d_z),
                better=int(((score > corpus) & ~same).sum()),
                worse=int(((score < corpus) & ~same).sum()),
            )
        table[method] = figures
    return table


def function_word_shares(rows: list[Found]) -> dict[str, float]:
    """Return each method's share of function words among the words of its optimal n-grams, in one setting."""
    methods = dict.fromkeys(row.method for row in rows)
    return {
        method: float(np.nanmean(function_words.share([row.words for row in rows if row.method == method])))
        for method in methods
    }


def group_sizes(drawn: Drawn, searches: dict[str, Search]) -> Groups:
    """Return how large the groups are, and how many have nothing left to gain under each method."""
    saturated = {method: int((np.array(search.score)[:, 0] > SATURATED).sum()) for method, search in searches.items()}
    return Groups(len(drawn.sizes), drawn.sizes, saturated)


def name_objects(found: Material, drawn: Drawn, searches: dict[str, Search]) -> dict[str, Naming]:
    """Return how often each method's optimum names the unit's object, or has a word that goes with it.

    Args:
        found: the model and its texts.
        drawn: targets of the setting.
        searches: method -> what it found.
    """
    data, words = found.data.train, found.model.vocabulary
    associated = naming.associated_words(found.train, data.image, data.features, vocabulary_size=len(words.words))
    table = {}
    for method, search in searches.items():
        best = [target[0] for target in search.ids]
        tokens = pad(best, max(map(len, best)))
        result = naming.named(tokens, drawn.names, words, associated.words[drawn.indices])
        shares = (result.names.mean(), result.associated.mean(), np.nanmean(result.share))
        table[method] = Naming(*map(float, shares))
    return table


def table1(rows: list[Found]) -> list[Difference]:
    """Return the rows of Table 1: the largest gains of gumbel softmax, three visual and four language."""
    shown = []
    for setting, count in ((VISUAL_PROJECTION, 3), (TEXTUAL_PROJECTION, 4)):
        own = [row for row in rows if row.setting == setting.key]
        corpus = {row.target: row for row in own if row.method == CORPUS}
        best = sorted(
            (row for row in own if row.method == GUMBEL), key=lambda row: -row.gain if known(row.gain) else 0.0
        )
        for row in best[:count]:
            other = corpus[row.target]
            shown.append(Difference(setting.key, row.target, row.name, other.ngram, other.score, row.ngram, row.score))
    return shown
