"""What is the case in a generated scene: the things, what they do, and how they stand to each other."""

import random
from functools import cache
from itertools import combinations
from typing import NamedTuple

from jaxneuron.corpora import _lexicon as lexicon
from jaxneuron.corpora._lexicon import preferred


class Thing(NamedTuple):
    """One kind of thing in a scene; all of that kind there are."""

    name: str
    number: str
    colour: str | None
    size: str | None
    action: str | None


class Fact(NamedTuple):
    """A relation that holds between two things of a scene."""

    subject: int
    relation: str
    object: int


class Scene(NamedTuple):
    """All that is true."""

    place: str
    things: tuple[Thing, ...]
    facts: tuple[Fact, ...]

    def features(self) -> set[str]:
        """Return the names of the features that are true here."""
        held = {self.place, *(fact.relation for fact in self.facts)}
        held.update(value for thing in self.things for value in thing if value)
        return {name.replace("_", " ") for name in held}


def scene(source: random.Random) -> Scene:
    """Draw a scene: a place, the things that go with it and with each other, and what holds between them."""
    place = preferred(source, tuple(lexicon.PLACES))
    names: list[str] = []
    for _ in range(preferred(source, (2, 1, 3))):
        names.append(preferred(source, tuple(lexicon.OBJECTS), tuple(_company(place, tuple(names)))))
    things = [_thing(source, name) for name in names]
    facts = []
    for pair in combinations(range(len(names)), 2):
        if source.random() < 0.8:
            a, b = min(pair, pair[::-1], key=lambda way: _rank(names[way[0]], names[way[1]]))
            relation = preferred(source, _possible(names[a], names[b]))
            facts.append(Fact(a, relation, b))
            if relation == "next_to":
                facts.append(Fact(b, relation, a))
            if relation in lexicon.ACTIVE:
                things[a] = things[a]._replace(action=None)
    return Scene(place, tuple(things), tuple(facts))


def _thing(source: random.Random, name: str) -> Thing:
    kind = lexicon.OBJECTS[name]
    return Thing(
        name,
        preferred(source, tuple(lexicon.COUNTS)),
        preferred(source, tuple(kind.colours.split())) if kind.colours and source.random() < 0.7 else None,
        preferred(source, tuple(lexicon.SIZES)) if source.random() < 0.35 else None,
        preferred(source, tuple(kind.actions.split())) if kind.actions and source.random() < 0.6 else None,
    )


@cache
def _company(place: str, present: tuple[str, ...]) -> tuple[float, ...]:
    """How likely each kind comes next: common kinds, kinds of the place, and friends of those present."""
    friends = {friend for name in present for friend in lexicon.OBJECTS[name].friends.split()}
    return tuple(
        0.0
        if name in present
        else (5 / (rank + 5)) * (10 if place in kind.places.split() else 1) * (12 if name in friends else 1)
        for rank, (name, kind) in enumerate(lexicon.OBJECTS.items())
    )


@cache
def _possible(subject: str, object: str) -> tuple[str, ...]:
    """The relations in which the one can stand to the other, the most telling first."""
    return tuple(
        name
        for name, (_, subjects, objects) in lexicon.RELATIONS.items()
        if (not subjects or subject in subjects.split()) and (not objects or object in objects.split())
    )


def _rank(subject: str, object: str) -> int:
    """How telling the relations are in which the one can stand to the other; smaller is more."""
    return list(lexicon.RELATIONS).index(_possible(subject, object)[0])
