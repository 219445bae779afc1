"""How fast is a score shared out over inputs, layers and neurons? Against Captum, and scikit-learn for concepts.

    python -m benchmarks.attribute --model DIR [--data FILE] [--jobs NAME ...] [--quick] [--json PATH]

A checkpoint of the BERT family, such as MiniLM's, and the same weights in torch through `transformers`. The score is
linear in the mean over a sentence's last states; the baseline has [PAD] in the place of its words. Same sentences, same
steps, results compared before times, Captum at the number of rows at which it is fastest. A loop that would take hours
runs in part: the note says which part, and the time is scaled to the whole, linearly. The peers are in
`attribute_peers.py`.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import attribute_peers as peers
from benchmarks.measure import Row, Times, compare, growth, report, seconds
from jaxneuron import split
from jaxneuron.attribute import ablation, conductance, integrated_gradients, tcav
from jaxneuron.corpora import scenes
from jaxneuron.types import Activations, Site, Tokens
from jaxneuron.types import Path as Line
from jaxneuron_models import pretrained

SOURCE = "embed/word"
LAYER = 3  # the block whose neurons are looked at
POSITION = 3  # a word that every sentence has
CONCEPT = "street"  # its vector tells captions with this word from others
JOINED = 3  # captions in a row are one text, of some 25 tokens


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Pooled:
    """A linear score of the mean over a sentence's words."""

    site: Site = field(metadata={"static": True})
    direction: Any  # [unit]

    def __call__(self, output: Any, activations: Activations, tokens: Tokens) -> jax.Array:
        """Return `mean over words of activation . direction`."""
        share = tokens.mask / jnp.sum(tokens.mask, axis=1, keepdims=True)
        return jnp.einsum("bt,btu,u->b", share, activations[self.site], self.direction)


class Task(NamedTuple):
    """What is explained, on both sides."""

    model: pretrained.Pretrained
    tokens: Tokens
    target: Pooled
    x: jax.Array  # [batch time unit], word vectors
    baseline: jax.Array
    captions: list[str]
    scored: peers.Scored
    text: peers.Text
    options: argparse.Namespace

    @property
    def steps(self) -> int:
        """Return the nodes on the path."""
        return self.options.steps

    @property
    def size(self) -> str:
        """Return the sizes in words."""
        return "{} sentences x {} tokens x {} units".format(*self.x.shape)

    def residual(self, block: int) -> Site:
        """Return the site of a block's output; blocks count from 0."""
        return f"block{block}/residual"

    def above(self, site: Site) -> Any:
        """Return the map from the value at a site to the score."""
        return split.above(self.model.forward, self.model.params, self.tokens, site, self.target)

    def through(self, site: Site) -> Any:
        """Return the joint map by way of a site."""
        return split.through(self.model.forward, self.model.params, self.tokens, SOURCE, site, self.target)


def load(options: argparse.Namespace) -> Task:
    """Read the model twice, and the sentences."""
    loaded = pretrained.load(options.model)
    captions = options.data.read_text().splitlines() if options.data else [" ".join(one) for one in captioned()]
    lines = captions if options.data else [" ".join(captions[i : i + JOINED]) for i in range(0, 300, JOINED)]
    tokens = encode(loaded, lines[: options.count])
    inner = (jnp.arange(tokens.ids.shape[1]) > 0) & (jnp.cumsum(tokens.mask[:, ::-1], axis=1)[:, ::-1] > 1)
    below = jax.jit(split.below(loaded.forward, loaded.params, SOURCE))
    pad = loaded.tokenizer.token_to_id("[PAD]")
    x, baseline = below(tokens), below(tokens._replace(ids=jnp.where(inner, pad, tokens.ids)))
    direction = np.random.default_rng(0).normal(size=loaded.config.width).astype(np.float32)
    target = Pooled(f"block{loaded.config.blocks - 1}/residual", jnp.asarray(direction))
    scored = peers.load(options.model, direction)
    text = peers.text(x, baseline, tokens.mask)
    ours = split.above(loaded.forward, loaded.params, tokens, SOURCE, target)(x)
    np.testing.assert_allclose(ours, scored(text.x, text.mask).detach().numpy(), rtol=1e-3, atol=1e-3)
    return Task(loaded, tokens, target, x, baseline, captions, scored, text, options)


