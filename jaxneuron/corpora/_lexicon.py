"""The words of the generated scenes: what there is, where it is found, and what it is called.

Every list is in order of preference, most common first; `scenes` draws from it with falling weights, so that the
words follow Zipf's law more or less and the last of each list are rare.
"""

import random
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """One kind of object."""

    words: str  # its names, "singular/plural", space between synonyms
    places: str  # where it is usually found
    colours: str  # the colours that it can have
    actions: str = ""  # what it can do by itself
    friends: str = ""  # the kinds that it is often seen with


_PEOPLE = "standing sitting running playing sleeping"
_PAINT = "red blue white black green yellow orange"

OBJECTS = {
    "man": Kind("man/men guy/guys gentleman/gentlemen", "street park office", "", _PEOPLE, "dog bicycle laptop"),
    "woman": Kind("woman/women lady/ladies", "kitchen street park office", "", _PEOPLE, "umbrella laptop dog"),
    "dog": Kind("dog/dogs puppy/puppies hound/hounds", "park beach", "brown black white", _PEOPLE, "frisbee man"),
    "car": Kind("car/cars automobile/automobiles sedan/sedans", "street", _PAINT, "parked", "bus tree"),
    "table": Kind("table/tables desk/desks counter/counters", "kitchen office", "brown white black", "", "chair pizza"),
    "child": Kind("child/children kid/kids boy/boys girl/girls", "park beach", "", _PEOPLE, "kite ball"),
    "cat": Kind("cat/cats kitten/kittens tabby/tabbies", "bedroom kitchen", "black white orange grey", _PEOPLE, "bed"),
    "tree": Kind("tree/trees pine/pines oak/oaks", "park mountain farm", "green brown", "", "bird bench"),
    "chair": Kind("chair/chairs stool/stools", "kitchen office bedroom", "brown white red", "", "table"),
    "horse": Kind("horse/horses pony/ponies stallion/stallions", "farm", "brown black white", _PEOPLE, "man cow"),
    "boat": Kind("boat/boats ship/ships canoe/canoes", "beach", "white red blue", "", "bird surfboard"),
    "bus": Kind("bus/buses coach/coaches", "street", "red yellow white green", "parked", "car woman"),
    "bicycle": Kind("bicycle/bicycles bike/bikes", "street park", _PAINT, "parked", "man bench"),
    "ball": Kind("ball/balls football/footballs", "park beach", _PAINT, "", "child dog"),
    "bench": Kind("bench/benches seat/seats", "park", "green brown white", "", "tree man"),
    "bird": Kind("bird/birds pigeon/pigeons gull/gulls", "beach park", "white grey", "flying standing", "tree boat"),
    "bed": Kind("bed/beds couch/couches mattress/mattresses", "bedroom", "white blue red", "", "cat book"),
    "pizza": Kind("pizza/pizzas pie/pies", "kitchen", "", "", "table man"),
    "umbrella": Kind("umbrella/umbrellas parasol/parasols", "beach street", _PAINT, "", "woman"),
    "cow": Kind("cow/cows bull/bulls calf/calves", "farm", "brown black", "standing sleeping running", "horse tree"),
    "laptop": Kind("laptop/laptops computer/computers", "office bedroom", "black grey", "", "table man"),
    "frisbee": Kind("frisbee/frisbees disc/discs", "park beach", "red white blue yellow", "flying", "dog child"),
    "surfboard": Kind("surfboard/surfboards longboard/longboards", "beach", "white yellow blue red", "", "man woman"),
    "apple": Kind("apple/apples pear/pears", "kitchen farm", "red green yellow", "", "table banana"),
    "sheep": Kind("sheep/sheep lamb/lambs ewe/ewes", "farm mountain", "white black", "standing running", "dog cow"),
    "kite": Kind("kite/kites", "beach park", _PAINT, "flying", "child"),
    "banana": Kind("banana/bananas plantain/plantains", "kitchen", "yellow green", "", "apple table"),
    "book": Kind("book/books novel/novels magazine/magazines", "bedroom office", "red blue black", "", "bed laptop"),
    "elephant": Kind("elephant/elephants", "mountain", "grey", "standing running", "tree"),
}  # fmt: skip

PLACES = {
    "street": "in_the_street near_the_road near_the_sidewalk by_the_crossing amid_traffic",
    "kitchen": "in_the_kitchen near_the_stove by_the_sink beside_the_oven",
    "park": "in_the_park in_the_grass by_the_fountain near_the_playground",
    "beach": "at_the_beach in_the_sand near_the_ocean by_the_waves along_the_shore",
    "office": "in_the_office near_the_printer by_the_whiteboard",
    "farm": "at_the_farm in_the_field near_the_barn by_the_fence",
    "bedroom": "in_the_bedroom near_the_lamp by_the_pillows beside_the_curtain",
    "mountain": "in_the_mountains in_the_snow near_the_cliff by_the_glacier",
}

COLOURS = {word: word for word in "white black brown red blue green yellow grey orange".split()}
SIZES = {"big": "large big huge giant enormous", "small": "small little tiny"}
COUNTS = {"one": "", "two": "two", "three": "three", "many": "many several"}
ACTIONS = {
    "standing": "standing waiting",
    "sitting": "sitting crouching",
    "running": "running racing sprinting",
    "playing": "playing",
    "sleeping": "sleeping resting napping snoozing",
    "parked": "parked",
    "flying": "flying soaring",
}

_ANIMALS = "dog cat horse cow bird sheep elephant"
PEOPLE = "man woman child"
TOOLS = "umbrella frisbee ball kite surfboard book laptop cat banana apple"
RELATIONS = {  # name: (words, what stands in it, to what); "" means anything; the most telling first
    "holding": ("holding carrying clutching", PEOPLE, TOOLS),
    "riding": ("riding", PEOPLE, "horse bicycle surfboard elephant"),
    "eating": ("eating devouring", f"{PEOPLE} {_ANIMALS}", "apple banana pizza"),
    "on": ("on atop", f"{PEOPLE} dog cat bird apple banana pizza book laptop ball", "table chair bench bed boat"),
    "under": ("under underneath below", "", "table tree umbrella bench bed"),
    "chasing": ("chasing following", f"{PEOPLE} dog cat", f"{_ANIMALS} frisbee ball {PEOPLE}"),
    "next_to": ("next_to", "", ""),
    "behind": ("behind", "", ""),
}
ACTIVE = ("holding", "riding", "eating", "chasing")
"""Relations that are an action of their subject, so that it has no other."""


def preferred(source: random.Random, options: tuple, weights: tuple[float, ...] | None = None) -> Any:
    """Draw an option; without weights, the one at rank r with weight 1/r."""
    return source.choices(options, cum_weights=_cumulated(weights or _zipf(len(options))))[0]


@cache
def _zipf(count: int) -> tuple[float, ...]:
    return tuple(1 / (rank + 1) for rank in range(count))


@cache
def _cumulated(weights: tuple[float, ...]) -> list[float]:
    return list(accumulate(weights))
