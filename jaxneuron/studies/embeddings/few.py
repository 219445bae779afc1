"""How much of a property do the best two units say, or five, or fifty? Of static vectors and of models alike."""

import jax

from jaxneuron.evaluate import baselines, probes
from jaxneuron.rank import gaussian
from jaxneuron.studies.embeddings import material
from jaxneuron.studies.embeddings.material import Encoder, Questions
from jaxneuron.studies.embeddings.presets import Preset
from jaxneuron.studies.embeddings.results import Few
from jaxneuron.studies.embeddings.vectors import Static
from jaxneuron.studies.running import Report


def few(text: Questions, static: Static, encoders: list[Encoder], preset: Preset, report: Report) -> list[Few]:
    """Choose units by a Gaussian probe, and ask them on test words.

    Args:
        text: the words, and what is asked of them.
        static: the static vectors.
        encoders: the models, with what their units do at these words.
        preset: the size of the run.
        report: what is being done -> a progress callback.
    """
    rows = []
    for of in text.names:
        for name, encoder, sites in material.sources(encoders):
            train, dev, test = material.data(text, static, encoder, sites, of)
            counts = [count for count in preset.counts if count <= train[0].shape[1]]
            progress = report(f"{of}: units of {name}")
            ranking, _ = gaussian.rank(None, *train, dev=dev, select=counts[-1], progress=progress)
            given = {"counts": counts, "probe": "gaussian", "dev": dev}
            told = probes.curve(jax.random.key(0), ranking.order[0], train, test, **given)
            majority = float(baselines.majority(train[1], test[1]))
            measured = zip(counts, told.accuracy, told.normalised, strict=True)
            rows += [Few(of, name, count, float(right), float(share), majority) for count, right, share in measured]
    return rows
