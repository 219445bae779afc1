"""Sentences that say what the numbers of a run say, whichever way they came out.

Nothing here knows the result beforehand: each sentence chooses its verb by the figures that are printed, and a figure
that the run does not have leaves its sentence out.
"""

from collections.abc import Callable, Mapping

from jaxneuron.report.text import capital, claims_held, count, known, listed, most, number, order, p_value, percent
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.poerner2018 import labels
from jaxneuron.studies.poerner2018.labels import TEXTUAL_PROJECTION, VISUAL_PROJECTION, Setting
from jaxneuron.studies.poerner2018.results import CORPUS, GUMBEL, Figures, Naming, Results

Rows = Mapping[str, Figures]
"""Method -> its figures in one setting."""

SIGNIFICANT = 0.001
"""The level that Poerner et al. 2018 report; p-values above it are given as they are."""


def headlines(run: Finished) -> list[str]:
    """Return the main findings of a run, the most important first."""
    results: Results = run.results
    candidates = [
        best_method(results),
        losers(results),
        function_words(results),
        naming(results),
        nearest_cosine(results),
        perplexity(results),
        average_precision(results),
        claims_held([claim.holds for claim in run.claims]),
    ]
    return [sentence for sentence in candidates if sentence]


def comparisons(results: Results) -> list[str]:
    """Return how gumbel softmax compares with corpus search, a sentence per setting."""
    sentences = (against_corpus(setting, GUMBEL, rows) for setting, rows in _settings(results))
    return [sentence for sentence in sentences if sentence]


def best_method(results: Results) -> str | None:
    """Say how many settings gumbel softmax wins, and who comes first by mean gain elsewhere.

    Returns:
        A sentence, or None where nothing was measured.
    """
    key = GUMBEL
    tested = [(s, rows) for s, rows in _settings(results) if key in rows and known(rows[key].gain, rows[key].p)]
    if not tested:
        return None
    won = [s for s, rows in tested if _direction(rows[key]) > 0 and rows[key].p < SIGNIFICANT]
    sentence = (
        f"{capital(labels.method(key).name)} finds more activating inputs than corpus search in "
        f"{count(len(won), len(tested))} settings (paired t-test, p < {SIGNIFICANT})."
    )
    ahead = {}
    for setting, rows in tested:
        gains = {m: row.gain for m, row in rows.items() if known(row.gain)}
        first = most(list(gains), gains.__getitem__, number)
        ahead.setdefault(key if key in first else first[0], []).append(setting.place)
    if set(ahead) == {key}:
        return sentence + f" No other method has a larger mean gain in {'it' if len(tested) == 1 else 'any of them'}."
    others = [f"{labels.method(m).name} in {listed(places)}" for m, places in ahead.items() if m != key]
    return sentence + f" But the largest mean gain is that of {'; that of '.join(others)}."


def against_corpus(setting: Setting, method: str, rows: Rows) -> str | None:
    """Say how a method compares with corpus search in one setting.

    Args:
        setting: which.
        method: which.
        rows: method -> figures.

    Returns:
        A sentence, or None where nothing was measured.
    """
    row = rows.get(method, Figures())
    if not known(row.gain, row.p):
        return None
    name = labels.method(method).name
    evidence = ", ".join(
        part
        for part in (
            f"t = {row.t:.1f}" if known(row.t) else "",
            "p " + ("" if row.p < 0.001 else "= ") + p_value(row.p),
            f"effect size d_z = {row.d_z:.2f}" if known(row.d_z) else "",
            f"{row.n} targets" if row.n is not None else "",
        )
        if part
    )
    if row.p >= 0.05 or _direction(row) == 0:
        gain = number(row.gain, sign=True)
        return f"In {setting.place}, {name} and corpus search cannot be told apart (gain {gain}; {evidence})."
    verb = "beats" if row.gain > 0 else "falls short of"
    gain = number(abs(row.gain)) if order(row.gain, 0.0, number) else "less than 0.01"
    return f"In {setting.place}, {name} {verb} corpus search by {gain} standard deviations on average ({evidence})."


def losers(results: Results) -> str | None:
    """Say which optimisers stay below corpus search everywhere, as the paper found of three of them.

    Returns:
        A sentence, or None where nothing was measured.
    """
    settings = _settings(results)
    methods = labels.ordered((m for _, rows in settings for m in rows if m != CORPUS), labels.METHODS)
    below, above = [], []
    for method in methods:
        gains = [rows[method].gain for _, rows in settings if method in rows and known(rows[method].gain)]
        if gains and order(max(gains), 0.0, number) < 0:
            below.append(labels.method(method).name)
        elif gains and order(min(gains), 0.0, number) > 0 and method != GUMBEL:
            above.append(labels.method(method).name)
    parts = []
    if below:
        parts.append(f"{capital(listed(below))} {_verb(below, 'stays', 'stay')} below corpus search in every setting")
    if above:
        start = "while " if below else ""
        names = listed(above) if below else capital(listed(above))
        parts.append(f"{start}{names} {_verb(above, 'is', 'are')} on average above it in every setting")
        if not below:
            parts[0] = parts[0].replace("above it", "above corpus search")
    return ", ".join(parts) + "." if parts else None


