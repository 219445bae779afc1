"""One caption of a scene, by the grammar that `scenes` documents, each word with its part in the sentence."""

import random
from typing import NamedTuple

from jaxneuron.corpora import _lexicon as lexicon
from jaxneuron.corpora._lexicon import preferred
from jaxneuron.corpora._world import Scene, Thing


class Told(NamedTuple):
    """A word of a caption, as Universal Dependencies would have it (version 2)."""

    word: str
    upos: str  # its part of speech
    deprel: str  # its relation to the word that it depends on


_HEAD = "?"
"""The relation of the head of a phrase, until it is known what the phrase is part of."""

_VERB, _PLACE = "verb", "place"
"""What a predicate is: something that is done, or where something is."""

_NUMERALS = ("two", "three")


def describe(source: random.Random, scene: Scene) -> list[Told]:
    """Return a caption that is true of the scene; what comes first in the scene is its subject most often."""
    return _Writer(source, scene).write(int(source.random() ** 2 * len(scene.things)))


class _Writer:
    """One caption while it is written; each thing is mentioned once."""

    def __init__(self, source: random.Random, scene: Scene):
        self.source, self.scene = source, scene
        self.mentioned: set[int] = set()

    def chance(self, probability: float) -> bool:
        return self.source.random() < probability

    def write(self, i: int) -> list[Told]:
        thing, place = self.scene.things[i], self.place()
        be = "is" if thing.number == "one" else "are"
        copula = [Told(be, "AUX", "cop")]
        quality = self.quality(thing)
        form = preferred(self.source, ("plain", "there", "picture", "relative", "and", "quality"))
        if form == "and" and len(self.scene.things) > 1:
            first, second = self.noun(i), self.noun((i + 1) % len(self.scene.things))
            joined = [Told("and", "CCONJ", "cc"), *_as(second, "conj")]
            if self.chance(0.6):
                return [*_as(first, "nsubj"), *joined, Told("are", "AUX", "cop"), *_as(place, "root")]
            return [*_as(first, "root"), *joined, *_as(place, "nmod")]
        if form == "relative":
            predicate, kind = self.predicate(i)
            if predicate:
                rest = quality if quality and self.chance(0.6) else place
                subject = _as(self.noun(i, the=True, bare=bool(quality)), "nsubj")
                clause = [self.that(thing), *_be(be, kind), *_as(predicate, "acl:relcl")]
                return [*subject, *clause, *copula, *_as(rest, "root")]
        if form == "quality" and quality:
            subject = _as(self.noun(i, the=True, bare=True), "nsubj")
            predicate, kind = self.predicate(i) if self.chance(0.5) else ([], None)
            return [*subject, *_as(predicate, _modifier(kind)), *copula, *_as(quality, "root")]
        noun, (predicate, kind) = self.noun(i), self.predicate(i)
        place = place if not predicate or self.chance(0.5) else []
        modifier, around = _as(predicate, _modifier(kind)), _as(place, "obl" if kind == _VERB else "nmod")
        if form == "there":
            there = [Told("there", "PRON", "expl"), Told(be, "VERB", "root")]
            return [*there, *_as(noun, "nsubj"), *modifier, *_as(place, "obl")]
        if form == "picture":
            picture = preferred(self.source, ("photo", "picture", "image", "painting"))
            start = [*_indefinite([Told(picture, "NOUN", "root")]), Told("of", "ADP", "case")]
            return [*start, *_as(noun, "nmod"), *modifier, *around]
        if not self.chance(0.7):
            return [*_as(noun, "root"), *modifier, *around]
        if not predicate:
            return [*_as(noun, "nsubj"), *copula, *_as(place, "root")]
        return [*_as(noun, "nsubj"), *_be(be, kind), *_as(predicate, "root"), *around]

    def noun(self, i: int, *, the: bool = False, bare: bool = False) -> list[Told]:
        self.mentioned.add(i)
        thing = self.scene.things[i]
        names = preferred(self.source, tuple(lexicon.OBJECTS[thing.name].words.split())).split("/")
        words = [Told(names[thing.number != "one"], "NOUN", _HEAD)]
        if thing.colour and not bare and self.chance(0.6):
            words.insert(0, Told(thing.colour, "ADJ", "amod"))
        if thing.size and not bare and self.chance(0.6):
            words.insert(0, Told(self.word(lexicon.SIZES[thing.size]), "ADJ", "amod"))
        article = Told("the", "DET", "det")
        if thing.number == "one":
            return [article, *words] if the else _indefinite(words)
        count = self.word(lexicon.COUNTS[thing.number])
        told = Told(count, "NUM", "nummod") if count in _NUMERALS else Told(count, "ADJ", "amod")
        if the:
            return [article, *([told] if thing.number != "many" and self.chance(0.3) else []), *words]
        return [Told("some", "DET", "det") if self.chance(0.15) else told, *words]

    def predicate(self, i: int) -> tuple[list[Told], str | None]:
        """Return what a thing does or where it is, and which of the two."""
        thing = self.scene.things[i]
        facts = [f for f in self.scene.facts if f.subject == i and f.object not in self.mentioned]
        if thing.action and (not facts or self.chance(0.4)):
            return self.action(thing), _VERB
        if not facts:
            return [], None
        fact = facts[int(self.source.random() * len(facts))]
        other = self.scene.things[fact.object]
        first, *more = self.word(lexicon.RELATIONS[fact.relation][0]).split("_")
        kind = _VERB if fact.relation in lexicon.ACTIVE else _PLACE
        relation = [Told(first, "VERB", _HEAD) if kind == _VERB else Told(first, "ADP", "case")]
        relation += [Told(word, "ADP", "fixed") for word in more]
        role = "obj" if kind == _VERB else _HEAD
        quality = self.quality(other)
        said = quality or (self.action(other) if other.action else [])
        if not said or self.chance(0.8):
            return [*relation, *_as(self.noun(fact.object, the=self.chance(0.3)), role)], kind
        be = _be("is" if other.number == "one" else "are", None if quality else _VERB)
        noun = _as(self.noun(fact.object, bare=True), role)
        return [*relation, *noun, self.that(other), *be, *_as(said, "acl:relcl")], kind

    def action(self, thing: Thing) -> list[Told]:
        assert thing.action is not None
        return [Told(self.word(lexicon.ACTIONS[thing.action]), "VERB", _HEAD)]

    def quality(self, thing: Thing) -> list[Told]:
        if thing.colour and self.chance(0.7):
            return [Told(thing.colour, "ADJ", _HEAD)]
        return [Told(self.word(lexicon.SIZES[thing.size]), "ADJ", _HEAD)] if thing.size else []

    def that(self, thing: Thing) -> Told:
        words = ("who", "that") if thing.name in lexicon.PEOPLE.split() else ("that", "which")
        return Told(preferred(self.source, words), "PRON", "nsubj")

    def place(self) -> list[Told]:
        first, *the, name = self.word(lexicon.PLACES[self.scene.place]).split("_")
        return [Told(first, "ADP", "case"), *(Told(word, "DET", "det") for word in the), Told(name, "NOUN", _HEAD)]

    def word(self, words: str) -> str:
        return preferred(self.source, tuple(words.split()))


def _as(phrase: list[Told], role: str) -> list[Told]:
    """Return a phrase whose head has a relation."""
    return [told._replace(deprel=role) if told.deprel == _HEAD else told for told in phrase]


def _modifier(kind: str | None) -> str:
    return "acl" if kind == _VERB else "nmod"


def _be(word: str, kind: str | None) -> list[Told]:
    return [Told(word, "AUX", "aux" if kind == _VERB else "cop")]


def _indefinite(phrase: list[Told]) -> list[Told]:
    return [Told("an" if phrase[0].word[0] in "aeiou" else "a", "DET", "det"), *phrase]
