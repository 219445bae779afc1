"""`jaxneuron decompose METHOD`: which units work as a group, which words are alike, and of what parts both are."""

from importlib import import_module
from inspect import signature
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _activations, _asked, _inputs, _learnt
from jaxneuron.cli._answer import Answer, Chart
from jaxneuron.cli._options import Seed, number, one_of, share
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, notice
from jaxneuron.cli._signature import Method

BY_UNITS = ("correlation_clusters", "pca", "ica", "nmf", "semi_nmf")
"""Methods that find no more factors than there are units, which can be said before anything is read."""

FACTORS, TEXTS = 12, 2
"""Factors whose texts a page shows, and how many of each."""


class Given(NamedTuple):
    """Sites of a model, and the text that it reads."""

    model: _inputs.Model
    site: Annotated[str, typer.Option(help="Where the units are: a site, or several with commas.")]
    text: _asked.Text = _asked.Text()
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    output: Annotated[str | None, typer.Option(help="Of transcoder: the site that is written.")] = None
    labels: Annotated[
        str | None, typer.Option(help="The layer of labels, such as upos, that clusters of words are compared with.")
    ] = None
    least: Annotated[float, number(share, "Share of a cluster's words that must have a label for it to be its.")] = 0.95
    each: Annotated[bool, typer.Option(help="Factor each text for itself, as Ecco does; of nmf.")] = False
    map_by: Annotated[str, number(one_of("pca", "umap"), "How the map of a page is made: pca or umap.")] = "pca"
    k: Annotated[int, typer.Option(min=1, help="Words shown of each group.")] = 5
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


class Recorded(NamedTuple):
    """What a model makes of a text."""

    values: Any  # [token, unit]
    sites: Any  # `_factors.Sites`
    sentences: list[list[str]]
    labels: Any  # [token] numbers, or None
    label_names: list[str]

    @property
    def words(self) -> list[str]:
        """Return all words in a row."""
        return [word for words in self.sentences for word in words]


def decompose(method: Method, told: Told, given: Given) -> None:
    """Split the activations of some sites into factors: the units or words of each, and where it is highest."""
    asked = names("--site", given.site) or []
    given.text.check(given.model)
    given.shown.check()
    if method.name in _learnt.METHODS:
        return _learnt.learn(method, told, given)
    module = import_module(method.module)
    if given.each and not hasattr(module, "each"):
        raise ValueError(f"--each: {method.name} is of all texts together; nmf can factor each text for itself")
    import jax
    import numpy as np

    from jaxneuron.cli import _factors

    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    width = sum(_inputs.shape(opened, site).shape[-1] for site in asked)
    if method.name in BY_UNITS and told.get("factors", 1) > width:
        raise ValueError(f"--factors {told['factors']}: {given.site!r} has {width} units; give {width} at most")
    unknown = _inputs.unknown(opened, read.sentences)
    pool = "last" if all(_activations.one_for_text(opened, site) for site in asked) else None
    sentences = [[" ".join(words)] for words in read.sentences] if pool else read.sentences
    labels, label_names = None, []
    if given.labels or (read.labels and pool is None):
        _, each, labels, label_names = _asked.labels(read, given.labels, None)
        if (each == "word") == (pool is not None):
            raise ValueError(f"--labels {given.labels}: these are of each {each}, and the activations are not")
    key = jax.random.key(given.seed)
    with bars(given.shown.json) as report:
        progress = report(f"{given.site} of {read.name}")
        with _activations.of_words(opened, read.sentences, asked, progress, pool=pool) as store:
            table = store.joined(*asked)
            values, sites = np.asarray(table[:], np.float32), _factors.Sites(dict(table.sites))
        found = Recorded(values, sites, sentences, labels, label_names)
        if given.each:
            answer, settled = _each(module, key, told, given, found)
        else:
            factors = call(method, "decompose", {"key": key, "activations": values}, told)
            answer, settled = _answered(module, told, given, found, factors, key), bool(factors.settled)
    steps = [] if settled else [f"{method.name} had not settled when its steps ran out; give more --steps."]
    given.shown.give(answer._replace(sentences=[*answer.sentences, *steps, f"{unknown}."]))


