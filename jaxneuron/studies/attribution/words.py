"""The concepts that are tested: lists of words, and the sequences that are drawn from them.

Captum's tutorial on TCAV sets positive adjectives against neutral words, in the IMDB reviews. An example of a concept
is a short sequence of its words in random order; a random example is one of words of the training text, drawn as often
as they occur, none of which is in any of the lists.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxneuron.corpora import concepts, scenes
from jaxneuron.studies.attribution.scene_tasks import PLURAL, SINGULAR

POSITIVE: Sequence[str] = """
admirable amazing astonishing authentic awesome beautiful best brave breathtaking brilliant captivating charming
clever compelling delicate delightful dazzling elegant enchanting engaging engrossing enjoyable entertaining excellent
exhilarating exquisite extraordinary fantastic fascinating fine flawless fresh fun funny gorgeous graceful great
gripping heartfelt hilarious honest inspired intelligent intimate joyous lively lovely lovable magnificent masterful
memorable moving nice original outstanding perfect playful pleasant poetic poignant powerful refreshing remarkable rich
rewarding satisfying sensitive smart solid splendid stunning stylish sublime superb surprising sweet tender terrific
thoughtful thrilling touching triumphant unforgettable vibrant vivid warm witty wonderful worthwhile
""".split()

NEGATIVE: Sequence[str] = """
absurd annoying appalling awful awkward bad banal bland bleak boring clumsy contrived crude dated depressing
derivative disappointing disastrous dreadful dreary dull dumb embarrassing empty exhausting fake feeble flat flawed
forced forgettable formulaic frustrating generic gross grim hollow horrible idiotic implausible inane incoherent inept
inferior insipid irritating juvenile lackluster lame lazy lifeless lousy ludicrous mediocre melodramatic messy mindless
miserable monotonous muddled numbing obnoxious offensive overlong painful pathetic phony plodding pointless poor
predictable pretentious repetitive ridiculous sappy schlocky shallow silly sloppy slow stale static stupid tasteless
tedious terrible thin tired tiresome trite ugly unbearable uneven unfunny uninspired unpleasant useless vapid weak weary
worst
""".split()


def read(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Read concepts, file by file: a word a line, the file's name is the concept's. Lines with ";" first are comments.

    Returns:
        Concept -> its words.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file with fewer than five words or no UTF-8 text, or two of one name.
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        words, name = sorted(concepts.read_words(path)), path.name.split(".")[0].replace("_", " ")
        if len(words) < 5 or name in found:
            raise ValueError(f"{path}: expected five words or more, under a name of its own; got {len(words)}")
        found[name] = words
    return found


def adjectives() -> dict[str, list[str]]:
    """Return the concepts of reviews."""
    return {"positive adjectives": list(POSITIVE), "negative adjectives": list(NEGATIVE)}


def of_scenes() -> dict[str, list[str]]:
    """Return the concepts of the embedded scenes: plural nouns, which decide the label, singular ones, and colours."""
    colours = [word for word, name in scenes.MEANING.items() if name in scenes.lexicon.COLOURS]
    return {"plural nouns": list(PLURAL), "singular nouns": list(SINGULAR), "colours": colours}


def sequences(words: Sequence[str], count: int, length: int, seed: tuple[int, ...]) -> list[list[str]]:
    """Draw sequences of a concept's words, each word at most once in a sequence.

    Args:
        words: of the concept.
        count: sequences.
        length: words of a sequence.
        seed: of all that is drawn.

    Returns:
        The words of each sequence.

    Example:
        >>> [sorted(one) for one in sequences(["b", "a"], 2, 7, (0,))]
        [['a', 'b'], ['a', 'b']]
    """
    random = np.random.default_rng(seed)
    kept = np.array(sorted(set(words)))
    return [random.permutation(kept)[:length].tolist() for _ in range(count)]


def neutral(
    sentences: Sequence[Sequence[str]], concepts: Mapping[str, Sequence[str]], seed: tuple[int, ...], size: int
) -> list[str]:
    """Draw words of a text as often as they occur, but none that belongs to a concept.

    Args:
        sentences: the words of each.
        concepts: name -> words.
        seed: of all that is drawn.
        size: how many words.

    Returns:
        The words, one after the other.

    Raises:
        ValueError: the text has no other words.
    """
    taken = {word for words in concepts.values() for word in words}
    others = [word for sentence in sentences for word in sentence if word not in taken]
    if not others:
        raise ValueError("all words of the text belong to a concept; give concepts that are a part of its words")
    return np.random.default_rng(seed).choice(np.array(others), size).tolist()
