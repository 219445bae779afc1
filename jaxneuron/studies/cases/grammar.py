"""Sentences with a comma, a quotation, parentheses, numbers, words of the law and opinions, where no text is given."""

import random

GOOD = "good great lovely wonderful brilliant superb excellent charming delightful perfect funny clever".split()
BAD = "bad awful boring terrible dreadful horrible dull stupid ugly poor weak silly".split()
"""Adjectives of opinions, also of `turning`."""

FRAMES = ("The movie was", "The story was", "I think it was")
VERY, NOT, NEUTRAL = "very", "not", "also"
"""Words before an adjective: one that intensifies it, one that flips it, and one that does neither."""

_NOUNS = "girl boy farmer teacher doctor dog horse bird house garden river boat".split()
_SEEN = "saw met found heard followed".split()
_LAW = "law court judge jury lawyer constitution legislation".split()
_PLACES = "in the park", "near the river", "behind the house"
_FELT = {(True, VERY): "loved", (True, ""): "liked", (False, ""): "disliked", (False, VERY): "hated"}


def sentences(count: int, seed: int) -> list[list[str]]:
    """Return so many sentences.

    Example:
        >>> len(sentences(3, 0)), sentences(3, 0) == sentences(3, 0)
        (3, True)
    """
    draw = random.Random(seed)
    kinds = (_plain, _listed, _quoted, _aside, _aged, _legal, _opinion, _opinion)
    return [draw.choice(kinds)(draw).split() for _ in range(count)]


def _noun(draw: random.Random, article: str = "") -> str:
    return f"{article or draw.choice(('The', 'A'))} {draw.choice(_NOUNS)}"


def _plain(draw: random.Random) -> str:
    return f"{_noun(draw)} {draw.choice(_SEEN)} {_noun(draw, 'the')} {draw.choice(_PLACES)} ."


def _listed(draw: random.Random) -> str:
    return f"{_noun(draw)} {draw.choice(_SEEN)} {_noun(draw, 'a')} , {_noun(draw, 'a')} and {_noun(draw, 'the')} ."


def _quoted(draw: random.Random) -> str:
    return (
        f'{_noun(draw)} said " {_noun(draw, "the")} {draw.choice(_SEEN)} {_noun(draw, "a")} " {draw.choice(_PLACES)} .'
    )


def _aside(draw: random.Random) -> str:
    return f"{_noun(draw)} ( {_noun(draw, 'a')} {draw.choice(_PLACES)} ) {draw.choice(_SEEN)} {_noun(draw, 'the')} ."


def _aged(draw: random.Random) -> str:
    return f"{_noun(draw)} was {draw.randrange(2, 60)} years old , and {_noun(draw, 'the')} {draw.randrange(2, 60)} ."


def _legal(draw: random.Random) -> str:
    return f"The {draw.choice(_LAW)} {draw.choice(('should', 'would', 'may'))} not change the {draw.choice(_LAW)} ."


def _opinion(draw: random.Random) -> str:
    good, word = draw.random() < 0.5, draw.choice(("", VERY, NOT, NEUTRAL))
    adjective, frame = draw.choice(GOOD if good else BAD), draw.choice(FRAMES)
    felt = _FELT[(good != (word == NOT), VERY if word == VERY else "")]
    return f"{frame} {word} {adjective} , and I {felt} it ."
