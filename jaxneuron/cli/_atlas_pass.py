"""The pass of `jaxneuron atlas`: what is computed, how far it is, and what becomes of it."""

import fnmatch
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron import __version__
from jaxneuron._said import names
from jaxneuron.atlas import (
    SiteSummary,
    Statistic,
    exemplars,
    histogram,
    label_counts,
    label_sums,
    moments,
    pairs,
    samples,
    saturated,
    sign_cases,
)
from jaxneuron.cli import _atlas_joined, _atlas_numbers, _atlas_text, _inputs
from jaxneuron.cli.atlas import LEVELS, SAVED, Given
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.corpora.spooled import Spooled
from jaxneuron.extract import states, summaries, to_statistics
from jaxneuron.extract.placing import ReadText, blocks, draw, firsts
from jaxneuron.extract.states import Progressed
from jaxneuron.extract.to_statistics import Asked, State
from jaxneuron.extract.to_store import fingerprint
from jaxneuron.report.atlas import records
from jaxneuron.report.atlas import unit as record
from jaxneuron.report.atlas import write as pages
from jaxneuron.report.atlas.passages import Passages
from jaxneuron.tap import check_site
from jaxneuron_models.gates import OPEN, with_gates

Report = Callable[[str], Callable[[int, int], None]]


class Run(NamedTuple):
    """A model, a text, and what is computed."""

    model: Any
    text: ReadText
    wanted: Asked
    asked: dict[str, Any]  # what all workers must have in common, as JSON has it
    parts: list[range]  # the blocks of the text
    labels: tuple[str, ...] | None  # the names of the classes of `text.labels`
    labelled: Labelled | None  # what the costlier parts are made of; None: there are none, and the text is on disk


def opened(given: Given) -> Run:
    """Open what was named.

    Raises:
        ValueError, KeyError, FileNotFoundError: what is wrong.
    """
    assert given.model is not None
    read = _atlas_text.read(given)
    model = _inputs.load(given.model, given.head, given.dictionary)
    if any(pattern.endswith(OPEN) for pattern in names("--sites", given.sites) or ()):
        model = with_gates(model)
    return prepared(model, read, given)


def prepared(model: Any, read: _atlas_text.LabelledText, given: Given) -> Run:
    """Return what is computed of a model and a text.

    Raises:
        KeyError: no such site.
        ValueError: too little memory for the counts.
    """
    sites = _sites(model, names("--sites", given.sites))
    wanted = to_statistics.asked(model, {}, sites, how=given.how)
    classes = len(read.names or ())
    levels = _levels(sum(wanted.widths.values()), classes, given.budget)
    wanted = wanted._replace(statistics=_statistics(given, levels, classes))
    drawn = draw(read.sentences, given.samples, seed=given.seed)
    text = ReadText(Spooled(read.sentences), read.labels, drawn, firsts(read.sentences))
    asked = {
        "model": fingerprint(model.forward, model.params),
        "text": read.hash,
        "labels": read.asked,
        "sites": dict(wanted.widths),
        "how": given.how,
        "exemplars": given.exemplars,
        "samples": given.samples,
        "neighbours": given.neighbours,
        "levels": list(levels),
        "seed": given.seed,
    }
    return Run(model, text, wanted, asked, blocks(read.sentences), read.names, read.text if given.with_ else None)


def _sites(model: Any, patterns: Sequence[str] | None) -> list[str] | None:
    """Return the sites that names with * stand for.

    Raises:
        KeyError: a name that stands for none.
    """
    if patterns is None:
        return None
    known, found = list(_inputs.sites(model)), list[str]()
    for pattern in patterns:
        here = fnmatch.filter(known, pattern)
        if not here:
            check_site(pattern, known)
        found += [site for site in here if site not in found]
    return found


