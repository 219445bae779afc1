"""The embedded default: captions of generated scenes, whose truth is known.

A scene is a place with one to three kinds of things in it. Each thing has a count, perhaps a colour, a size and an
action, and things stand in relations. What is in a scene depends on the place and on the company (a frisbee is
seldom far from a dog). A feature is on if and only if it is true of the scene; a caption says only what is true, and
seldom all of it. The grammar:

    caption   = noun [be] told                         two brown dogs are chasing a frisbee in the park
              | "there" be noun told                   there is a cat under the table
              | the-noun that be predicate be rest     the dogs that are next to a car are black
              | the-noun [predicate] be quality        the kite behind the trees is red
              | "a" picture "of" noun told
              | noun "and" noun ["are"] place          a man and two dogs are near the ocean
    told      = predicate [place] | place
    rest      = quality | place
    predicate = action | relation (noun | the-noun) | relation noun that be (quality | action)
    quality   = colour | size
    noun      = count [size] [colour] name             number agrees: a dog, an apple, two dogs, some dogs
    the-noun  = "the" [count] [size] [colour] name
    that      = "that" | "which" | "who" (of people)
    be        = "is" | "are"                           agrees with the subject, however far away it is
    picture   = "photo" | "picture" | "image" | "painting"

`_lexicon` has the words, `_world` what is the case, `_describe` the grammar. `MEANING` gives the feature that a
content word expresses; the others are function words.
"""

import random

from jaxneuron.corpora import _lexicon as lexicon
from jaxneuron.corpora._captions import SPLITS, Captions, assemble, multi_hot
from jaxneuron.corpora._describe import Told, describe
from jaxneuron.corpora._world import Scene, scene
from jaxneuron.corpora.labelled import Labelled, build

NAMES = tuple(
    name.replace("_", " ")
    for group in (
        *(lexicon.OBJECTS, lexicon.COLOURS, lexicon.SIZES, lexicon.COUNTS),
        *(lexicon.ACTIONS, lexicon.RELATIONS, lexicon.PLACES),
    )
    for name in group
)
"""The features of a scene: objects, colours, sizes, counts, actions, relations, places."""

SIZES = {"train": 6000, "dev": 600, "test": 600}
"""Scenes in each split."""

CAPTIONS = 5
"""Captions of each scene."""


def read(split: str) -> Captions:
    """Return the train, dev or test split of the embedded corpus: always the same scenes, five captions each.

    Raises:
        ValueError: no such split.

    Example:
        >>> len(read("dev").sentences)
        3000
    """
    _check(split)
    return generate(SPLITS.index(split), SIZES[split])


def generate(seed: int, count: int, *, captions_per_scene: int = CAPTIONS) -> Captions:
    """Draw scenes and describe each a few times.

    Args:
        seed: the same number gives the same corpus, everywhere.
        count: scenes.
        captions_per_scene: captions of each.

    Returns:
        Captions with the features `NAMES`; scene i is row i and `draw(seed, count)[i]`.
    """
    scenes = draw(seed, count)
    told = _told(seed, scenes, captions_per_scene)
    captions = [[[one.word for one in caption] for caption in group] for group in told]
    index = {name: i for i, name in enumerate(NAMES)}
    held = [[index[name] for name in scene.features()] for scene in scenes]
    return assemble(captions, multi_hot(held, len(NAMES)), NAMES)


def parsed(split: str) -> Labelled:
    """Return the captions of a split, those of `read`, with the layers `upos` and `deprel` of Universal Dependencies.

    Nothing is parsed: the grammar that writes a caption knows what each word is.

    Raises:
        ValueError: no such split.

    Example:
        >>> captions = parsed("dev")
        >>> list(zip(captions.sentences[1], captions.labels["deprel"][1]))[:3]
        [('a', 'det'), ('small', 'amod'), ('woman', 'nsubj')]
    """
    _check(split)
    seed = SPLITS.index(split)
    captions = [caption for group in _told(seed, draw(seed, SIZES[split]), CAPTIONS) for caption in group]
    layers = {name: [[getattr(one, name) for one in caption] for caption in captions] for name in ("upos", "deprel")}
    return build([[one.word for one in caption] for caption in captions], labels=layers, source="the embedded scenes")


def _told(seed: int, scenes: list[Scene], captions_per_scene: int) -> list[list[list[Told]]]:
    source = random.Random(f"captions {seed}")
    return [[describe(source, scene) for _ in range(captions_per_scene)] for scene in scenes]


def _check(split: str) -> None:
    if split not in SIZES:
        raise ValueError(f"no split {split!r}; expected one of {', '.join(SPLITS)}")


def draw(seed: int, count: int) -> list[Scene]:
    """Draw scenes, the first ones the same for every `count`."""
    source = random.Random(f"scenes {seed}")
    return [scene(source) for _ in range(count)]


def _meaning() -> dict[str, str]:
    meaning = {w: n for n, kind in lexicon.OBJECTS.items() for names in kind.words.split() for w in names.split("/")}
    for group in (lexicon.COLOURS, lexicon.SIZES, lexicon.COUNTS, lexicon.ACTIONS):
        meaning.update({word: name for name, words in group.items() for word in words.split()})
    for name, (words, *_) in lexicon.RELATIONS.items():
        meaning.update({word.split("_")[0]: name.replace("_", " ") for word in words.split()})
    meaning.update({phrase.split("_")[-1]: name for name, words in lexicon.PLACES.items() for phrase in words.split()})
    return meaning


MEANING = _meaning()
"""Content word -> the feature that it expresses; `"puppies"` says `"dog"`, `"ocean"` says `"beach"`."""
