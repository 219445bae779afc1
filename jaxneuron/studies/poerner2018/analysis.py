"""From searches to numbers: the paired comparison with corpus search, the words of the optima, Table 1."""

import math
from typing import Any

import numpy as np

from jaxneuron.corpora import function_words
from jaxneuron.evaluate import naming
from jaxneuron.evaluate.statistics import gain, paired
from jaxneuron.studies.poerner2018.material import Material
from jaxneuron.studies.poerner2018.presets import Preset
from jaxneuron.studies.poerner2018.search import Search
from jaxneuron.studies.poerner2018.settings import FREQUENT, Setting
from jaxneuron.types import Tokens

Row = dict[str, Any]

SATURATED = 0.99
"""A group whose mean activation is above this has no room left: a GRU state lies between -1 and 1."""


def found_rows(found: Material, setting: Setting, searches: dict[str, Search]) -> list[Row]:
    """Return one row per target and method: its best n-gram, and by how many standard deviations it beats the corpus.

    Activations are compared by *gain*, the difference to corpus search in standard deviations of the target over
    the corpus's n-grams: the logits of rare words are negative, so that ratios mean nothing.
    """
    corpus = np.array(searches["corpus"].score)[:, 0]
    rows = []
    for method, search in searches.items():
        score = np.array(search.score)[:, 0]
        gains = gain(score, corpus, setting.spread)
        for target, index in enumerate(setting.indices):
            words = [found.model.vocabulary.words[word] for word in search.ids[target][0]]
            rows.append(
                {
                    "setting": setting.name,
                    "target": index,
                    "name": setting.names[target],
                    "method": method,
                    "ngram": " ".join(words),
                    "words": words,
                    "score": float(score[target]),
                    "gain": None if method == "corpus" else _number(gains[target]),
                    "step": search.step[target][0],
                    "proximity": search.proximity[target][0],
                    "units": setting.sizes[target],
                }
            )
    return rows


def compare(rows: list[Row], searches: dict[str, Search], preset: Preset) -> dict[str, Row]:
    """Return each method's figures in one setting, against corpus search on the same targets."""
    by_method = {method: [row for row in rows if row["method"] == method] for method in searches}
    corpus = np.array([row["score"] for row in by_method["corpus"]])
    table = {}
    for method, own in by_method.items():
        score = np.array([row["score"] for row in own])
        gains = np.array([math.nan if row["gain"] is None else row["gain"] for row in own])
        test = paired(score, corpus)._asdict() if method != "corpus" else {}
        positive, same = corpus > 0, np.isclose(score, corpus, rtol=1e-5, atol=1e-6)  # the same n-gram, rounded
        table[method] = {
            "mean": _number(score.mean()),
            "median": _number(np.median(score)),
            "n": len(score),
            "gain": None if method == "corpus" else _number(np.nanmean(gains)),
            **{name: _number(test.get(name)) for name in ("t", "p", "d_z", "mean_difference")},
            "d_z_gain": None if method == "corpus" else _number(paired(gains, np.zeros_like(gains)).d_z),
            "better": None if method == "corpus" else int(((score > corpus) & ~same).sum()),
            "worse": None if method == "corpus" else int(((score < corpus) & ~same).sum()),
            "ratio": _number(np.mean(score[positive] / corpus[positive])) if positive.any() else None,
            "seconds": searches[method].seconds,
            "settings": preset.methods[method],
        }
    return table


def function_word_shares(rows: list[Row]) -> dict[str, float]:
    """Return each method's share of function words among the words of its optimal n-grams, in one setting."""
    methods = dict.fromkeys(row["method"] for row in rows)
    return {
        method: float(np.nanmean(function_words.share([row["words"] for row in rows if row["method"] == method])))
        for method in methods
    }


def group_sizes(setting: Setting, searches: dict[str, Search]) -> Row:
    """Return how large the groups are, and how many have nothing left to gain under each method."""
    saturated = {method: int((np.array(search.score)[:, 0] > SATURATED).sum()) for method, search in searches.items()}
    return {"count": len(setting.sizes), "sizes": setting.sizes, "saturated": saturated}


def name_objects(found: Material, setting: Setting, searches: dict[str, Search]) -> dict[str, Row]:
    """Return how often each method's optimum names the unit's object, or has a word that goes with it."""
    data, words = found.data.train, found.model.vocabulary
    associated = naming.associated_words(found.train, data.image, data.features, vocabulary_size=len(words.words))
    table = {}
    for method, search in searches.items():
        best = [target[0] for target in search.ids]
        width = max(map(len, best))
        padded = np.array([ngram + [-1] * (width - len(ngram)) for ngram in best])
        tokens = Tokens(np.maximum(padded, 0), padded >= 0)
        result = naming.named(tokens, setting.names, words, associated.words[setting.indices])
        table[method] = {
            "named": float(result.names.mean()),
            "associated": float(result.associated.mean()),
            "associated_words": float(np.nanmean(result.share)),
        }
    return table


def table1(rows: list[Row]) -> list[Row]:
    """Return the rows of Table 1: the largest gains of gumbel softmax, three visual and four language."""
    shown = []
    for setting, count in (("visual/projection", 3), (FREQUENT, 4)):
        own = [row for row in rows if row["setting"] == setting]
        corpus = {row["target"]: row for row in own if row["method"] == "corpus"}
        best = sorted((row for row in own if row["method"] == "gumbel_softmax"), key=lambda row: -(row["gain"] or 0))
        shown += [
            {
                "setting": setting,
                "target": row["target"],
                "name": row["name"],
                "crp": corpus[row["target"]]["ngram"],
                "crp_score": corpus[row["target"]]["score"],
                "gbl": row["ngram"],
                "gbl_score": row["score"],
            }
            for row in best[:count]
        ]
    return shown


def _number(value: Any) -> float | None:
    """Return a JSON number; what is not finite becomes null."""
    return None if value is None or not math.isfinite(value) else float(value)
