"""Two languages with a known grammar: English sentences, and those of a language where much agrees with the subject.

In the language that is translated into, article, adjective and noun have the noun's gender and number, the adjective
stands after the noun, and the verb has the subject's number in every tense. Persons have both genders, which English
tells by another noun; a thing has one, which English does not tell. Its words are written as a stem and an ending, as a
model that reads pieces of words has them, so that all verbs share the endings of a tense.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple


class Noun(NamedTuple):
    """A noun of both languages."""

    words: tuple[str, ...]  # English: of a person both genders, of a thing one word
    stem: str
    feminine: bool | None = None  # of a thing


class Phrase(NamedTuple):
    """A noun with what stands beside it."""

    noun: int  # of NOUNS
    feminine: bool
    plural: bool
    adjective: int | None  # of ADJECTIVES


class Meaning(NamedTuple):
    """What both sentences say."""

    subject: Phrase
    verb: int  # of VERBS
    past: bool
    object: Phrase


_PERSONS = (
    "waiter waitress kamar, actor actress aktor, prince princess prins, host hostess gast, heir heiress ered, "
    "steward stewardess stuar, son daughter fil, brother sister frat, uncle aunt onk, king queen rej, "
    "nephew niece nep, duke duchess duk"
)
_THINGS = (
    "house dom, boat sip, lamp lum, table tabl, chair segh, garden ghard, river river, book libr, tree arb, road voj, "
    "letter leter, bottle botel, window fenest, bridge pont, mirror spegul, picture bild, forest forst, town urb, "
    "train tren, stone ston"
)
_THING_ROWS = [row.split() for row in _THINGS.split(", ")]
NOUNS = (
    *(Noun((one, two), stem) for one, two, stem in (row.split() for row in _PERSONS.split(", "))),
    *(Noun((one,), stem, place % 2 == 1) for place, (one, stem) in enumerate(_THING_ROWS)),
)
PERSONS = len(_PERSONS.split(", "))

VERBS = tuple(
    tuple(row.split())
    for row in (
        "support sosten, follow segu, visit visit, watch gard, help ajud, call vok, paint pint, clean net, need neces, "
        "want vol, admire admir, repeat repet, remember memor, protect protekt, show montr, praise laud"
    ).split(", ")
)
ADJECTIVES = tuple(
    tuple(row.split())
    for row in "red ruj, big grand, old vek, new nov, small pikol, quiet kalm, rich rik, strange stran".split(", ")
)

ARTICLES = {(False, False): "lo", (False, True): "los", (True, False): "la", (True, True): "las"}
ENDINGS = {(False, False): "a", (False, True): "an", (True, False): "it", (True, True): "iten"}
"""Of an article by gender and number; of a verb by tense and number."""

PROPERTIES = {"tense": ("present", "past"), "number": ("singular", "plural"), "gender": ("masculine", "feminine")}


def english(said: Meaning) -> list[str]:
    """Return the English sentence.

    Rewritten:
        >>> " ".join(english(Meaning(Phrase(0, True, False, 0), 0, False, Phrase(12, False, True, None))))
        'the red waitress supports the houses .'
    """
    verb = VERBS[said.verb][0]
    form = verb + ("d" if verb.endswith("e") else "ed") if said.past else verb + ("" if said.subject.plural else "s")
    return [*_english(said.subject), form, *_english(said.object), "."]


def _english(phrase: Phrase) -> list[str]:
    noun = NOUNS[phrase.noun].words[phrase.feminine if phrase.noun < PERSONS else 0]
    end = ("es" if noun.endswith("s") else "s") if phrase.plural else ""
    return ["the", *([] if phrase.adjective is None else [ADJECTIVES[phrase.adjective][0]]), noun + end]


def other(said: Meaning) -> list[str]:
    """Return the sentence of the other language, in stems and endings.

    Rewritten:
        >>> " ".join(other(Meaning(Phrase(0, True, False, 0), 0, False, Phrase(13, True, True, None))))
        'la kamar ~a ruj ~a sosten ~a las sip ~es .'
    """
    verb = [VERBS[said.verb][1], "~" + ENDINGS[said.past, said.subject.plural]]
    return [*_other(said.subject), *verb, *_other(said.object), "."]


def _other(phrase: Phrase) -> list[str]:
    end = "~" + ("a" if phrase.feminine else "o") + ("s" if phrase.plural else "")
    noun = [NOUNS[phrase.noun].stem, end if phrase.noun < PERSONS else "~es" if phrase.plural else "~e"]
    adjective = [] if phrase.adjective is None else [ADJECTIVES[phrase.adjective][1], end]
    return [ARTICLES[phrase.feminine, phrase.plural], *noun, *adjective]


def joined(pieces: Sequence[str]) -> str:
    """Return pieces as words.

    Example:
        >>> joined("la kamar ~a ruj ~a".split())
        'la kamara ruja'
    """
    return " ".join(pieces).replace(" ~", "")


def turned(said: Meaning, of: str) -> Meaning:
    """Return the same meaning with the other tense, or the subject in the other number or gender."""
    if of == "tense":
        return said._replace(past=not said.past)
    subject = said.subject
    changed = {"plural": not subject.plural} if of == "number" else {"feminine": not subject.feminine}
    return said._replace(subject=subject._replace(**changed))


def value(said: Meaning, of: str) -> int:
    """Return 1 for past, plural or feminine, and else 0."""
    return int({"tense": said.past, "number": said.subject.plural, "gender": said.subject.feminine}[of])


def bearing(said: Meaning, of: str) -> list[int]:
    """Return which words of the English sentence bear a property: the verb, the subject's noun, or both."""
    noun = 1 if said.subject.adjective is None else 2
    return {"tense": [noun + 1], "number": [noun, noun + 1], "gender": [noun]}[of]


def meanings(count: int, seed: int, without: Sequence[Meaning] = ()) -> list[Meaning]:
    """Return so many different meanings, drawn at random, none of which is among others.

    Args:
        count: how many.
        seed: of the draw.
        without: meanings that are left out.
    """
    draw, seen, found = random.Random(seed), set(without), list[Meaning]()
    while len(found) < count:
        one = _drawn(draw, range(len(NOUNS)), range(len(VERBS)))
        if one not in seen:
            seen.add(one)
            found.append(one)
    return found


def asked(count: int, seed: int, *, held_out: bool) -> list[Meaning]:
    """Return meanings whose subjects and verbs are the one or the other half of the words.

    Args:
        count: how many.
        seed: of the draw.
        held_out: which half of the words.
    """
    draw, found = random.Random(f"{seed} {held_out}"), list[Meaning]()
    verbs = range(int(held_out), len(VERBS), 2)
    nouns = [noun for noun in range(len(NOUNS)) if (noun // 2) % 2 == held_out]  # of both genders in either half
    while len(found) < count:
        if (one := _drawn(draw, nouns, verbs)) not in found:
            found.append(one)
    return found


def _drawn(draw: random.Random, nouns: Sequence[int], verbs: Sequence[int]) -> Meaning:
    both = [_phrase(draw, draw.choice(nouns)), _phrase(draw, draw.randrange(len(NOUNS)))]
    return Meaning(both[0], draw.choice(verbs), draw.random() < 0.5, both[1])


def _phrase(draw: random.Random, noun: int) -> Phrase:
    own, drawn = NOUNS[noun].feminine, draw.random() < 0.5
    adjective = draw.randrange(len(ADJECTIVES)) if draw.random() < 0.5 else None
    return Phrase(noun, drawn if own is None else own, draw.random() < 0.5, adjective)