def _each(module: Any, key: Any, told: Told, given: Given, found: Recorded) -> tuple[Answer, bool]:
    """Return the answer about each text for itself, and whether all had settled; too short a text has no parts."""
    import numpy as np

    from jaxneuron.cli import _factors

    lengths = np.array([len(words) for words in found.sentences])
    long = lengths >= told["factors"]
    if not long.any():
        raise ValueError(f"--factors {told['factors']}: no text has so many words; {lengths.max()} is the most")
    starts = np.cumsum([0, *lengths[long]])
    parts = module.each(key, found.values[np.repeat(long, lengths)], starts, **told)
    units, where = found.values.shape[1], found.sites.title
    rows: list[Any] = []
    texts: list[Any] = []
    for text, factors in zip(np.flatnonzero(long).tolist(), parts, strict=True):
        words = found.sentences[text]
        codes, basis = np.asarray(factors.codes), np.asarray(factors.basis)
        rows += [(text, *row) for row in _factors.of_parts(codes, basis, found.sites, words, given.k)]
        shown = _factors.texts(codes, [words], FACTORS, 1) if len(texts) < 200 else []
        texts += [one._replace(title=f"text {text}, {one.title.partition(',')[0]}") for one in shown]
    said = [f"{len(parts)} texts, each in {len(rows) // len(parts)} parts of {units} units of {where}."]
    if not long.all():
        short = int(np.sum(~long))
        said.append(
            f"{short} of {len(long)} texts have fewer words than --factors {told['factors']}, and are left out."
        )
    title = f"Of what parts are the activations of {where}, text by text?"
    columns = ("text", "factor", "share", "units", "highest at", "lowest at")
    answer = Answer(title, said, columns, rows, texts, note=f"{_SHARE} {_colours(*(one.codes for one in parts))}")
    return answer, all(bool(factors.settled) for factors in parts)


def _answered(module: Any, told: Told, given: Given, found: Recorded, factors: Any, key: Any) -> Answer:
    """Return the answer about all texts together: of groups of units, of clusters of words, or of parts."""
    import numpy as np

    from jaxneuron.cli import _factors

    codes, basis = np.asarray(factors.codes[:], np.float32), np.asarray(factors.basis, np.float32)
    words, where, charted = found.words, found.sites.title, given.shown.out is not None
    said: list[str] = []
    if _factors.one_hot(basis.T):
        rows = _factors.of_units(codes, basis, found.sites, words, given.k)
        sizes = ", ".join(str(row[2]) for row in rows[:8])
        said.append(
            f"{len(rows)} groups of the {basis.shape[1]} units of {where}, of {sizes}{' …' * (len(rows) > 8)} units."
        )
        charts = _unit_charts(module, told, found, basis.argmax(axis=0)) if charted else []
        texts = _factors.texts(codes - codes.mean(axis=0), found.sentences, FACTORS, 1, "group") if charted else []
        columns = ("group", "site", "size", "units", "highest at")
        return Answer(
            f"Which units of {where} work as a group?", said, columns, rows, texts, note=_COLOURS, charts=charts
        )
    if _factors.one_hot(codes):
        rows = _factors.of_tokens(found.values, codes, found.sites, words, given.k)
        columns = ("cluster", "size", "words", "units far from their mean")
        said.append(f"{len(rows)} clusters of {len(words):,} words by {where}; the largest has {rows[0][1]:,}.")
        named = [f"{row[0]}: {row[2].partition(' | ')[0]}" for row in rows]
        if found.labels is not None:
            rows, also, columns, named = _labelled(found, codes, rows, columns, given)
            said.append(also)
        charts = [_map(told, given, found, codes.argmax(axis=1), named, key)] if charted else []
        return Answer(f"Which words does {where} see alike?", said, columns, rows, charts=charts)
    rows = _factors.of_parts(codes, basis, found.sites, words, given.k)
    spread, left = (np.var(one, axis=0, dtype=np.float64).sum() for one in (found.values, found.values - codes @ basis))
    explained = 1 - left / spread if spread > 0 else 0.0
    said.append(
        f"{len(rows)} factors of the {basis.shape[1]} units of {where}, from the one that explains most; together they "
        f"explain {explained:.1%} of the variance."
    )
    texts = _factors.texts(codes, found.sentences, FACTORS, TEXTS) if charted else []
    columns = ("factor", "share", "units", "highest at", "lowest at")
    return Answer(
        f"Of what parts are the activations of {where}?", said, columns, rows, texts, note=f"{_SHARE} {_colours(codes)}"
    )


