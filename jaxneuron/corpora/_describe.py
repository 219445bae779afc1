"""One caption of a scene, by the grammar that `scenes` documents."""

import random

from jaxneuron.corpora import _lexicon as lexicon
from jaxneuron.corpora._lexicon import preferred
from jaxneuron.corpora._world import Scene, Thing


def describe(source: random.Random, scene: Scene) -> list[str]:
    """Return a caption that is true of the scene; what comes first in the scene is its subject most often."""
    return _Writer(source, scene).write(int(source.random() ** 2 * len(scene.things)))


class _Writer:
    """One caption while it is written; each thing is mentioned once."""

    def __init__(self, source: random.Random, scene: Scene):
        self.source, self.scene = source, scene
        self.mentioned: set[int] = set()

    def chance(self, probability: float) -> bool:
        return self.source.random() < probability

    def write(self, i: int) -> list[str]:
        thing, place = self.scene.things[i], self.place()
        be = ["is" if thing.number == "one" else "are"]
        quality = self.quality(thing)
        form = preferred(self.source, ("plain", "there", "picture", "relative", "and", "quality"))
        if form == "and" and len(self.scene.things) > 1:
            nouns = [*self.noun(i), "and", *self.noun((i + 1) % len(self.scene.things))]
            return nouns + (["are"] if self.chance(0.6) else []) + place
        if form == "relative" and (predicate := self.predicate(i)):
            rest = quality if quality and self.chance(0.6) else place
            return [*self.noun(i, the=True, bare=bool(quality)), self.that(thing), *be, *predicate, *be, *rest]
        if form == "quality" and quality:
            return [*self.noun(i, the=True, bare=True), *(self.predicate(i) if self.chance(0.5) else []), *be, *quality]
        noun, predicate = self.noun(i), self.predicate(i)
        place = place if not predicate or self.chance(0.5) else []
        if form == "there":
            return ["there", *be, *noun, *predicate, *place]
        if form == "picture":
            picture = preferred(self.source, ("photo", "picture", "image", "painting"))
            return [*_indefinite(picture), "of", *noun, *predicate, *place]
        return [*noun, *(be if self.chance(0.7) else []), *predicate, *place]

    def noun(self, i: int, *, the: bool = False, bare: bool = False) -> list[str]:
        self.mentioned.add(i)
        thing = self.scene.things[i]
        names = preferred(self.source, tuple(lexicon.OBJECTS[thing.name].words.split())).split("/")
        words = [names[thing.number != "one"]]
        if thing.colour and not bare and self.chance(0.6):
            words.insert(0, thing.colour)
        if thing.size and not bare and self.chance(0.6):
            words.insert(0, self.word(lexicon.SIZES[thing.size]))
        if thing.number == "one":
            return ["the", *words] if the else [*_indefinite(words[0]), *words[1:]]
        count = [self.word(lexicon.COUNTS[thing.number])]
        if the:
            return ["the", *(count if thing.number != "many" and self.chance(0.3) else []), *words]
        return [*(["some"] if self.chance(0.15) else count), *words]

    def predicate(self, i: int) -> list[str]:
        thing = self.scene.things[i]
        facts = [f for f in self.scene.facts if f.subject == i and f.object not in self.mentioned]
        if thing.action and (not facts or self.chance(0.4)):
            return [self.word(lexicon.ACTIONS[thing.action])]
        if not facts:
            return []
        fact = facts[int(self.source.random() * len(facts))]
        other = self.scene.things[fact.object]
        relation = self.word(lexicon.RELATIONS[fact.relation][0]).split("_")
        more = self.quality(other) or ([self.word(lexicon.ACTIONS[other.action])] if other.action else [])
        if not more or self.chance(0.8):
            return [*relation, *self.noun(fact.object, the=self.chance(0.3))]
        be = "is" if other.number == "one" else "are"
        return [*relation, *self.noun(fact.object, bare=True), self.that(other), be, *more]

    def quality(self, thing: Thing) -> list[str]:
        if thing.colour and self.chance(0.7):
            return [thing.colour]
        return [self.word(lexicon.SIZES[thing.size])] if thing.size else []

    def that(self, thing: Thing) -> str:
        return preferred(self.source, ("who", "that") if thing.name in lexicon.PEOPLE.split() else ("that", "which"))

    def place(self) -> list[str]:
        return self.word(lexicon.PLACES[self.scene.place]).split("_")

    def word(self, words: str) -> str:
        return preferred(self.source, tuple(words.split()))


def _indefinite(word: str) -> list[str]:
    return ["an" if word[0] in "aeiou" else "a", word]
