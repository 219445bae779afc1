"""Does an n-gram name the object that its unit stands for, or a word that goes with it?

Where the visual features are object labels, each visual unit is a named object, so the truth is known. Two answers:
the n-gram *names* the object, or it has a word that is *associated* with it, by normalised pointwise mutual
information over images (Bouma 2009, "Normalized (pointwise) mutual information in collocation extraction", GSCL).

Cost:
    None: counts of captions.

Fails:
    Only where units are named objects. Names of several words, and words with several meanings, are matched by their
    forms only.

Peers:
    None: the paper names by hand.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy import sparse

from jaxneuron.evaluate.word_counts import checked, checked_image, sum_by_image, word_counts
from jaxneuron.types import Tokens, Vocabulary

PERSON = (
    "people persons man men woman women boy boys girl girls child children kid kids baby babies guy guys lady ladies"
)
OTHER_FORMS = {"person": tuple(PERSON.split()), "mouse": ("mice",), "foot": ("feet",), "tooth": ("teeth",)}
"""Words for an object that no rule forms: irregular plurals, and the everyday nouns for a person."""


class Associated(NamedTuple):
    """The words that go with each label."""

    words: Bool[np.ndarray, "label vocab"]  # true for the best of each label
    score: Float[np.ndarray, "label vocab"]  # normalised PMI, -1 to 1; 0 where too rare to tell


class Naming(NamedTuple):
    """What an n-gram says about the object of its unit."""

    names: Bool[np.ndarray, "target"]  # has the object's name
    associated: Bool[np.ndarray, "target"]  # has at least one associated word
    share: Float[np.ndarray, "target"]  # associated words / words of the n-gram; nan for an empty one


def associated_words(
    tokens: Tokens,
    image: Int[Any, "sentence"],
    features: Shaped[Any, "image label"],
    *,
    vocabulary_size: int,
    count: int = 10,
    min_count: int = 5,
) -> Associated:
    """Find the words that captions use where a label holds, more than elsewhere.

    `npmi = log(p(word, label) / (p(word) p(label))) / -log p(word, label)`, where a word occurs in an image if any of
    its captions has it, a label holds where its feature is positive, and p is a share of the captioned images.

    Args:
        tokens: captions, host arrays `[sentence, time]`.
        image: which row of `features` each caption describes.
        features: labels, positive where they hold.
        vocabulary_size: word ids are below it.
        count: words per label, at most; fewer where not so many have a positive score. Ties go to the lower id.
        min_count: images that must have both word and label; rarer pairs score 0.

    Returns:
        The best words of each label, and all scores.

    Raises:
        ValueError: the images do not fit the captions or the features.

    Example:
        >>> captions = Tokens(np.array([[0, 1], [0, 2]]), np.ones((2, 2), bool))
        >>> associated_words(captions, np.arange(2), np.eye(2), vocabulary_size=3, min_count=1).words.tolist()
        [[False, True, False], [False, False, True]]
    """
    features = np.asarray(features)
    image = checked_image(image, tokens, len(features))
    captioned, row = np.unique(image, return_inverse=True)
    occurs = sum_by_image(word_counts(tokens, vocabulary_size), row, len(captioned)).astype(bool).astype(np.float64)
    holds = sparse.csr_array(features[captioned] > 0, dtype=np.float64)
    both = (holds.T @ occurs).toarray()
    n = max(len(captioned), 1)
    enough = (both >= max(min_count, 1)) & (both < n)
    joint = np.where(enough, both, 1) / n
    independent = holds.sum(axis=0)[:, None] / n * occurs.sum(axis=0) / n
    with np.errstate(divide="ignore", invalid="ignore"):  # on pairs that `enough` leaves out
        score = np.where(enough, np.log(joint / independent) / -np.log(joint), 0.0)
    best = np.argsort(-score, axis=1, kind="stable")[:, :count]
    words = np.zeros(score.shape, bool)
    np.put_along_axis(words, best, np.take_along_axis(score, best, axis=1) > 0, axis=1)
    return Associated(words, score)


def name_forms(word: str) -> tuple[str, ...]:
    """Return the spellings that count as one word of a name: itself, its plurals, and what `OTHER_FORMS` adds.

    Plurals end in -s, or -es after s, x, z, ch and sh; -y becomes -ies, -f and -fe become -ves. A name that is itself
    a plural in -s (skis) may lose the -s, unless it ends in -ss or -us.

    Example:
        >>> name_forms("knife"), name_forms("bus"), name_forms("skis")
        (('knife', 'knifes', 'knives'), ('bus', 'buses'), ('skis', 'skises', 'ski'))
    """
    forms = [word]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        forms.append(word + "es")
    else:
        forms.append(word + "s")
    if word.endswith("y"):
        forms.append(word[:-1] + "ies")
    if word.endswith(("f", "fe")):
        forms.append(word.removesuffix("e").removesuffix("f") + "ves")
    if word.endswith("s") and not word.endswith(("ss", "us")):
        forms.append(word[:-1])
    return (*forms, *OTHER_FORMS.get(word, ()))


def named(
    found: Tokens,
    names: Sequence[str],
    vocabulary: Vocabulary,
    associated: Bool[Any, "target vocab"],
) -> Naming:
    """Judge whether each n-gram names its target's object, or has a word that goes with it.

    An n-gram names a one-word object if it has any of the `name_forms` of the name. It names an object of several
    words ("traffic light") if it has a form of *each* of them, in any order and place, because optimised n-grams keep
    no grammar, or the name written as one word ("cellphone"). Letter case does not matter.

    Args:
        found: one n-gram per target, `[target, time]`.
        names: the name of each target's object.
        vocabulary: what the ids mean.
        associated: the words that go with each target's object: rows of `associated_words(...).words`.

    Returns:
        The verdict per target.

    Raises:
        ValueError: names, n-grams and associated words are not as many.

    Example:
        >>> vocabulary = Vocabulary(("dogs", "run", "leash"), np.ones(3, int))
        >>> found = Tokens(np.array([[0, 1]]), np.ones((1, 2), bool))
        >>> named(found, ["dog"], vocabulary, np.array([[True, False, True]]))
        Naming(names=array([ True]), associated=array([ True]), share=array([0.5]))
    """
    ids, mask = checked(found, len(vocabulary.words))
    associated = np.asarray(associated)
    if len(names) != len(ids) or associated.shape != (len(ids), len(vocabulary.words)):
        raise ValueError(
            f"expected one name and one row of associated words [target, vocab] per n-gram ({len(ids)}, "
            f"{len(vocabulary.words)} words), got {len(names)} names and {associated.shape}"
        )
    index: dict[str, list[int]] = {}
    for word_id, word in enumerate(vocabulary.words):
        index.setdefault(word.lower(), []).append(word_id)
    ids = np.where(mask, ids, -1)
    says = np.array([_says(row, name.lower().split(), index) for row, name in zip(ids, names, strict=True)], dtype=bool)
    goes = np.take_along_axis(associated, np.maximum(ids, 0), axis=1) & mask
    words = mask.sum(axis=1)
    share = np.divide(goes.sum(axis=1), words, out=np.full(len(ids), np.nan), where=words > 0)
    return Naming(says, goes.any(axis=1), share)


def _says(ids: np.ndarray, name: list[str], index: dict[str, list[int]]) -> bool:
    def has(word: str) -> bool:
        return any(word_id in ids for form in name_forms(word) for word_id in index.get(form, ()))

    return bool(name) and (all(map(has, name)) or has("".join(name)))