_SHARE = "share: the squares of what the factor writes, of those of all factors."

_COLOURS = "In the text, orange is above 0 and blue below, the stronger the farther; the pointer shows the value."


def _colours(*codes: Any) -> str:
    """Return what the colours of texts mean: of parts that only add, there is one colour."""
    signed = any((one < 0).any() for one in codes)
    return _COLOURS if signed else "In the text, the stronger the colour, the more; the pointer shows the value."


def _labelled(found: Recorded, codes: Any, rows: list[Any], columns: Any, given: Given) -> tuple[Any, ...]:
    """Return rows of clusters with the label that each has, what to say of them, and names for the map."""
    from jaxneuron.decompose import latent_concepts

    aligned = latent_concepts.align(codes, found.labels, least=given.least)
    called = [found.label_names[label] for label in aligned.label.tolist()]
    rows = [
        (*row[:2], name, float(part), *row[2:]) for row, name, part in zip(rows, called, aligned.share, strict=True)
    ]
    count, covered = int(aligned.aligned.sum()), int(aligned.size[aligned.aligned].sum())
    labels = sorted({name for name, good in zip(called, aligned.aligned, strict=True) if good})
    said = (
        f"Clusters of one label, by at least {given.least:.0%} of their words: {count} of {len(rows)}, with "
        f"{covered / max(aligned.size.sum(), 1):.1%} of all words ({', '.join(labels) or 'none'})."
    )
    named = [
        f"{row[0]}: {name if good else row[4].partition(' | ')[0]}"
        for row, name, good in zip(rows, called, aligned.aligned, strict=True)
    ]
    return rows, said, (*columns[:2], "label", "share", *columns[2:]), named


def _unit_charts(module: Any, told: Told, found: Recorded, group: Any) -> list[Chart]:
    """Return the tree of units and the heat map of their correlations, where the method has a tree."""
    import numpy as np
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    from jaxneuron.decompose.correlation_clusters import correlation
    from jaxneuron.report import clusters

    charts, order = [], np.argsort(group, kind="stable")
    groups = int(group.max()) + 1
    if hasattr(module, "tree"):
        options = {name: told[name] for name in told if name in signature(module.tree).parameters}
        merges = module.tree(found.values, **options).merges
        between = merges[max(len(merges) - groups, 0) :, 2][:2]
        cut = told.get("threshold") or (float(between.mean()) if groups > 1 else None)
        note = f"The last {min(clusters.LEAVES, len(group))} groups to be joined; dashed: where it was cut."
        charts.append(Chart("The tree", clusters.tree(merges, cut, "units"), note))
        order = np.lexsort((np.argsort(hierarchy.leaves_list(merges)), group))
    few = groups <= clusters.CELLS
    order = order if few else order[: clusters.CELLS]
    matrix = np.asarray(squareform(correlation(found.values))[np.ix_(order, order)])
    np.fill_diagonal(matrix, 1)
    note = (
        "All units side by side, group after group, the largest first; of many units, neighbours are averaged."
        if few
        else f"The {len(order)} units of the largest groups side by side."
    )
    charts.append(Chart("What is alike", clusters.alike(matrix, group[order]), note))
    return charts


def _map(told: Told, given: Given, found: Recorded, group: Any, named: list[str], key: Any) -> Chart:
    """Return the map of words, in the colours of their clusters."""
    import numpy as np

    from jaxneuron.decompose import activation_clusters
    from jaxneuron.report import clusters

    reduction: Any = told.get("reduction", given.map_by)
    where = np.unique(np.linspace(0, len(group) - 1, min(clusters.POINTS, len(group))).astype(int))
    if len(where) < len(group):
        notice(f"the map has {len(where):,} of {len(group):,} words")
    places = activation_clusters.places(key, found.values[where], reduction=reduction, dimensions=2)
    words, labels = found.words, found.labels
    points = [
        clusters.Point(
            x, y, words[token], int(group[token]), found.label_names[labels[token]] if labels is not None else ""
        )
        for token, (x, y) in zip(where.tolist(), places.round(4).tolist(), strict=True)
    ]
    how = "two principal components" if reduction == "pca" else "UMAP"
    axes = ("first principal component", "second") if reduction == "pca" else ("UMAP, first axis", "second")
    chart = clusters.places(points, named, axes)
    return Chart("The map", chart, f"Words by {how} of their activations; the pointer names them.")
