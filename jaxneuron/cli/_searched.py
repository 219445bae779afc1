"""A search as a command asks for it: what stands around n-grams, what they are made of, how high the best ones are."""

from typing import Any, NamedTuple

from jaxneuron.cli import _grams
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method
from jaxneuron.cli._targets import Wanted


class SearchMaterial(NamedTuple):
    """What all targets are searched for with."""

    method: Method
    told: Told
    given: Any  # of the command
    model: Any
    forward: Any  # that reads an n-gram
    framed: Any  # the same, where something stands around the n-gram; else None
    grams: Any
    candidates: Any
    before: tuple[int, ...]  # what stands around each n-gram
    after: tuple[int, ...]


class Searched(NamedTuple):
    """What was found for targets of one kind."""

    wanted: Wanted
    found: Any
    stands: Any  # where that stands in the text
    chance: float | None  # how far random directions of the site get; None: not asked, or there are none


def material(method: Method, told: Told, given: Any, model: Any, sentences: list[list[str]]) -> SearchMaterial:
    """Return what all targets are searched for with.

    Raises:
        ValueError: more n-grams are asked for than the text has.
    """
    from jaxneuron.extract import framing

    length, sought = given.length, given.sought
    special = framing.around(model, sentences[0])
    before, after = framing.around(model, sentences[0], sought.around)
    corpus, candidates = _grams.of_text(model, sentences, length, *map(len, special))
    framed = None
    if before or after:
        framed = framing.Templated(model.forward, before, after, len(model.vocabulary.words))
    grams = framing.distinct(corpus, length, in_sentence=given.in_sentence)
    forward = framed or model.forward
    if given.in_sentence and framed:  # behind texts of many lengths stand the same tokens
        grams, forward, framed = framing.within(grams, before, after), model.forward, None
        candidates[[*before, *after]] = True
    if given.k > len(grams.ids) or not len(grams.ids):
        raise ValueError(
            f"k is {given.k}, but the text has {len(grams.ids)} n-grams of {length} symbols; give more text"
        )
    return SearchMaterial(method, told, given, model, forward, framed, grams, candidates, before, after)


def searched(at: SearchMaterial, wanted: Wanted) -> Searched:
    """Search for targets of one kind, and for random directions to compare them with."""
    import jax
    import numpy as np

    from jaxneuron.evaluate.standing import standing
    from jaxneuron.extract import framing
    from jaxneuron.lowering import lower
    from jaxneuron.targets import Unit

    given, model, sought = at.given, at.model, at.given.sought
    target, params = wanted.target, model.params
    positions = sought.positions(wanted.site, given.length, len(at.after))
    if isinstance(target, Unit) and target.site in model.linear:
        target = lower(at.forward, params, target, model.linear[target.site])
    whole = at.framed.read if at.framed else lambda target: target
    key, other = jax.random.split(jax.random.key(given.seed))
    known = {"key": key, "forward": at.forward, "params": params, "targets": sought.target(target, positions, whole)}
    known |= {"ngrams": at.grams, "candidates": at.candidates}
    last = positions == [-1] and not at.after
    told = {"onward": framing.onward(model, at.before, given.length) if last else None}
    chance: float | None = None
    with bars(given.shown.json) as report:
        progress = report(f"{wanted.site}: {at.method.name}")
        found = call(at.method, "find", known, at.told, k=given.k, progress=progress, **told)
        stands = standing(at.forward, params, known["targets"], found.score, at.grams)
        if sought.random and (where := getattr(target, "site", None)) is not None:
            drawn = sought.directions(other, where, _width(model, where))
            known |= {"targets": sought.target(drawn, positions, whole)}
            others = call(
                at.method,
                "find",
                known,
                at.told,
                progress=report(f"random directions: {at.method.name}"),
                **told,
            )
            compared = standing(at.forward, params, known["targets"], others.score[:, 0], at.grams)
            chance = float(np.median(compared.excess))
    return Searched(wanted, found, stands, chance)


def _width(model: Any, site: str) -> int:
    from jaxneuron.cli import _inputs

    return _inputs.shape(model, site).shape[-1]


def rows(
    at: SearchMaterial, one: Searched, names: list[str], chance: bool, certified: bool
) -> tuple[list[Any], list[str]]:
    """Return a row for each n-gram that was found, and a sentence for each target.

    Args:
        at: what it was searched for with.
        one: what was found.
        names: of the targets beside their numbers; none where they have none.
        chance: whether there is a column for random directions.
        certified: whether there is one for certificates.
    """
    import numpy as np

    found, stands, given = one.found, one.stands, at.given
    sign, most = (-1.0, "lowest") if given.sought.minimise else (1.0, "highest")
    table, said = [], []
    for number, target in enumerate(one.wanted.names):
        for rank in np.flatnonzero(np.isfinite(np.asarray(found.score[number]))):
            ids = np.asarray(found.tokens.ids)[number, rank][np.asarray(found.tokens.mask)[number, rank]].tolist()
            if given.in_sentence:
                ids = ids[len(at.before) : len(ids) - len(at.after)]
            shown, score = _grams.written(at.model, ids[-given.length :]), sign * float(found.score[number, rank])
            beside = [
                *(float(stands.percentile[number, rank]), sign * float(stands.best[number])),
                *(float(stands.excess[number, rank]), *[one.chance] * chance),
                *[int(found.optimal[number, rank]) if found.optimal is not None else ""] * certified,
            ]
            context = [_grams.written(at.model, ids)] if given.in_sentence else []
            name = [names[number]] if names else []
            unit = int(target) if target.isdigit() else target
            table.append((one.wanted.site, unit, *name, int(rank) + 1, shown, score, *beside, *context))
            if rank == 0:
                called = f"{'Unit ' if target.isdigit() else ''}{target} of {one.wanted.site}"
                named = f" ({names[number]})" if names else ""
                sure = _sure(int(found.optimal[number, rank])) if found.optimal is not None else ""
                said.append(
                    f"{called[0].upper()}{called[1:]}{named} is {most} after {shown!r} ({score:.4g}{sure}); in the "
                    f"text it is {beside[1]:.4g} at its {most}."
                )
    return table, said


def _sure(optimal: int) -> str:
    words = "word" if optimal == 1 else f"{optimal} words"
    return f", and no other {words} in its place {'goes' if optimal == 1 else 'go'} beyond" if optimal else ""
