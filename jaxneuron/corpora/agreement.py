"""Sentences in which a verb has to agree with a number or a time, made of a lexicon: pairs of a right and a wrong one.

After Linzen et al. 2016 (arXiv 1611.01368) and Marvin and Linzen 2018 (arXiv 1808.09031). Half of the nouns, verbs and
words for a time, and two of the four kinds of subject, are held out: what was found on the others is tested on these.
`TOPICS` has ten topics of which each sentence has one, `COMMON` one list of words that any English text has.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

PROPERTIES = {"number": ("singular", "plural"), "tense": ("present", "past")}
"""What a verb agrees in, with the two values that are 0 and 1."""

SUBJECTS = {"plain": False, "adjective": False, "preposition": True, "relative": True}
"""The kinds of subject, and whether each is held out."""


SHARED = 0.5
"""The share of sentences whose verb is of any topic, where a lexicon has some. As in other text: where a verb never
leaves its topic, small models learn the number of each noun apart, and no unit has that of all."""


class Pair(NamedTuple):
    """Two sentences that differ in the form of a verb."""

    before: tuple[str, ...]  # words before the verb
    forms: tuple[str, str]  # the right one, the wrong one
    after: tuple[str, ...]
    value: int  # which of the two values the right one has
    kind: str  # of subject, or the name of a data set's part
    held_out: bool


class Verb(NamedTuple):
    """The forms of a verb, each of a singular and of a plural subject."""

    present: tuple[str, str]
    past: tuple[str, str]


class Topic(NamedTuple):
    """Words that occur together."""

    nouns: tuple[tuple[str, str], ...]  # singular, plural
    verbs: tuple[Verb, ...]
    places: tuple[str, ...]


class Lexicon(NamedTuple):
    """The words of a language."""

    topics: dict[str, Topic]
    adjectives: tuple[str, ...] = ("big", "old", "small", "young")
    cues: tuple[tuple[str, ...], tuple[str, ...]] = (
        ("today", "now", "nowadays", "currently"),
        ("yesterday", "once", "formerly", "previously"),
    )  # of the present, of the past
    shared: tuple[Verb, ...] = ()  # of any topic: without them each noun may have a number of its own

    def words(self, topic: str) -> set[str]:
        """Return the words of a topic."""
        own = self.topics[topic]
        forms = {form for verb in own.verbs for pair in verb for form in pair}
        return {*(word for noun in own.nouns for word in noun), *forms, *own.places}


def regular(nouns: str, verbs: str, places: str) -> Topic:
    """Return a topic of words that are inflected by rule.

    Args:
        nouns: in the singular, separated by blanks.
        verbs: in the plural, separated by blanks.
        places: nouns in the singular, separated by blanks.

    Example:
        >>> regular("coach", "bake", "field").verbs
        (Verb(present=('bakes', 'bake'), past=('baked', 'baked')),)
    """

    def s(word: str) -> str:
        return word + ("es" if word.endswith(("ch", "sh", "s", "x")) else "s")

    made = []
    for verb in verbs.split():
        past = verb + ("d" if verb.endswith("e") else "ed")
        made.append(Verb((s(verb), verb), (past, past)))
    return Topic(tuple((noun, s(noun)) for noun in nouns.split()), tuple(made), tuple(places.split()))


def _verbs(*forms: str) -> tuple[Verb, ...]:
    return tuple(Verb((s, p), (past, (others or [past])[0])) for s, p, past, *others in map(str.split, forms))


TOPICS = Lexicon(
    {
        "animals": regular("dog cat horse rabbit", "bark jump wander roam", "barn forest"),
        "family": regular("mother father sister brother", "hug argue visit chat", "house garden"),
        "school": regular("teacher pupil student tutor", "learn count explain spell", "school classroom"),
        "ocean": regular("sailor captain boat whale", "sail float anchor row", "ocean harbour"),
        "music": regular("singer drummer dancer fiddler", "hum whistle perform rehearse", "stage concert"),
        "weather": regular("cloud storm shower breeze", "drift rumble gather pour", "sky valley"),
        "food": regular("cook baker waiter butcher", "roast bake chew boil", "oven bakery"),
        "sports": regular("player runner coach goalkeeper", "score train compete sprint", "stadium field"),
        "royalty": regular("king queen knight prince", "rule command reign feast", "castle palace"),
        "health": regular("doctor nurse surgeon patient", "heal cough operate recover", "hospital clinic"),
    },
    shared=_verbs("is are was were", "stays stay stayed", "lives live lived", "works work worked"),
)

COMMON = Lexicon(
    {
        "common": Topic(
            tuple((word, f"{word}s") for word in "girl boy dog cat bird friend king teacher tree car".split()),
            _verbs(
                *("is are was were", "has have had", "goes go went", "wants want wanted", "likes like liked"),
                *("sees see saw", "says say said", "comes come came", "plays play played", "looks look looked"),
            ),
            ("park", "house", "garden", "town"),
        )
    }
)


def pairs(seed: int, lexicon: Lexicon, of: str, count: int) -> list[Pair]:
    """Draw different pairs, half of them held out.

    Args:
        seed: of the draw.
        lexicon: the words.
        of: number or tense.
        count: pairs; fewer, if the lexicon has not so many.

    Raises:
        ValueError: another property.
    """
    if of not in PROPERTIES:
        raise ValueError(f"verbs agree in {' or '.join(PROPERTIES)}, got {of!r}")
    draw, found = random.Random(f"{seed} {of}"), dict[Any, Pair]()
    for number in range(8 * count):
        held_out, value = bool(number % 2), number // 2 % 2
        if len(found) < count:
            one = _pair(draw, lexicon, of, value, held_out)
            found.setdefault((one.before, one.forms), one)
    return list(found.values())


def sentences(seed: int, lexicon: Lexicon, count: int, without: Sequence[Pair] = ()) -> list[list[str]]:
    """Draw sentences to train a model on.

    Args:
        seed: of the draw.
        lexicon: the words.
        count: sentences.
        without: pairs whose words before the verb begin none of them.

    Returns:
        Sentences of words, in the order of the draw.
    """
    draw, left_out = random.Random(f"{seed} text"), {one.before for one in without}
    found = []
    while len(found) < count:
        topic = draw.choice(list(lexicon.topics.values()))
        tense, number = draw.choice((0, 0, 0, 1)), draw.randrange(2)
        cue = [draw.choice(lexicon.cues[tense])] if tense or draw.random() < 0.33 else []
        before = [*cue, *_subject(draw, lexicon, topic, draw.choice([*SUBJECTS]), number, tense, None)]
        shared = lexicon.shared and draw.random() < SHARED
        verb = _form(draw.choice(lexicon.shared if shared else topic.verbs), tense, number)
        if tuple(before) not in left_out:
            text = [*before, verb, "in", "the", draw.choice(topic.places)]
            found.append([*text, *["again"] * (len(text) % 2)])  # of few lengths, each of which is compiled
    return found


def _pair(draw: random.Random, lexicon: Lexicon, of: str, value: int, held_out: bool) -> Pair:
    topic = draw.choice(list(lexicon.topics.values()))
    kind = draw.choice([name for name, held in SUBJECTS.items() if held == held_out])
    number, tense = (value, 0) if of == "number" else (draw.randrange(2), value)
    cue = [draw.choice(_half(lexicon.cues[tense], held_out))] if of == "tense" else []
    before = [*cue, *_subject(draw, lexicon, topic, kind, number, tense, held_out)]
    verb = draw.choice(_half(topic.verbs, held_out))
    wrong = (tense, 1 - number) if of == "number" else (1 - tense, number)
    forms = _form(verb, tense, number), _form(verb, *wrong)
    return Pair(tuple(before), forms, ("in", "the", draw.choice(topic.places)), value, kind, held_out)


def _subject(
    draw: random.Random, lexicon: Lexicon, topic: Topic, kind: str, number: int, tense: int, held_out: bool | None
) -> Iterator[str]:
    """Yield the words of a subject; another noun in it has the other number."""
    one, other = draw.sample(_half(topic.nouns, held_out), 2)
    yield "the"
    if kind == "adjective":
        yield draw.choice(_half(lexicon.adjectives, held_out))
    yield one[number]
    if kind == "preposition":
        yield from ("near", "the", other[1 - number])
    if kind == "relative":
        verb = draw.choice(_half(topic.verbs, held_out))
        yield from ("that", "the", other[1 - number], _form(verb, tense, 1 - number))


def _form(verb: Verb, tense: int, number: int) -> str:
    return (verb.past if tense else verb.present)[number]


def _half(words: Sequence[Any], held_out: bool | None) -> Sequence[Any]:
    """Return every second word, those that are held out or the others; None: all."""
    return words if held_out is None else words[int(held_out) :: 2]
