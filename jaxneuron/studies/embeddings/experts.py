"""How many units of a model are experts of a concept, in which parts of its blocks, and from which precision on?

Suau, Zappella and Apostoloff 2020, "Finding experts in transformer models" (arXiv 2005.07647): the highest value of a
unit in each sentence is taken as a score for whether the sentence has a concept; a unit whose average precision is at
least gamma is an expert. Here concepts are words that some sentences have, as senses need a corpus that has them.
"""

from collections import Counter
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from jaxneuron.extract.to_store import Settings, extract
from jaxneuron.rank import average_precision
from jaxneuron.studies.embeddings import material
from jaxneuron.studies.embeddings.material import Encoder, Questions
from jaxneuron.studies.embeddings.presets import Preset
from jaxneuron.studies.embeddings.results import GAMMAS, Component, Expert
from jaxneuron.studies.embeddings.spreading import of_part
from jaxneuron.studies.embeddings.vectors import Static
from jaxneuron.studies.running import Report


def concepts(sentences: list[list[str]], preset: Preset) -> tuple[list[str], Bool[np.ndarray, "sentence concept"]]:
    """Return words of letters that enough sentences have, and a third of them at most; the most frequent first.

    Raises:
        ValueError: there is no such word.
    """
    sets = [{word.lower() for word in sentence if word.isalpha()} for sentence in sentences]
    counts = Counter(word for words in sets for word in words)
    fit = sorted(((count, word) for word, count in counts.items() if count >= preset.having), reverse=True)
    names = [word for count, word in fit if count <= len(sets) / 3][: preset.concepts]
    if not names:
        raise ValueError(f"no word is in {preset.having} to a third of {len(sets)} sentences; give more text")
    return names, np.array([[name in words for name in names] for words in sets])


def found(
    text: Questions, static: Static, encoders: list[Encoder], preset: Preset, seed: int, directory: Path, report: Report
) -> tuple[list[Component], list[Expert]]:
    """Return the experts in each part of each block, and how many there are in all from each precision on.

    Args:
        text: the words, and what is asked of them.
        static: the static vectors.
        encoders: the models, with what their units do at these words.
        preset: the size of the run.
        seed: of the sentences that concepts are moved to for the control.
        directory: of the run.
        report: what is being done -> a progress callback.
    """
    sentences = text.parts["train"].sentences[: preset.sentences]
    _, here = concepts(sentences, preset)
    shuffled = here[np.random.default_rng(seed).permutation(len(here))]
    rows, told = [], []
    for encoder in encoders:
        sites = material.parts(encoder.subject)
        stored = extract(
            encoder.subject.model,
            sentences,
            directory / "store" / encoder.name / "sentences",
            sites=tuple(sites),
            settings=Settings(pool="max"),
            progress=report(f"{encoder.name}: read sentences"),
        )
        both = []
        for site in sites:
            report(f"{encoder.name}: experts of {site}")
            scores = average_precision.scores(stored[site][:], np.concatenate([here, shuffled], axis=1)).rising
            own, other = np.split(scores, 2)
            both.append((own, other))
            block, _, part = site.removeprefix("block").partition("/")
            rows.append(
                Component(
                    encoder.name,
                    site,
                    int(block),
                    part,
                    own.shape[1],
                    of_part(text, static, encoder, site),
                    [float((own.max(axis=0) >= gamma).mean()) for gamma in GAMMAS],
                    own.max(axis=1).tolist(),
                )
            )
        whole, chance = (np.concatenate(side, axis=1) for side in zip(*both, strict=True))
        for gamma in GAMMAS:
            units, control = ((side.max(axis=0) >= gamma).mean() for side in (whole, chance))
            told.append(Expert(encoder.name, gamma, float(units), float((whole.max(axis=1) >= gamma).mean()), control))
    return rows, told


def star(rows: list[Expert]) -> float:
    """Return the precision from which the models' shares of experts lie farthest apart."""

    def apart(gamma: float) -> float:
        shares = [row.units for row in rows if row.gamma == gamma]
        return max(shares) - min(shares)

    return max(GAMMAS, key=apart)
