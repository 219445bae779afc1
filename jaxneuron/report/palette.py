"""The colours, shapes and dashes of all charts and figures: a reader who is colour-blind can tell them apart."""

COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#5e3c99", "#b2182b", "#1b7837")
"""Those of Okabe and Ito 2008, which colour-blind readers can tell apart, and four more; shapes repeat the meaning."""

CHANCE = "#7f7f7f"
"""What random units are drawn in."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")

DIVERGING = ("#d55e00", "#f2f2f2", "#0072b2")
"""Against, nought, for: the colours of coloured text, too."""

LINES = ("#d55e00", "#009e73", "#56b4e9", "#e69f00", "#7f7f7f")
"""Of a few lines of one chart, such as the losses of a training."""

MARKERS = "os^Dv"
"""The shapes of a figure for papers, as matplotlib calls them."""
