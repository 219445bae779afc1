"""What a run works on: a model, and pairs of beginnings that differ in the number of the subject."""

import gzip
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.studies._subject import Subject, load, train
from jaxneuron.studies.circuits.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.types import Tokens

NOUNS = "girl boy cat dog bird friend teacher farmer queen doctor".split()
PLACES = ("near the {}", "behind the {}", "with the {}")
VERBS = (("is", "are"), ("was", "were"), ("has", "have"), ("walks", "walk"), ("sings", "sing"))
ENDS = ("happy", "here", "often", "again")

SUBJECT, VERB = "regular_plural_subject_verb_agreement_2", "regular_plural_subject_verb_agreement_1"
"""Paradigms of BLiMP: sentences that differ in the subject, and in the verb."""


class Beginnings(NamedTuple):
    """Two beginnings that differ in the subject's number, and the verbs that may follow."""

    clean: list[str]
    corrupted: list[str]
    right: str  # after the clean one
    wrong: str
    kind: str


class Encoded(NamedTuple):
    """Pairs as the model reads them."""

    clean: Tokens
    corrupted: Tokens
    right: np.ndarray  # [pair], the token by which the right verb differs
    wrong: np.ndarray


def grammar(seed: int) -> list[Beginnings]:
    """Return pairs of the embedded grammar, in random order.

    Example:
        >>> len({(*map(str, pair),) for pair in grammar(0)}) == len(grammar(0))
        True
    """
    pairs = []
    for noun, other, place, (one, many) in itertools.product(NOUNS, NOUNS, PLACES, VERBS):
        if noun == other:
            continue
        for several, distractor in itertools.product((False, True), (False, True)):
            beside = place.format(other + "s" * distractor).split()
            ends = [["the", noun + "s" * number, *beside] for number in (several, not several)]
            kind = "the same number beside" if several == distractor else "the other number beside"
            right, wrong = (many, one) if several else (one, many)
            pairs.append(Beginnings(ends[0], ends[1], right, wrong, kind))
    random.Random(seed).shuffle(pairs)
    return pairs


def blimp(path: Path, seed: int) -> list[Beginnings]:
    """Return pairs of BLiMP: its verbs, after subjects whose other number is known from its own pairs of subjects.

    Raises:
        ValueError: the file has none of the paradigms.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if "agreement" in line]
    sentences = {
        name: [(row["sentence_good"].rstrip(".").split(), row["sentence_bad"].rstrip(".").split()) for row in rows
               if row["UID"] == name]
        for name in (SUBJECT, VERB, *(one for one in {row["UID"] for row in rows} if one.startswith("distractor")))
    }  # fmt: skip
    if not sentences[SUBJECT] or not sentences[VERB]:
        raise ValueError(f"{path} has no sentences of {SUBJECT} and {VERB}; give BLiMP's paradigms in one file")
    other: dict[str, str] = {}
    for good, bad in sentences[SUBJECT]:
        for a, b in _differ(good, bad):
            other |= {good[a]: bad[b], bad[b]: good[a]}
    pairs = []
    for name, found in sentences.items():
        for good, bad in found if name != SUBJECT else ():
            for verb, _ in _differ(good, bad):
                nouns = [place for place in range(verb) if good[place] in other]
                if nouns:  # the subject comes first; what stands beside it keeps its number
                    swapped = [*good[: nouns[0]], other[good[nouns[0]]], *good[nouns[0] + 1 : verb]]
                    pairs.append(Beginnings(good[:verb], swapped, good[verb], bad[verb], name))
    random.Random(seed).shuffle(pairs)
    return pairs


def _differ(good: list[str], bad: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the place at which two sentences differ, if it is one alone."""
    places = [place for place, words in enumerate(zip(good, bad, strict=False)) if words[0] != words[1]]
    if len(good) == len(bad) and len(places) == 1:
        yield places[0], places[0]


def open_or_train(source: str | None, preset: Preset, seed: int, out: Path, report: Report) -> Subject:
    """Return the model that is given, or one that is trained on sentences of the grammar.

    Args:
        source: of the model; None: one is trained.
        preset: the sizes of the run.
        seed: of all that is drawn.
        out: of the run; what an earlier run left there is read.
        report: told what is being done.
    """
    if source is not None:
        return load(source)
    drawn, sentences = random.Random(seed), []
    for pair in itertools.islice(itertools.cycle(grammar(seed + 1)), preset.sentences):
        sentences.append([*pair.clean, pair.right, drawn.choice(ENDS)])
    dev = len(sentences) // 10
    return train(jax.random.key(seed), sentences[dev:], sentences[:dev], out / "model", preset.training, report)


def encode(subject: Subject, pairs: list[Beginnings], preset: Preset) -> tuple[list[Beginnings], Encoded]:
    """Return the pairs that a model reads in as many tokens each, and their tokens; the others are left out.

    Args:
        subject: the model, with what it reads by.
        pairs: of sentences.
        preset: the sizes of the run.

    Raises:
        ValueError: fewer than four are left.
    """
    kept: list[Beginnings] = []
    read: list[tuple[list[int], list[int], int, int]] = []
    for pair in pairs:
        clean, corrupted = (_ids(subject, words) for words in (pair.clean, pair.corrupted))
        verbs = [_ids(subject, [*pair.clean, verb]) for verb in (pair.right, pair.wrong)]
        if len(clean) != len(corrupted) or not 0 < len(clean) <= preset.longest or clean == corrupted:
            continue
        if any(verb[: len(clean)] != clean or len(verb) == len(clean) for verb in verbs):
            continue
        right, wrong = verbs[0][len(clean)], verbs[1][len(clean)]
        if right != wrong:
            kept.append(pair)
            read.append((clean, corrupted, right, wrong))
        if len(kept) == preset.pairs:
            break
    if len(kept) < 4:
        raise ValueError(
            f"of {len(pairs)} pairs the model reads {len(kept)} in as many tokens; give another model or other data"
        )
    width = max(len(row[0]) for row in read)
    sides = zip(*[row[:2] for row in read], strict=True)
    texts = [np.array([ids + [0] * (width - len(ids)) for ids in side], np.int32) for side in sides]
    mask = np.array([[place < len(row[0]) for place in range(width)] for row in read])
    right, wrong = (np.array([row[side] for row in read], np.int32) for side in (2, 3))
    return kept, Encoded(Tokens(texts[0], mask), Tokens(texts[1], mask), right, wrong)


def _ids(subject: Subject, words: list[str]) -> list[int]:
    return subject.tokenizer.encode(" ".join(words)).ids
