"""What is redundant whatever one asks: layers that are alike, and units that vary together."""

from jaxneuron.compare import cka
from jaxneuron.evaluate.redundant_units import redundant_units
from jaxneuron.studies.redundancy.material import Posed
from jaxneuron.studies.redundancy.presets import Preset
from jaxneuron.studies.redundancy.results import General, Threshold


def general(posed: Posed, preset: Preset) -> General:
    """Return how much of the layers and units of a model is redundant on the text of a task."""
    rows, widths = posed.train[0], list(posed.sites.values())
    found = redundant_units(rows, posed.sites, thresholds=preset.thresholds)
    columns = zip(found.thresholds, found.kept, found.share, found.within, found.apart, strict=True)
    return General(
        units=rows.shape[1],
        rows=len(rows),
        thresholds=[
            Threshold(float(distance), int(kept), float(share), within.tolist(), apart.tolist())
            for distance, kept, share, within, apart in columns
        ],
        similarity=cka.compare(rows, rows, layers=[widths, widths]).table.tolist(),
    )
