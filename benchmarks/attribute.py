"""How fast is a score shared out over inputs, layers and neurons? Against Captum, and scikit-learn for concepts.

    python -m benchmarks.attribute --model DIR [--data FILE] [--jobs NAME ... | --methods NAME ...] [--quick] [--json]

A checkpoint of the BERT family, such as MiniLM's, and the same weights in torch through `transformers`. The score is
linear in the mean over a sentence's last states; the baseline has [PAD] in the place of its words. Same sentences, same
steps, results compared before times, Captum at the number of rows at which it is fastest. A loop that would take hours
runs in part: the note says which part, and the time is scaled to the whole, linearly. The peers are in
`attribute_peers.py`, what memory they take is measured by `attribute_memory.py`. The job `methods` is of every method
that there is, by itself (`attribute_methods.py`); `--methods` is of some.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import attribute_methods
from benchmarks import attribute_peers as peers
from benchmarks.attribute_task import LAYER, SOURCE, Task, gap, load, off, paths, race, row, rows_at_a_time
from benchmarks.measure import Row, report
from benchmarks.pooled import encode
from jaxneuron import split
from jaxneuron.attribute import ablation, conductance, integrated_gradients, omission
from jaxneuron.concepts import tcav
from jaxneuron.types import Path as Line

POSITION = 3  # a word that every sentence has
CONCEPT = "street"  # its vector tells captions with this word from others


def inputs(task: Task) -> list[Row]:
    """Return the row of integrated gradients at the embedding."""
    f = task.above(SOURCE)
    peer = partial(peers.integrated_gradients, task.scored, task.text)
    rows = rows_at_a_time(task, peer)
    sides = {
        "ours": lambda: integrated_gradients.attribute(f, task.x, task.baseline, steps=task.steps),
        "peer": lambda: peer(steps=task.steps, rows=rows),
    }
    found, took = race(sides, task.options.repeats)
    said = gap(found["ours"].attribution, found["peer"][0], 1e-3)
    name = f"Captum, {rows} rows"
    return [row("integrated gradients, embedding", f"{task.size}, {task.steps} steps", took, name, said)]


def layer(task: Task) -> list[Row]:
    """Return the row of the conductance of all neurons of one layer."""
    through = task.through(task.residual(LAYER))
    run = partial(conductance.attribute, through, task.x, task.baseline, steps=task.steps)
    peer = partial(peers.conductance, task.scored, task.text, LAYER + 1)
    rows = rows_at_a_time(task, peer)
    found, took = race({"ours": run, "peer": lambda: peer(steps=task.steps, rows=rows)}, task.options.repeats)
    theirs, error = found["peer"]
    said = f"with Captum's rule, {gap(run(derivative='finite').attribution, theirs, 1e-3)}"
    said += f"; completeness error of the change: ours {off(task, found['ours'].error)}, Captum {off(task, error)}"
    size = f"{task.size}, {task.steps} steps"
    return [row(f"conductance, block {LAYER}", size, took, f"Captum, {rows} rows", said)]


def layers(task: Task) -> list[Row]:
    """Return the row of all layers: ours in one pass, Captum one by one."""
    sites = ("embed", *map(task.residual, range(task.model.config.blocks)))

    def ours(derivative: str) -> Line:
        model, (x, baseline) = task.model, (task.x, task.baseline)
        given = model.forward, model.params, task.tokens, SOURCE, task.target, x, baseline
        return conductance.layers(*given, sites=sites, line=conductance.Line(task.steps, derivative=derivative))

    rows = rows_at_a_time(task, partial(peers.conductance, task.scored, task.text, LAYER + 1))
    run = partial(peers.conductance, task.scored, task.text, steps=task.steps, rows=rows)
    sides = {derivative: partial(ours, derivative) for derivative in ("exact", "finite")}
    found, took = race(sides | {"peer": lambda: [run(n) for n in range(len(sites))]}, task.options.repeats)
    worst = [max(found["exact"].error.items(), key=lambda one: float(jnp.max(jnp.abs(one[1]))))[1]]
    worst += [max((error for _, error in found["peer"]), key=lambda one: np.max(np.abs(one)))]
    same = [
        gap(found["finite"].attribution[site], one, 1e-3) for site, (one, _) in zip(sites, found["peer"], strict=True)
    ]
    said = {
        "exact": f"largest completeness error: ours {off(task, worst[0])} of the change, Captum {off(task, worst[1])}",
        "finite": f"at the last layer, {same[-1]}",
    }
    size = f"{task.size}, {len(sites)} layers, {task.steps} steps"
    name = f"Captum, {rows} rows, a loop"
    return [
        row(f"conductance, all layers, {what}", size, took, name, said[which], sides=(which, "peer"))
        for which, what in (("exact", "exact"), ("finite", "by Captum's rule"))
    ]


def neurons(task: Task) -> list[Row]:
    """Return the rows of all neurons of one layer at one word, from each token and from all of them."""
    through, units = task.through(task.residual(LAYER)), (0, 7, 300)[: 1 if task.options.quick else 3]
    peer = partial(peers.neurons, task.scored, task.text, LAYER + 1, POSITION)
    rows = rows_at_a_time(task, partial(peer, units[:1]))
    sides = {
        "each": lambda: conductance.units(through, task.x, task.baseline, steps=task.steps),
        "all": lambda: conductance.attribute(through, task.x, task.baseline, steps=task.steps),
        "peer": lambda: peer(units, steps=task.steps, rows=rows),
    }
    found, took = race(sides, task.options.repeats)
    each, whole = found["each"].attribution[:, :, POSITION, units], found["all"].attribution[:, POSITION, units]
    said = {"each": gap(each, found["peer"], 1e-3), "all": gap(whole, found["peer"].sum(1), 1e-3)}
    said["each"] += f"; ours gives the neurons of all {task.x.shape[1]} positions, the peer those of one"
    width = task.x.shape[2]
    size, part = f"{task.size}, {task.steps} steps", f"{len(units)} of {width} neurons"
    name = f"Captum's NeuronConductance, {rows} rows, a loop"
    return [
        row(
            f"{width} neurons of block {LAYER}, {what}",
            size,
            took,
            name,
            said[which],
            sides=(which, "peer"),
            scale=width / len(units),
            part=part,
        )
        for which, what in (("each", "from each token"), ("all", "summed over tokens"))
    ]


def ablations(task: Task) -> list[Row]:
    """Return the rows of the ablation of each neuron of a layer, at all words at once."""
    return [_ablation(task, block) for block in (LAYER, task.model.config.blocks - 1)]


def _ablation(task: Task, block: int) -> Row:
    width, site = task.x.shape[2], task.residual(block)
    f, below = task.above(site), jax.jit(split.below(task.model.forward, task.model.params, site))
    peer = partial(peers.ablation, task.scored, task.text, block + 1)
    few, each = np.arange(width) * 16 // width, np.arange(width) // (8 if task.options.quick else 1)
    together = 8 if task.options.quick else peers.best(lambda many: peer(few, together=many), (1, 4, 8, 16, 32))
    mask = task.tokens.mask
    sides = {
        "ours": lambda: ablation.attribute(f, below(task.tokens), groups=each[None], mask=mask),
        "peer": lambda: peer(each, together=together),
    }
    found, took = race(sides, task.options.repeats)
    words = np.asarray(mask)
    said = gap(np.asarray(found["ours"])[words], found["peer"][words], 1e-3)
    many = f"{width} neurons" if not task.options.quick else f"{each[-1] + 1} groups of neurons"
    return row(f"ablation of {many} of block {block}", task.size, took, f"Captum, {together} at a time", said)


def concepts(task: Task) -> list[Row]:
    """Return the rows of concept vectors, each against random captions of its own, drawn from one pool."""
    many, each, test = (40, 40, 20) if task.options.quick else (200, 80, 40)
    shown = [line for line in task.captions if CONCEPT in line.split()][: each + test]
    others = [line for line in task.captions if CONCEPT not in line.split()][: 4 * each + test]
    tokens = encode(task.model, shown + others)
    site = task.residual(LAYER)
    values = tcav.examples(task.model.forward, task.model.params, tokens, (site,), pool="mean").activations[site]
    values = np.asarray(values)[:, 0]
    pool = np.concatenate([values[:each], values[each + test : -test]])
    held, answer = np.concatenate([values[each : each + test], values[-test:]]), np.arange(2 * test) < test
    random = np.random.default_rng(0)
    drawn = np.stack([each + random.choice(4 * each, each, replace=False) for _ in range(many)])
    rows = np.concatenate([np.broadcast_to(np.arange(each), drawn.shape), drawn], axis=1)
    x, labels = pool[rows], np.broadcast_to(np.arange(2 * each) < each, rows.shape)
    size = f"{many} x {2 * each} of {len(pool)} captions x {pool.shape[1]} units"

    def accuracy(weights: Any, bias: Any) -> float:
        return float(np.mean((held @ np.asarray(weights).T + np.asarray(bias) > 0) == answer[:, None]))

    sides = {
        "logistic": lambda: tcav.fit(pool, labels, rows=rows, classifier="logistic"),
        "ridge": lambda: tcav.fit(pool, labels, rows=rows),
        "peer": lambda: peers.logistic(x, labels),
        "sgd": lambda: peers.stochastic(x, labels),
    }
    found, took = race(sides, task.options.repeats)
    ours = np.asarray(found["logistic"].weights)[:, 0]
    cosine = np.sum(ours * found["peer"], 1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(found["peer"], axis=1)
    if cosine.min() < 0.99:
        raise SystemExit(f"the vectors differ: their least cosine is {cosine.min()}")
    probe = found["ridge"]
    right = accuracy(probe.weights[:, 0], probe.bias[:, 0]), accuracy(*found["sgd"])
    said = f"held-out accuracy, ours/theirs: {right[0]:.3f}/{right[1]:.3f}"
    return [
        row(
            f"{many} concept vectors, logistic",
            size,
            took,
            "LogisticRegression, a loop",
            f"least cosine of two vectors {cosine.min():.5f}",
            sides=("logistic", "peer"),
        ),
        row(f"{many} concept vectors, ridge", size, took, "SGDClassifier, a loop", said, sides=("ridge", "sgd")),
    ]


def completeness(task: Task) -> list[Row]:
    """Return the rows of how complete paths are at 20, 50 and 100 nodes."""
    found_rows = []
    for job, (ours, peer) in paths(task).items():
        for steps in (20,) if task.options.quick else (20, 50, 100):
            found, took = race({"ours": partial(ours, steps=steps), "peer": partial(peer, steps=steps)}, 1)
            said = f"largest error of completeness: ours {off(task, found['ours'].error)} of the change, Captum "
            said += off(task, found["peer"][1])
            found_rows.append(row(f"{job}, {steps} nodes", task.size, took, "Captum, 32 rows", said))
    return found_rows


def methods(task: Task) -> list[Row]:
    """Return a row for each method; a token is one player, and all is by way of the residual of one block."""
    given = {
        "key": jax.random.key(0),
        "f": task.above(SOURCE),
        "kept": omission.without(task.model.forward, task.model.params, task.tokens, task.residual(LAYER)),
        "through": task.through(task.residual(LAYER)),
        "x": task.x,
        "baseline": task.baseline,
        "baselines": task.baseline,
        "groups": np.arange(task.x.shape[1])[:, None],
        "mask": task.tokens.mask,
    }
    names = task.options.methods or list(attribute_methods.methods())
    return attribute_methods.each(given, names, size=task.size, repeats=task.options.repeats)


JOBS: dict[str, Callable[[Task], list[Row]]] = {
    "inputs": inputs,
    "layer": layer,
    "layers": layers,
    "neurons": neurons,
    "ablations": ablations,
    "concepts": concepts,
    "completeness": completeness,
    "methods": methods,
}
QUICK = ("inputs", "layer", "ablations", "concepts")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a checkpoint's folder, such as MiniLM's")
    parser.add_argument("--data", type=Path, help="a text, one sentence a line; otherwise the embedded captions")
    parser.add_argument("--count", type=int, help="sentences; 8, or 2 with --quick")
    parser.add_argument("--steps", type=int, help="nodes on a path; 50, or 10 with --quick")
    parser.add_argument("--repeats", type=int, help="timed runs of each side; 3, or 1 with --quick")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, help=f"all, or with --quick {', '.join(QUICK)}")
    known = attribute_methods.methods()
    parser.add_argument("--methods", nargs="+", choices=known, help="without --jobs: the time of these alone")
    parser.add_argument("--quick", action="store_true", help="few sentences and steps, one setting of each side")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    options.count = options.count or (2 if options.quick else 8)
    options.steps = options.steps or (10 if options.quick else 50)
    options.repeats = options.repeats or (1 if options.quick else 3)
    task = load(options)
    rows, shown = [], 0
    for name in options.jobs or (["methods"] if options.methods else QUICK if options.quick else JOBS):
        rows += JOBS[name](task)
        for one in rows[shown:]:
            beside = "" if one.peer_s is None else f", {one.peer} {one.peer_s:.3g} s"
            told = f"{one.job}: {one.ours_s:.3g} s{beside}; {one.note}"
            print(told, file=sys.stderr, flush=True)
        shown = len(rows)
    report(rows, options.json)


if __name__ == "__main__":
    main()
