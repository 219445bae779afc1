"""A small made-up run of `poerner2018`: the files that the study leaves, with numbers that are computed, not chosen."""

import json

import numpy as np
import pytest
from scipy import stats

from jaxneuron.studies import Claim
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._kept import typed
from jaxneuron.studies.poerner2018.results import Found, Results

METHODS = ("corpus", "embedding", "logit", "softmax", "gumbel_softmax")
LIFT = {"corpus": 0.0, "embedding": -1.5, "logit": -0.8, "softmax": 0.6, "gumbel_softmax": 1.4}  # planted gains
NAMES = "person bicycle traffic~light stop~sign bench bird cat dog giraffe umbrella skateboard knife pizza couch clock"
FILLERS = "brown street riding wooden tall grass blurry kitchen".split()
GRAMMAR = "a the of on with under".split()
SITES = {
    "visual/projection": (40.0, 6.0, 15),
    "textual/projection": (9.0, 1.5, 15),
    "textual/projection/all": (-2.0, 2.0, 15),
    "visual/gru": (0.6, 0.05, 12),
    "textual/gru": (0.5, 0.06, 12),
}  # setting -> mean and deviation of the activation, targets


def make_run(seed=0):
    """Return `(results, found)` with planted gains."""
    random = np.random.default_rng(seed)
    names = [name.replace("~", " ") for name in NAMES.split()]
    found, results = [], {}
    for setting, (mean, deviation, targets) in SITES.items():
        base = mean + deviation * random.standard_normal(targets)
        rows, corpus = {}, base
        for method in METHODS:
            gain = np.zeros(targets) if method == "corpus" else LIFT[method] + 0.4 * random.standard_normal(targets)
            scores = base + deviation * gain
            test = None if method == "corpus" else stats.ttest_rel(scores, corpus)
            difference = scores - corpus
            rows[method] = {
                "mean": scores.mean(),
                "median": float(np.median(scores)),
                "n": targets,
                "gain": None if test is None else gain.mean(),
                "t": None if test is None else float(test.statistic),
                "p": None if test is None else float(test.pvalue),
                "d_z": None if test is None else difference.mean() / difference.std(ddof=1),
                "seconds": 1.0,
                "settings": {} if test is None else {"steps": 300, "schedule": {"start": 2.0, "end": 0.1}},
            }
            for target in range(targets):
                hidden = setting.endswith("gru")
                name = f"group {target} ({3 + target} units)" if hidden else names[target]
                own = [] if hidden else [name.split()[-1] + "s"]
                pool = GRAMMAR + FILLERS if method == "corpus" else FILLERS + GRAMMAR[:1]
                words = [*random.choice(pool, 5 - len(own)), *own]
                row = {"setting": setting, "target": target, "name": name, "method": method}
                row |= {"ngram": " ".join(words), "words": [str(word) for word in words], "score": scores[target]}
                row |= {"gain": None if test is None else gain[target], "seconds": 0.1, "step": 7}
                found.append(row)
        results[setting] = rows
    document = {
        "study": "poerner2018",
        "version": "0.1.0",
        "seed": 7,
        "device": "cpu",
        "settings": {"preset": "small", "length": 5, "model": {"embedding": 256, "hidden": 512}},
        "results": results,
        "claims": [
            {
                "claim": "Gumbel softmax beats corpus search in all four settings (p < 0.001).",
                "source": "Poerner et al. 2018, §3.2.3",
                "holds": True,
                "figure": 4,
                "note": "",
            },
            {
                "claim": "Softmax is not competitive.",
                "source": "Poerner et al. 2018, §3.2.3",
                "holds": False,
                "figure": 0.612,
                "note": "With a tuned schedule softmax comes close to gumbel softmax.",
            },
        ],
        "model": {
            "parameters": 12_345_678,
            "vocabulary": 6_543,
            "curves": [
                {"epoch": e, "step": 900 * e, "train_loss": 4 / (1 + e) + 2, "dev_loss": 4 / (1 + e) + 2.2}
                for e in range(6)
            ],
            "perplexity": {"imaginet": 15.4, "unigram": 181.2, "kneser_ney": 13.9},
            "average_precision": {"imaginet": 0.611, "ridge": 0.587, "random": 0.041},
        },
        "groups": {
            site: {
                "count": 12,
                "sizes": list(range(3, 15)),
                "saturated": {m: int(m == "gumbel_softmax") for m in METHODS},
            }
            for site in ("visual/gru", "textual/gru")
        },
        "function_words": {
            setting: {m: 0.4 if m == "corpus" else 0.06 + 0.2 * setting.startswith("textual") for m in METHODS}
            for setting in SITES
        },
        "naming": {
            m: {"named": 0.6 + 0.05 * i, "associated": 0.9, "associated_words": 0.5} for i, m in enumerate(METHODS)
        },
        "nearest_cosine": {setting: 0.3 + 0.02 * i for i, setting in enumerate(SITES)},
        "table1": [_difference(found, setting, target) for setting in list(SITES)[:2] for target in (2, 7, 9)],
    }
    return document, found


def _difference(found, setting, target):
    rows = {r["method"]: r for r in found if (r["setting"], r["target"]) == (setting, target)}
    best = rows["gumbel_softmax"]
    return {
        "setting": setting,
        "target": target,
        "name": best["name"],
        "method": "gumbel_softmax",
        "crp": rows["corpus"]["ngram"],
        "crp_score": rows["corpus"]["score"],
        "gbl": best["ngram"],
        "gbl_score": best["score"],
    }


def leave(directory, results, found):
    """Write the two files that a study leaves."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.json").write_text(json.dumps(results))
    (directory / "found.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))
    return directory


@pytest.fixture
def run():
    return make_run()


@pytest.fixture
def directory(tmp_path, run):
    return leave(tmp_path / "run", *run)


@pytest.fixture
def leave_run():
    return leave


def read(results, found=()):
    """Return a made-up run as its page reads it."""
    made = {name: results.get(name, {} if name == "results" else None) for name in Results._fields}
    return Finished(
        "poerner2018",
        typed(Results, {name: value for name, value in made.items() if value is not None}, "results"),
        typed(list[Claim], results.get("claims", []), "claims"),
        typed(list[Found], list(found), "found"),
    )