def _levels(units: int, classes: int, budget: int) -> tuple[int, int, int]:
    """Return which values are told apart, exponents and digits: as many as there is memory for.

    Args:
        units: of all sites.
        classes: of the labels, each with counts of its own, as those have that have none; 0: there are no labels.
        budget: MiB.

    Raises:
        ValueError: there is too little even for the fewest.
    """
    tables = units * (classes + 1)
    sizes = [tables * histogram.held(lowest=low, highest=high, digits=digits) for low, high, digits in LEVELS]
    for levels, size in zip(LEVELS, sizes, strict=True):
        if size <= budget * 2**20:
            return levels
    least = sizes[-1] // 2**20 + 1
    told = f"{units:,} units" + f" with {classes:,} labels" * bool(classes)
    raise ValueError(f"--budget {budget}: the counts of {told} take at least {least:,} MiB; give so many")


def _statistics(given: Given, levels: tuple[int, int, int], classes: int) -> dict[str, Statistic]:
    told = dict(zip(("lowest", "highest", "digits"), levels, strict=True))
    if classes:
        counts = {
            "label_counts": label_counts.statistic(labels=classes, **told),
            "label_sums": label_sums.statistic(labels=classes),
        }
    else:
        counts = {"histogram": histogram.statistic(**told)}
    found = {
        "moments": moments.statistic(),
        **counts,
        "exemplars": exemplars.statistic(count=given.exemplars),
        "samples": samples.statistic(count=given.samples),
        "saturated": saturated.statistic(),
        "sign_cases": sign_cases.statistic(),
    }
    return found | ({"pairs": pairs.statistic(count=given.neighbours)} if given.neighbours else {})


def run(run: Run, given: Given, out: Path, report: Report, notice: Callable[[str], None]) -> tuple[State, int]:
    """Read the blocks of a worker, or go on where it was stopped; return its state and the words read now.

    Raises:
        ValueError: a state of something else, or a damaged one; see `to_statistics.read`.
        OSError: see `states.save`.
    """
    mine = run.parts[given.worker :: given.of]
    at = Progressed(_plain(run.asked, given), given.worker, given.of, 0, len(mine), 0)
    state, file = to_statistics.init(run.wanted), out / f"{at.name}.json"
    if file.exists():
        _same(at, states.progress(file), file)
        at, state = states.load(file, state)
        notice(f"goes on after {at.words:,} words")
    words = [sum(len(run.text.sentences[number]) for number in part) for part in mine]
    now, whole, done = 0, sum(words), at.words
    progress = report(f"atlas of {_atlas_text.called(given)}")

    def count(read: int) -> None:
        nonlocal done
        done += read
        progress(done, whole)

    saved = time.monotonic()
    before = state
    for state in to_statistics.read(run.model, run.text, run.wanted, mine[at.done :], before, progress=count):
        now += words[at.done]
        at = at._replace(done=at.done + 1, words=at.words + words[at.done])
        if at.done == len(mine) or time.monotonic() - saved >= SAVED:
            states.save(out, at, state)
            saved = time.monotonic()
    if not mine:
        states.save(out, at, state)
    return state, now


def _plain(asked: dict[str, Any], given: Given) -> dict[str, Any]:
    """Return what was asked, and the command's own words, from which `merge` opens it again."""
    said = {name: str(value) if isinstance(value, Path) else value for name, value in given._asdict().items()}
    return {"asked": asked, "given": said}


def _same(one: Progressed, other: Progressed, file: Path) -> None:
    """Check that two workers do the same.

    Raises:
        ValueError: they do not; the message names what differs.
    """
    left, right = one.asked["asked"], other.asked["asked"]
    if wrong := [name for name in left if left[name] != right.get(name)]:
        shown = f"{str(right.get(wrong[0]))[:60]} there and {str(left[wrong[0]])[:60]} here"
        raise ValueError(f"{file} was begun with another {wrong[0]}: {shown}; give the same, or another folder")


