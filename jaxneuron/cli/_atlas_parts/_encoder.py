"""An encoder of short texts, of any model that reads words: the mean of its last site over a text."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from xxhash import xxh3_64

from jaxneuron.extract import to_statistics, to_store

Embed = Callable[[Sequence[str]], Float[np.ndarray, "text unit"]]


def encoder(model: Any, folder: Path, report: Callable[[str], Callable[[int, int], None]]) -> Embed:
    """Return what makes vectors of texts; those of the same texts are made once.

    Args:
        model: as `jaxneuron_models.open.open` returns it.
        folder: for the vectors; whoever asks removes it.
        report: what is being done -> how far it is.
    """
    site = list(to_statistics.asked(model, {}, None).widths)[-1]

    def embed(texts: Sequence[str]) -> Float[np.ndarray, "text unit"]:
        kept = folder / f"encoded-{xxh3_64(json.dumps(list(texts)).encode()).hexdigest()}"
        progress = report(f"vectors of {len(texts):,} texts")
        settings = to_store.Settings(pool="mean")
        store = to_store.extract(
            model, [[one] for one in texts], kept, sites=[site], settings=settings, progress=progress
        )
        return np.asarray(store[site][:], np.float32)

    return embed
