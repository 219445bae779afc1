"""Units that vary most and least, are at the ends of their ranges, or never change: one pass over the text."""

from collections.abc import Sequence

import numpy as np

from jaxneuron.atlas import Saturation, UnitMoments, moments, saturated
from jaxneuron.extract import to_statistics
from jaxneuron.extract.placing import ReadText, blocks
from jaxneuron.studies.cases.presets import Preset
from jaxneuron.studies.cases.results import Extreme, Shape
from jaxneuron.studies.running import Report
from jaxneuron_models.model import Model


def shapes(model: Model, sentences: Sequence[list[str]], preset: Preset, report: Report) -> list[Shape]:
    """Return what the units of each site do over a text.

    Args:
        model: that is asked.
        sentences: the words of each text.
        preset: the sizes of the run.
        report: told what is being done.
    """
    wanted = to_statistics.asked(model, {"moments": moments.statistic(), "saturated": saturated.statistic()})
    progress, whole, done = report("what units do over the text"), sum(map(len, sentences)), 0

    def count(words: int) -> None:
        nonlocal done
        done += words
        if progress:
            progress(done, whole)

    nothing = to_statistics.init(wanted)
    *_, state = to_statistics.read(model, ReadText(sentences), wanted, blocks(sentences), nothing, progress=count)
    told = {name: one.finish(state[name]) for name, one in wanted.statistics.items()}
    return [_shape(site, told["moments"][site], told["saturated"][site], preset) for site in wanted.sites]


def _shape(site: str, spread: UnitMoments, ends: Saturation, preset: Preset) -> Shape:
    share, few = ends.low + ends.high, preset.extreme

    def first(order: np.ndarray, value: np.ndarray) -> tuple[Extreme, ...]:
        return tuple(Extreme(int(unit), float(value[unit])) for unit in order[:few])

    order = np.argsort(-spread.variance, kind="stable")
    alive = order[~ends.dead[order]]
    return Shape(
        site=site,
        units=len(share),
        dead=int(ends.dead.sum()),
        saturated=float(share.mean()),
        median=float(np.median(spread.variance)),
        highest=first(alive, spread.variance),
        lowest=first(alive[::-1], spread.variance),
        most_saturated=first(np.argsort(-share, kind="stable"), share),
        never=tuple(np.flatnonzero(ends.dead)[:few].tolist()),
    )