def joined(folders: Sequence[Path]) -> tuple[Run, Given, State]:
    """Return what all workers know.

    Raises:
        ValueError: no states; some that are missing, unfinished, there twice or of something else.
    """
    files = list(dict.fromkeys(file.resolve() for file in states.found(folders)))
    if not files:
        raise ValueError(f"no states in {', '.join(map(str, folders))}; expected what `jaxneuron atlas --worker` wrote")
    known = [states.progress(file) for file in files]
    for at, file in zip(known, files, strict=True):
        if at.of != known[0].of:
            raise ValueError(f"{file} is of {at.of} workers, {files[0]} of {known[0].of}; merge those of one run")
        _same(known[0], at, file)
        if at.done < at.blocks:
            raise ValueError(f"{file}: worker {at.worker} has read {at.done} of {at.blocks} blocks; run it to its end")
    workers = [at.worker for at in known]
    if missing := sorted(set(range(known[0].of)) - set(workers)):
        raise ValueError(f"worker {missing[0]} of {known[0].of} has no state there; run it, or name its folder")
    if twice := [worker for worker in workers if workers.count(worker) > 1]:
        raise ValueError(f"worker {twice[0]} is there twice; name each worker's folder once")
    said = known[0].asked["given"]
    fields: dict[str, Any] = {name: said[name] for name in Given._fields}
    given = Given(**fields)._replace(data=said["data"] and Path(said["data"]), out=Path(said["out"]))
    run = opened(given)
    _same(Progressed(_plain(run.asked, given), 0, 1, 0, 0, 0), known[0], files[0])
    state = to_statistics.init(run.wanted)
    for file in files:
        _, other = states.load(file, to_statistics.init(run.wanted))
        state = {name: one.merge(state[name], other[name]) for name, one in run.wanted.statistics.items()}
    return run, given, state


class Passed(NamedTuple):
    """What is known of each site, and the records that say it of each unit."""

    found: dict[str, SiteSummary]
    units: Iterator[record.Unit]
    note: str  # of which units more is known than one pass tells


def known(run: Run, given: Given, out: Path, state: State, report: Report, command: str) -> Passed:
    """Return what is known after the pass, with the parts that are asked for.

    Raises:
        ValueError: no such unit.
    """
    found = summaries.summaries(run.model, run.wanted, state, labels=run.labels)
    found = summaries.with_excerpts(run.model, run.text, run.wanted, found, progress=report("exemplars"))
    joined = _atlas_joined.joined(run.model, found, given, run.labelled, run.asked, out, report)
    units = _inputs.numbers(given.units) if given.units else None
    told = records.records(_read(run, given, command), found, units)
    return Passed(found, _atlas_joined.with_pieces(told, joined), joined.note)


def written(run: Run, given: Given, out: Path, state: State, report: Report, command: str) -> Path:
    """Write statistics and pages; return the page to open."""
    told = known(run, given, out, state, report, command)
    _atlas_numbers.write(out, told.found, run.asked)
    units = _inputs.numbers(given.units) if given.units else None
    total = sum(width if units is None else sum(unit < width for unit in units) for width in run.wanted.widths.values())
    progress = report("pages")
    return pages.write(
        out,
        told.units,
        title=f"The units of {_inputs.short(str(given.model))} over {_atlas_text.called(given)}",
        note=told.note,
        kept=kept(run, told.found),
        written=lambda done: progress(done, total),
    )


def _read(run: Run, given: Given, command: str) -> records.Reading:
    sentences = run.text.sentences
    source = record.Source(
        _atlas_text.called(given),
        run.asked["text"],
        _atlas_text.split(given) or "",
        len(sentences),
        sum(map(len, sentences)),
    )
    versions = {"jaxneuron": __version__, **{name: version(name) for name in ("jax", "numpy")}}
    provenance = record.Provenance(source, command, given.seed, versions)
    return records.Reading(sentences, _inputs.short(str(given.model)), run.asked["model"], provenance)


def kept(run: Run, found: dict[str, SiteSummary]) -> Passages | None:
    """Return the texts that were drawn, if as a whole, with what every unit of a site for words does there."""
    drawn, room = run.text.drawn, run.asked["samples"]
    if any(first + len(run.text.sentences[number]) > room for number, first in drawn.items()):
        return None
    values = {site: one.samples.value for site, one in found.items() if not one.per_text}
    return Passages([run.text.sentences[number] for number in drawn], values, list(drawn))
