"""The rows of a device run, in the order of their worth: what comes late may find no time left."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from benchmarks.device import attributed, extracted, grouped, matrices, ranked, search
from benchmarks.device.sides import Run
from benchmarks.measure import Row


class Entry(NamedTuple):
    """One function that measures a job."""

    name: str
    measure: Callable[[Run], Iterator[Row]]  # yields a row as soon as it is measured
    seconds: float  # that it may take, in the full size with PyTorch compiled


FLOAT32, TF32, BFLOAT16 = ({"precision": name} for name in ("float32", "tf32", "bfloat16"))
EXACT, DIFFERENCES = ({"precision": "float32", "derivative": name} for name in ("exact", "finite"))

ROWS = (
    Entry("peak float32", partial(matrices.rows, **FLOAT32), 20),
    Entry("peak tf32", partial(matrices.rows, **TF32), 20),
    Entry("gumbel fast tf32", partial(search.fast, **TF32), 90),
    Entry("inputs", partial(attributed.inputs, **FLOAT32), 60),
    Entry("extraction float32", partial(extracted.extraction, **FLOAT32), 80),
    Entry("layers", partial(attributed.layers, **EXACT, every=True), 60),
    Entry("probes", partial(ranked.probes, **FLOAT32), 60),
    Entry("formulas", ranked.formulas, 60),
    Entry("experts", ranked.experts, 45),
    Entry("dictionary tf32", partial(grouped.dictionary, **TF32), 45),
    Entry("ablation", partial(attributed.ablations, **FLOAT32), 45),
    Entry("gumbel exact", partial(search.exact, **FLOAT32), 90),
    Entry("neurons", partial(attributed.neurons, **FLOAT32), 60),
    Entry("partners", partial(grouped.partners, **FLOAT32), 30),
    Entry("corpus", partial(search.in_corpus, **FLOAT32), 60),
    Entry("extraction bfloat16", partial(extracted.extraction, **BFLOAT16), 60),
    Entry("layer", partial(attributed.layers, **EXACT, every=False), 60),
    Entry("peak bfloat16", partial(matrices.rows, **BFLOAT16), 20),
    Entry("forward float32", partial(extracted.forward, **FLOAT32), 45),
    Entry("forward bfloat16", partial(extracted.forward, **BFLOAT16), 45),
    Entry("gumbel fast float32", partial(search.fast, **FLOAT32), 90),
    Entry("layers differences", partial(attributed.layers, **DIFFERENCES, every=True), 45),
    Entry("dictionary float32", partial(grouped.dictionary, **FLOAT32), 45),
    Entry("inputs tf32", partial(attributed.inputs, **TF32), 60),
)