def function_words(results: Results) -> str | None:
    """Say which pathway's optimal inputs hold more function words: the paper's finding on syntax.

    Returns:
        A sentence, or None where nothing was measured.
    """
    shares = [results.function_words.get(setting.key, {}) for setting in (TEXTUAL_PROJECTION, VISUAL_PROJECTION)]
    textual, visual = (own.get(GUMBEL) for own in shares)
    if textual is None or visual is None:
        return None
    relation, than = {1: ("more", "than"), -1: ("fewer", "than"), 0: ("as many", "as")}[order(textual, visual, percent)]
    corpus = [percent(own[CORPUS]) for own in shares if CORPUS in own]
    beside = f"; by corpus search, {corpus[0]} and {corpus[1]}" if len(corpus) == 2 else ""
    return (
        f"The optimal inputs of language units hold {relation} function words {than} those of visual units: "
        f"{percent(textual)} against {percent(visual)} of the words, found by {labels.method(GUMBEL).name}{beside}."
    )


def naming(results: Results) -> str | None:
    """Say how often the optimal input names the object that a visual unit stands for.

    Returns:
        A sentence, or None where nothing was measured.
    """
    best, corpus = (results.naming.get(method, Naming()) for method in (GUMBEL, CORPUS))
    if not known(best.named):
        return None
    sentence = f"Of the visual units, each of which stands for an object, {percent(best.named)} are named outright"
    if known(best.associated):
        sentence += f", and {percent(best.associated)} get at least one word that goes with the object,"
    sentence += f" in the input found by {labels.method(GUMBEL).name}"
    if not known(corpus.named):
        return sentence + "."
    also = f" and {percent(corpus.associated)}" if known(corpus.associated, best.associated) else ""
    return f"{sentence}; corpus search: {percent(corpus.named)}{also}."


def nearest_cosine(results: Results) -> str | None:
    """Say how far optimised embeddings are from words; the paper gives 0.24.

    Returns:
        A sentence, or None where nothing was measured.
    """
    cosines = [value for value in results.nearest_cosine.values() if known(value)]
    if not cosines:
        return None
    low, high = min(cosines), max(cosines)
    span = f"{number(low)} to {number(high)}, by setting" if order(low, high, number) else number(low)
    return (
        "Embedding optimisation ends at vectors whose mean cosine to the nearest real word is "
        f"{span} (the paper: 0.24; 1 would be a word)."
    )


def perplexity(results: Results) -> str | None:
    """Say how well the language pathway predicts words, against the count models.

    Returns:
        A sentence, or None where nothing was measured.
    """
    scores = results.model.perplexity if results.model else None
    if scores is None or not known(scores.imaginet):
        return None
    others = {"a unigram model": scores.unigram, "an interpolated Kneser–Ney trigram": scores.kneser_ney}
    parts = _compared(scores.imaginet, others, larger_is_better=False, show=_one)
    return f"As a language model, the interpreted model has a dev perplexity of {_one(scores.imaginet)}{parts}."


def average_precision(results: Results) -> str | None:
    """Say how well the visual pathway knows what is in the picture, against ridge regression on word counts.

    Returns:
        A sentence, or None where nothing was measured.
    """
    scores = results.model.average_precision if results.model else None
    if scores is None or not known(scores.imaginet):
        return None
    others = {"ridge regression on word counts": scores.ridge, "chance": scores.random}
    parts = _compared(scores.imaginet, others, larger_is_better=True, show=_three)
    return f"As a model of the picture, it reaches a mean average precision of {_three(scores.imaginet)}{parts}."


def _one(value: float) -> str:
    return number(value, 1)


def _three(value: float) -> str:
    return number(value, 3)


def _direction(row: Figures) -> int:
    """Return 1 where a method is ahead, -1 where it is behind, 0 where mean gain and t-test disagree."""
    signs = {value > 0 for value in (row.gain, row.t) if known(value) and value}
    return 0 if len(signs) != 1 else 1 if signs == {True} else -1


def _settings(results: Results) -> list[tuple[Setting, Rows]]:
    keys = labels.ordered(results.results, labels.SETTINGS)
    return [(labels.setting(key), results.results[key]) for key in keys]


def _compared(own: float, others: Mapping[str, float], *, larger_is_better: bool, show: Callable[[float], str]) -> str:
    parts = []
    for name, other in others.items():
        if known(other):
            ahead = order(own, other, show) * (1 if larger_is_better else -1)
            verdict = {1: "better than", 0: "the same as", -1: "worse than"}[ahead]
            parts.append(f"{verdict} {name} ({show(other)})")
    return ", " + listed(parts) if parts else ""


def _verb(items: list[str], one: str, many: str) -> str:
    return one if len(items) == 1 else many
