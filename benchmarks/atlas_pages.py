"""How many pages does an atlas write in a minute? From the states after a pass: excerpts, records, files."""

import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Row, compare, seconds
from jaxneuron.atlas import exemplars, histogram, moments, samples, saturated
from jaxneuron.extract import summaries, to_statistics
from jaxneuron.extract.placing import ReadText, blocks, draw
from jaxneuron.report.atlas import records, write
from jaxneuron.report.atlas.unit import Provenance, Source
from jaxneuron_models.model import Model

SITE = "block2/residual"

DRAWN = 1024
"""Words whose values are shown beside the exemplars."""


def row(model: Model, sentences: Sequence[list[str]], lowest: int, highest: int, count: int) -> Row:
    """Return how long the pages of a site take; the pass before them is not in the time.

    Args:
        model: that reads.
        sentences: the text.
        lowest: exponent of the smallest number that has a count of its own.
        highest: that of the largest.
        count: exemplars of each side.
    """
    statistics = {
        "moments": moments.statistic(),
        "histogram": histogram.statistic(lowest=lowest, highest=highest),
        "exemplars": exemplars.statistic(count=count),
        "samples": samples.statistic(count=DRAWN),
        "saturated": saturated.statistic(),
    }
    wanted = to_statistics.asked(model, statistics, [SITE])
    text = ReadText(sentences, drawn=draw(sentences, DRAWN))
    states = to_statistics.read(model, text, wanted, blocks(sentences), to_statistics.init(wanted))
    state = deque(states, maxlen=1).pop()
    told = records.Reading(sentences, model.source, "", Provenance(Source("text", ""), "", 0, {}))

    def pages() -> None:
        found = summaries.summaries(model, wanted, state)
        found = summaries.with_excerpts(model, text, wanted, found)
        with tempfile.TemporaryDirectory() as folder:
            write.write(Path(folder), records.records(told, found, None))

    pages()  # compiles
    took, units = seconds(pages), wanted.widths[SITE]
    speed = f"{units / took * 60:,.0f} pages a minute"
    return compare("pages after a pass", f"{units:,} units", took, None, None, speed)