def captioned() -> list[list[str]]:
    """Return captions, in an order that mixes them."""
    sentences = scenes.read("train").sentences
    return [sentences[i] for i in np.random.default_rng(0).permutation(len(sentences))]


def encode(loaded: pretrained.Pretrained, lines: list[str]) -> Tokens:
    """Return sub-words between [CLS] and [SEP], padded."""
    ids = [one.ids for one in loaded.tokenizer.encode_batch(lines)]
    longest = max(map(len, ids))
    mask = np.arange(longest)[None] < np.array([[len(one)] for one in ids])
    padded = np.full(mask.shape, loaded.tokenizer.token_to_id("[PAD]"))
    padded[mask] = np.concatenate(ids)
    return Tokens(jnp.asarray(padded), jnp.asarray(mask))


class Taken(NamedTuple):
    """What one side took."""

    wall: Times
    processor: float  # seconds of processor time, all threads, the median; tells more on a machine that is busy


def race(sides: Mapping[str, Callable[[], Any]], repeats: int) -> tuple[dict[str, Any], dict[str, Taken]]:
    """Run each side once, which compiles; then all in turn. Return the results of the first run, and the times."""
    results = {name: jax.block_until_ready(side()) for name, side in sides.items()}
    rounds = [{name: _timed(side) for name, side in sides.items()} for _ in range(repeats)]
    taken = {}
    for name in sides:
        wall, processor = zip(*(one[name] for one in rounds), strict=True)
        taken[name] = Taken(Times(0.0, list(wall)), statistics.median(processor))
    return results, taken


def _timed(side: Callable[[], Any]) -> tuple[float, float]:
    began = time.process_time()
    wall = seconds(lambda: jax.block_until_ready(side()))
    return wall, time.process_time() - began


def row(
    job: str,
    size: str,
    took: Mapping[str, Taken],
    peer: str,
    said: str,
    *,
    sides: tuple[str, str] = ("ours", "peer"),
    scale: float = 1.0,
    part: str = "",
) -> Row:
    """Return the row of a job whose results were compared; the peer's part is scaled to the whole."""
    ours, theirs = (took[side] for side in sides)
    note = f"{said}; ours {ours.wall.spread}, the peer {theirs.wall.spread}"
    note += f"; by processor time the ratio is {theirs.processor * scale / ours.processor:.2f}"
    note += f"; measured of the peer: {part}" if part else ""
    return compare(job, size, ours.wall.median, peer, theirs.wall.median * scale, note)


def gap(ours: Any, theirs: Any, limit: float) -> str:
    """Return how far results are apart, relative to the largest, or fail where that is too far."""
    found = float(np.max(np.abs(np.asarray(ours) - theirs)) / np.max(np.abs(theirs)))
    if not found <= limit:
        raise SystemExit(f"the results differ by {found} of the largest, more than {limit}")
    return f"results differ by {found:.0e} of the largest"


def rows_at_a_time(task: Task, run: Callable[..., Any]) -> int:
    """Return the number of rows at which a peer's path method is fastest."""
    choices = (16,) if task.options.quick else (16, 32, 64, 128)
    return peers.best(lambda rows: run(steps=16, rows=rows), choices) if len(choices) > 1 else choices[0]


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


def off(task: Task, error: Any) -> str:
    """Return the largest completeness error of a sentence, as a share of the score's change."""
    f = task.above(SOURCE)
    return f"{float(np.max(np.abs(np.asarray(error) / (f(task.x) - f(task.baseline))))):.1e}"


