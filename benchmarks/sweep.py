"""How the fast presets were found: activation against compute, over learning rate, schedule, restarts and starts.

    python -m benchmarks.sweep --model DIR [--data DIR] [--setting textual/projection] [--targets 24] [--json PATH]

The model is a checkpoint of `jaxneuron train imaginet` (or a study's `model/`), the data what it was trained on. Every
row keeps the best discrete n-gram of all steps, and is compared with corpus search on the same targets.
"""

import argparse
import json
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from jaxneuron.evaluate.statistics import gain, paired
from jaxneuron.find import corpus, embedding, gumbel_softmax, logit, softmax
from jaxneuron.studies import captioned
from jaxneuron.studies.poerner2018 import material, presets, settings
from jaxneuron_models import imaginet

CONSTANT: dict[str, Any] = {"epoch": 20, "patience": None, "keep": "step", "steps": 120, "restarts": 4}
GUMBEL: dict[str, Any] = {"samples": 1, "decay": None, "harvest": True, "temperature": (2.0, 0.5), "start": 1}
ROWS: list[tuple[ModuleType, dict[str, Any]]] = [
    *((gumbel_softmax, GUMBEL | {"learning_rate": rate}) for rate in (0.1, 0.3, 1.0, 2.0, 4.0)),
    *((gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "start": start}) for start in (0, 2, 4)),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "temperature": (2.0, 0.1)}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "temperature": (3.0, 0.8)}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "temperature": (1.0, 0.3)}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "steps": 60}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "steps": 600}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "restarts": 1}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "restarts": 8}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "restarts": 1, "samples": 4}),
    (gumbel_softmax, GUMBEL | {"learning_rate": 2.0, "harvest": False}),
    *((softmax, {"learning_rate": rate, "start": 4}) for rate in (0.1, 0.3, 1.0, 3.0)),
    *((softmax, {"learning_rate": 1.0, "start": start}) for start in (0, 1)),
    *((embedding, {"learning_rate": rate}) for rate in (0.01, 0.03, 0.1, 0.3, 1.0)),
    (embedding, {"learning_rate": 0.1, "start": 4}),
    *((logit, {"learning_rate": rate}) for rate in (0.01, 0.1, 0.3, 1.0, 3.0)),
    (logit, {"learning_rate": 0.1, "start": 4}),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--setting", default="textual/projection")
    parser.add_argument("--targets", type=int, default=24)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    preset, model = presets.PRESETS["small"], imaginet.load(options.model)
    found = material.prepare(model, captioned.read(options.data), length=preset.length, sample=20_000, seed=0)
    (setting,) = (one for one in settings.build(found, preset, seed=0) if one.setting.key == options.setting)
    some = np.linspace(0, len(setting.indices) - 1, options.targets).round().astype(int)
    targets = jax.tree.map(lambda leaf: leaf[some], setting.targets)
    words = (model.forward, model.params, targets, found.ngrams, found.candidates)
    baseline = corpus.find(jax.random.key(0), *words, k=4, budget=preset.budget)

    rows = []
    table = Table("method", "options", "seconds", "mean", "gain", "d_z", "better", title=options.setting)
    for method, chosen in ROWS:
        start = {"start": jax.tree.map(lambda leaf: leaf[:, : chosen.get("start", 0)], baseline.tokens)}  # noqa: B023
        began = time.perf_counter()
        fields = {name: value for name, value in (CONSTANT | chosen).items() if name != "start"}
        found_by = {"budget": preset.budget, "settings": method.Settings(**fields), **start}
        result = method.find(jax.random.key(0), *words, **found_by)
        score, corpus_score = np.asarray(result.score[:, 0]), np.asarray(baseline.score[:, 0])
        row = {
            "method": method.__name__.rpartition(".")[2],
            "options": chosen,
            "seconds": time.perf_counter() - began,
            "mean": float(score.mean()),
            "corpus": float(corpus_score.mean()),
            "gain": float(np.nanmean(gain(score, corpus_score, setting.spread[some]))),
            "d_z": paired(score, corpus_score).d_z,
            "better": int((score > corpus_score).sum()),
        }
        rows.append(row)
        shown = ", ".join(f"{name} {value}" for name, value in chosen.items())
        figures = (f"{row[name]:.2f}" for name in ("seconds", "mean", "gain", "d_z"))
        table.add_row(row["method"], shown, *figures, f"{row['better']}/{len(some)}")
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
