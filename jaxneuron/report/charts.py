"""The page's interactive charts, as Vega-Lite specifications.

Charts of targets read a data set named `found`, which the page holds once and hands to each of them. Fonts and
colours of axes come from the page, so that they follow its light or dark scheme.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from jaxneuron.report import labels
from jaxneuron.report.figures import losses

Spec = dict[str, Any]
Row = Mapping[str, Any]

LETTER = 7
"""Pixels of a letter of a legend, on average, in a font of 12 pixels."""

AXIS = 90
"""Pixels that the vertical axis takes at most."""

FEW = 40
"""Values of a line that are drawn as points; more would be a line of their own."""

GOLDEN = 0.618034
"""Multiples of the golden ratio, modulo one, spread the dots evenly without a random number."""


def activations(found: Sequence[Row], setting: str) -> Spec:
    """Return one panel of Figure 1: a box per method, and a dot per target that tells its n-gram.

    Args:
        found: the rows of `found.jsonl`.
        setting: the panel.
    """
    rows = [row for row in found if row["setting"] == setting]
    methods = labels.ordered((row["method"] for row in rows), labels.METHODS)
    base = (
        alt.Chart(alt.NamedData("found"))
        .transform_filter(alt.datum.setting == setting)
        .transform_filter("isValid(datum.score)")
        .transform_calculate(symbol=_symbols(methods), spread=f"(datum.target * {GOLDEN}) % 1 - 0.5")
    )
    x = alt.X("symbol:N", sort=[labels.method(m).symbol for m in methods], title=None, axis=alt.Axis(labelAngle=0))
    y = alt.Y("score:Q", title="activation", scale=alt.Scale(zero=False))
    boxes = base.mark_boxplot(size=28, outliers=False, opacity=0.6).encode(
        x=x, y=y, color=_colour(methods, named=False)
    )
    dots = base.mark_circle(size=22, opacity=0.45).encode(
        x=x,
        xOffset=alt.XOffset("spread:Q", scale=alt.Scale(domain=[-1, 1])),
        y=y,
        color=_colour(methods, named=False),
        tooltip=[
            alt.Tooltip("name:N", title="unit"),
            alt.Tooltip("symbol:N", title="method"),
            alt.Tooltip("ngram:N", title="input"),
            alt.Tooltip("score:Q", format=".3f", title="activation"),
            alt.Tooltip("gain:Q", format="+.2f", title="gain"),
        ],
    )
    panel = f"Activation by method in the {labels.setting(setting).name.lower()}"
    return specification(
        alt.layer(boxes, dots).properties(height=260, description=f"{panel}: box plots of {len(rows)} values")
    )


def gains(found: Sequence[Row]) -> Spec:
    """Return the mean gain over corpus search of every method in every setting, with 95% confidence intervals."""
    rows = [row for row in found if row.get("gain") is not None]
    methods = labels.ordered((row["method"] for row in rows), labels.METHODS)
    settings = labels.ordered((row["setting"] for row in rows), labels.SETTINGS)
    places = [labels.setting(s).short for s in settings]
    base = (
        alt.Chart(alt.NamedData("found"))
        .transform_filter("isValid(datum.gain)")
        .transform_calculate(
            symbol=_symbols(methods), place=_lookup("setting", {s: labels.setting(s).short for s in settings})
        )
        .transform_aggregate(mean="mean(gain)", error="stderr(gain)", targets="count()", groupby=["place", "symbol"])
        .transform_calculate(low="datum.mean - 1.96 * datum.error", high="datum.mean + 1.96 * datum.error")
    )
    wrapped = alt.Axis(labelExpr="split(datum.label, ', ')", labelLimit=110)
    y = alt.Y("place:N", sort=places, title=None, axis=wrapped)
    offset = alt.YOffset("symbol:N", sort=[labels.method(m).symbol for m in methods])
    title = "mean gain (standard deviations)"
    rule = base.mark_rule(strokeWidth=2).encode(
        y=y, yOffset=offset, x=alt.X("low:Q", title=title), x2="high:Q", color=_colour(methods, named=True)
    )
    symbols = [labels.method(m).symbol for m in methods]
    shapes = alt.Scale(domain=symbols, range=["circle", "square", "triangle-up", "diamond"])
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        y=y,
        yOffset=offset,
        x=alt.X("mean:Q", title=title),
        color=_colour(methods, named=True),
        shape=alt.Shape("symbol:N", scale=shapes, legend=legend(symbols)),
        tooltip=[
            alt.Tooltip("place:N", title="setting"),
            alt.Tooltip("symbol:N", title="method"),
            alt.Tooltip("mean:Q", format="+.2f", title="mean gain"),
            alt.Tooltip("low:Q", format="+.2f", title="95% from"),
            alt.Tooltip("high:Q", format="+.2f", title="to"),
            alt.Tooltip("targets:Q", title="targets"),
        ],
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(strokeDash=[4, 3], color="#888").encode(x="zero:Q")
    chart = alt.layer(zero, rule, points).properties(
        height=(16 * len(methods) + 12) * len(settings),
        description="Mean gain over corpus search by setting and method",
    )
    return specification(chart)


def learning_curves(curves: Sequence[Row]) -> Spec:
    """Return the losses of a training run over its steps."""
    names = losses(curves)
    values = [
        {"step": row["step"], "loss": row[name], "part": name.replace("_", " ")}
        for row in curves
        for name in names
        if row.get(name) is not None
    ]
    colours = [method.colour for method in reversed(labels.METHODS.values())]
    domain = [name.replace("_", " ") for name in names]
    scale = alt.Scale(domain=domain, range=[colours[i % len(colours)] for i in range(len(domain))])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("step:Q", axis=alt.Axis(tickCount=6)),
            y=alt.Y("loss:Q", scale=alt.Scale(zero=False)),
            color=alt.Color("part:N", scale=scale, legend=legend(domain)),
            strokeDash=alt.StrokeDash("part:N", scale=alt.Scale(domain=domain), legend=legend(domain)),
            tooltip=["part:N", "step:Q", alt.Tooltip("loss:Q", format=".4f")],
        )
    )
    return specification(chart.properties(height=240, description="Learning curves: loss by training step"))


def group_sizes(sizes: Sequence[int], site: str) -> Spec:
    """Return how many groups of a hidden layer have each size."""
    chart = (
        alt.Chart(alt.Data(values=[{"size": size} for size in sizes]))
        .mark_bar(color="#0072b2")
        .encode(
            x=alt.X("size:O", title="units in the group", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y(
                "count():Q",
                title="groups",
                axis=alt.Axis(tickMinStep=1, labelExpr="datum.value % 1 ? '' : datum.label"),
            ),
            tooltip=[alt.Tooltip("size:O", title="units"), alt.Tooltip("count():Q", title="groups")],
        )
    )
    return specification(chart.properties(height=160, description=f"How many groups of {site} have how many units"))


def _colour(methods: Sequence[str], *, named: bool) -> alt.Color:
    presented = [labels.method(m) for m in methods]
    symbols = [m.symbol for m in presented]
    scale = alt.Scale(domain=symbols, range=[m.colour for m in presented])
    return alt.Color("symbol:N", scale=scale, legend=legend(symbols) if named else None)


def _symbols(methods: Sequence[str]) -> str:
    return _lookup("method", {m: labels.method(m).symbol for m in methods})


def _lookup(field: str, names: Mapping[str, str]) -> str:
    """Return a Vega expression that renames the values of a field."""
    pairs = ", ".join(f"{_quote(key)}: {_quote(name)}" for key, name in names.items())
    return f"{{{pairs}}}[datum.{field}]"


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def legend(names: Sequence[str], **options: Any) -> alt.Legend:
    """Return a legend above the chart, in as many columns as the chart has room for.

    Vega settles the height of a chart once, before it fits the width of the plot into its place. So the columns follow
    from the width of the place, less that of an axis.

    Args:
        names: what it says, of which the longest needs its room.
        **options: more of `altair.Legend`.

    Example:
        >>> legend(["top", "bottom"])["columns"].to_dict()["expr"].endswith(" - 90) / 78))")
        True
    """
    column = 36 + LETTER * max(map(len, names), default=0)  # a symbol, and space on its sides
    place = "isFinite(containerSize()[0]) ? containerSize()[0] : width"
    return alt.Legend(
        orient="top",
        title=None,
        columns=alt.ExprRef(f"max(1, floor((({place}) - {AXIS}) / {column}))"),
        labelLimit=alt.ExprRef(f"max(100, ({place}) - {AXIS})"),
        **options,
    )


def specification(chart: alt.TopLevelMixin) -> Spec:
    """Return a chart as the page takes it: as wide as its place, without fonts and colours of its own."""
    sized = chart.properties(
        width="container",
        autosize=alt.AutoSizeParams(
            type="fit-x",
            contains="padding",
        ),
    )
    spec = sized.to_dict()
    spec.pop("$schema")  # an address, which nothing here should look up
    spec.pop("config", None)  # the page sets fonts and colours
    return spec
