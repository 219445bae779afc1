"""What the parts are made of: a model, its units after the pass, and what they do at some words of two texts.

Descriptions and concepts are found on words of the text that was read, and scored on others: those of another split, or
of a tenth of the text that is left out of all fitting. Activations of both are kept on disk while the parts are made.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron.atlas import SiteSummary
from jaxneuron.cli import _inputs
from jaxneuron.cli._atlas_parts._encoder import Embed
from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.extract import to_store
from jaxneuron.report.atlas.unit import BestInput
from jaxneuron.types import Site, Tokens

WORDS = 24_000
"""Words on which descriptions and concepts are found, and words on which they are scored, at most."""

RUN = 10
"""Sentences that stay together where a text is taken apart: neighbours are alike."""

CHOICE, HELD = 7, 10
"""One run of so many chooses among descriptions; one of so many is held out where there is no other text."""


class Some(NamedTuple):
    """Some whole texts, and how they are numbered among all."""

    text: Labelled
    numbers: Sequence[int]
    truth: Bool[np.ndarray, "text concept"]  # what is true of each; no concepts where nothing is known

    @property
    def lengths(self) -> list[int]:
        """How many words each has."""
        return [len(sentence) for sentence in self.text.sentences]


class Known(NamedTuple):
    """A text, and what is true of its pictures, if it tells of pictures."""

    text: Labelled
    truth: Bool[np.ndarray, "text concept"]
    concepts: tuple[str, ...] = ()

    def some(self, numbers: Sequence[int]) -> Some:
        """Return some of the texts."""
        return Some(labelled.some(self.text, numbers), numbers, self.truth[np.asarray(numbers, int)])


class Texts(NamedTuple):
    """The texts that an atlas is about."""

    read: Known  # what the pass read
    held: Known | None  # another text; None: a part of the first is held out
    name: str  # of what is held out
    layer: str | None  # the labels that are asked for; None: what is true of the pictures, or the first layer
    searched: Mapping[tuple[Site, int], list[BestInput]] = {}  # what a study found before
    names: Mapping[tuple[Site, int], str] = {}  # what units are called

    @property
    def labels(self) -> list[str]:
        """The names of the labels of the layer, or of the concepts."""
        if self.layer is None and self.read.concepts:
            return list(self.read.concepts)
        layer = self._layer
        return sorted(set(labelled.of_words(self.read.text, layer))) if layer else []

    def holds(self, some: Some) -> Bool[np.ndarray, "token label"]:
        """Return at which words of some texts each of `labels` holds; what is said of a text holds at each."""
        if self.layer is None and self.read.concepts:
            return np.repeat(some.truth, some.lengths, axis=0)
        return np.array(labelled.of_words(some.text, self._layer))[:, None] == np.array(self.labels)

    @property
    def _layer(self) -> str:
        """The layer that is asked for, or the first; nothing where no text has labels."""
        known = [*self.read.text.labels, *self.read.text.sentence_labels]
        return self.layer or (known[0] if known else "")


class Material:
    """What every part is given."""

    def __init__(
        self,
        model: Any,
        found: Mapping[Site, SiteSummary],
        texts: Texts,
        folder: Path,
        *,
        how: str,
        seed: int,
        budget: int,
        named: bool,
        embed: Embed | None,
        others: Sequence[str],
        report: Callable[[str], Callable[[int, int], None]],
    ) -> None:
        """Keep what is given; nothing is computed before a part asks.

        Args:
            model: as `jaxneuron_models.open.open` returns it.
            found: site -> what the pass says of its units.
            texts: what was read, and what is held out.
            folder: for activations; whoever asks removes it.
            how: a word's vector from those of its sub-words: first or last.
            seed: of all draws.
            budget: bytes of working memory.
            named: whether the units were named, or all asked for; else the most explained come first, the least last.
            embed: makes vectors of short texts; None: nothing is read by its meaning.
            others: names of models in which units may recur.
            report: what is being done -> how far it is.
        """
        self.embed, self.others = embed, tuple(others)
        self.model, self.found, self.texts, self.seed, self.budget, self.named = (
            model,
            found,
            texts,
            seed,
            budget,
            named,
        )
        self.report, self.folder, self._how = report, folder, how
        self._made: dict[str, Any] = {}
        self._standard: dict[Site, Float[np.ndarray, "token unit"]] = {}

    def key(self, *numbers: int) -> Array:
        """Return the random key of a purpose."""
        key = jax.random.key(self.seed)
        for number in numbers:
            key = jax.random.fold_in(key, number)
        return key

    def per_text(self, site: Site) -> bool:
        """Tell whether a site has one vector for a text."""
        return self.found[site].per_text

    @cached_property
    def fit(self) -> Some:
        """Texts on which descriptions and concepts are found."""
        return self._drawn([number for number, turn in self._turns if turn % CHOICE != CHOICE // 2])

    @cached_property
    def choice(self) -> Some:
        """Texts on which the best description is chosen."""
        return self._drawn([number for number, turn in self._turns if turn % CHOICE == CHOICE // 2])

    @cached_property
    def held(self) -> Some:
        """Texts on which they are scored."""
        if self.texts.held is not None:
            return self._drawn(range(len(self.texts.held.text.sentences)), self.texts.held)
        kept = {number for number, _ in self._turns}
        return self._drawn([number for number in range(len(self.texts.read.text.sentences)) if number not in kept])

    @cached_property
    def _turns(self) -> list[tuple[int, int]]:
        """The texts that are not held out, and which run of sentences each is in."""
        count = len(self.texts.read.text.sentences)
        if count < HELD:
            raise ValueError(
                f"--with: descriptions and concepts are found on some of the texts and scored on others, and there are "
                f"{count}; give at least {HELD}"
            )
        turns = [number // max(min(RUN, count // 20), 1) for number in range(count)]
        open_ = self.texts.held is not None
        return [(number, turn) for number, turn in enumerate(turns) if open_ or turn % HELD != HELD - 1]

    def _drawn(self, numbers: Sequence[int], known: Known | None = None) -> Some:
        """Return as many of some texts, drawn at random, as have `WORDS`, in their order."""
        known = self.texts.read if known is None else known
        words, found = 0, []
        for place in np.random.default_rng(self.seed).permutation(len(numbers)).tolist():
            if words and words + len(known.text.sentences[numbers[place]]) > WORDS:
                break
            found.append(numbers[place])
            words += len(known.text.sentences[numbers[place]])
        return known.some(sorted(found))

    def values(self, some: Some, site: Site) -> Float[np.ndarray, "token unit"]:
        """Return what all units of a site do at the words of some texts; of a site for texts, at each the same."""
        which = "held" if some is self.held else "choice" if some is self.choice else "fit"
        rows = np.asarray(self._store(which, site)[site][:], np.float32)
        if not self.per_text(site):
            return rows
        return np.repeat(rows, some.lengths, axis=0)

    def standard(self, site: Site) -> Float[np.ndarray, "token unit"]:
        """Return what all units do at the words of `fit`, with mean 0 and variance 1; 0 where one never changes.

        As many sites are kept as `budget` holds.
        """
        if site in self._standard:
            return self._standard[site]
        values = standardised(self.values(self.fit, site))
        if values.nbytes + sum(one.nbytes for one in self._standard.values()) <= self.budget:
            self._standard[site] = values
        return values

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` made when this name was first asked for: what the parts of several sites share."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _store(self, which: str, site: Site) -> Any:
        kind = "texts" if self.per_text(site) else "words"

        def made() -> Any:
            sites = [one for one in self.found if self.per_text(one) == self.per_text(site)]
            some: Some = getattr(self, which)
            settings = to_store.Settings(how=self._how, pool="last" if kind == "texts" else None)
            return to_store.extract(
                self.model,
                some.text.sentences,
                self.folder / f"{which}-{kind}",
                sites=sites,
                settings=settings,
                progress=self.report(f"activations of {sum(some.lengths):,} words ({which})"),
            )

        return self.once(f"{which}-{kind}", made)

    def beginnings(self, words: int) -> Tokens:
        """Return a few texts of those held out as the model reads them, with so many words together."""
        sentences, count = [], 0
        for sentence in self.held.text.sentences:
            if sentences and count + len(sentence) > words:
                break
            sentences.append(sentence)
            count += len(sentence)
        tokens = _inputs.beginnings(self.model, sentences).tokens
        return Tokens(np.asarray(tokens.ids), np.asarray(tokens.mask))


def standardised(values: Float[np.ndarray, "token unit"]) -> Float[np.ndarray, "token unit"]:
    """Return values with mean 0 and variance 1; 0 for a unit that never changes."""
    values = values - values.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = np.sqrt(np.square(values, dtype=np.float64).mean(axis=0)).astype(np.float32)
    return values / np.where(spread > 0, spread, 1)