def layers(task: Task) -> list[Row]:
    """Return the row of all layers: ours in one pass, Captum one by one."""
    sites = ("embed", *map(task.residual, range(task.model.config.blocks)))

    def ours(derivative: str) -> Line:
        model, (x, baseline) = task.model, (task.x, task.baseline)
        given = model.forward, model.params, task.tokens, SOURCE, task.target, x, baseline
        return conductance.layers(*given, sites=sites, steps=task.steps, derivative=derivative)

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
        "each": lambda: conductance.neurons(through, task.x, task.baseline, steps=task.steps),
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


def paths(task: Task) -> dict[str, tuple[Callable[..., Any], Callable[..., Any]]]:
    """Return both sides of each method along a path; they take `steps`."""
    inputs = partial(integrated_gradients.attribute, task.above(SOURCE), task.x, task.baseline)
    layer = partial(conductance.attribute, task.through(task.residual(LAYER)), task.x, task.baseline)
    return {
        "integrated gradients": (inputs, partial(peers.integrated_gradients, task.scored, task.text, rows=32)),
        f"conductance, block {LAYER}": (
            layer,
            partial(peers.conductance, task.scored, task.text, LAYER + 1, rows=32),
        ),
    }


def grown(task: Task, side: str, method: str, steps: int) -> tuple[float, float]:
    """Return by how many MiB a path method makes the process grow, and its seconds."""
    run, took = paths(task)[method][side != "ours"], []
    return growth(lambda: took.append(seconds(lambda: jax.block_until_ready(run(steps=steps))))), took[-1]


def memory(task: Task) -> list[Row]:
    """Return the rows of how much memory a path takes, few steps and many; each in a process of its own."""
    found_rows, few, many = [], *((10, 40) if task.options.quick else (50, 400))
    for method in paths(task):
        found = {
            (side, steps): apart(task.options, side, method, steps)
            for side in ("ours", "Captum")
            for steps in (few, many)
        }
        said = "; ".join(
            f"{side}: {found[side, few][0]:.0f} MiB at {few} steps, {found[side, many][0]:.0f} MiB at {many}"
            for side in ("ours", "Captum")
        )
        times = found["ours", many][1], "Captum, 32 rows", found["Captum", many][1]
        found_rows.append(compare(f"memory: {method}", f"{task.size}, {many} steps", *times, said))
    return found_rows


def apart(options: argparse.Namespace, *what: Any) -> tuple[float, float]:
    """Return what `grown` finds in another process."""
    command = [sys.executable, "-m", "benchmarks.attribute", "--model", str(options.model)]
    command += ["--count", str(options.count), "--grown", *map(str, what)]
    command += ["--data", str(options.data)] if options.data else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    mib, took = map(float, done.stdout.split()[-2:])
    return mib, took


JOBS: dict[str, Callable[[Task], list[Row]]] = {
    "inputs": inputs,
    "layer": layer,
    "layers": layers,
    "neurons": neurons,
    "ablations": ablations,
    "concepts": concepts,
    "completeness": completeness,
    "memory": memory,
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
    parser.add_argument("--quick", action="store_true", help="few sentences and steps, one setting of each side")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--grown", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.count = options.count or (2 if options.quick else 8)
    options.steps = options.steps or (10 if options.quick else 50)
    options.repeats = options.repeats or (1 if options.quick else 3)
    task = load(options)
    if options.grown:
        side, method, steps = options.grown
        print(*grown(task, side, method, int(steps)))
        return
    rows, shown = [], 0
    for name in options.jobs or (QUICK if options.quick else JOBS):
        rows += JOBS[name](task)
        for one in rows[shown:]:
            told = f"{one.job}: {one.ours_s:.3g} s, {one.peer} {one.peer_s:.3g} s; {one.note}"
            print(told, file=sys.stderr, flush=True)
        shown = len(rows)
    report(rows, options.json)


if __name__ == "__main__":
    main()
