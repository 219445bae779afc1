"""The interactive charts of the study. Those of targets read the page's data set `found`, which the page holds once."""

from collections.abc import Mapping, Sequence

import altair as alt

from jaxneuron.report.charts import Spec, legend, quote, specification
from jaxneuron.report.palette import COLOURS
from jaxneuron.report.text import known
from jaxneuron.studies.poerner2018 import labels
from jaxneuron.studies.poerner2018.labels import Setting
from jaxneuron.studies.poerner2018.results import Found

GOLDEN = 0.618034
"""Multiples of the golden ratio, modulo one, spread the dots evenly without a random number."""


def activations(found: Sequence[Found], setting: Setting) -> Spec:
    """Return one panel of Figure 1: a box per method, and a dot per target that tells its n-gram.

    Args:
        found: the rows of `found.jsonl`.
        setting: the panel.
    """
    rows = [row for row in found if row.setting == setting.key]
    methods = labels.ordered((row.method for row in rows), labels.METHODS)
    base = (
        alt.Chart(alt.NamedData("found"))
        .transform_filter(alt.datum.setting == setting.key)
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
    panel = f"Activation by method in the {setting.name.lower()}"
    return specification(
        alt.layer(boxes, dots).properties(height=260, description=f"{panel}: box plots of {len(rows)} values")
    )


def gains(found: Sequence[Found]) -> Spec:
    """Return the mean gain over corpus search of every method in every setting, with 95% confidence intervals."""
    rows = [row for row in found if known(row.gain)]
    methods = labels.ordered((row.method for row in rows), labels.METHODS)
    settings = labels.ordered((row.setting for row in rows), labels.SETTINGS)
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


def group_sizes(sizes: Sequence[int], setting: str) -> Spec:
    """Return how many groups of a hidden layer have each size."""
    chart = (
        alt.Chart(alt.Data(values=[{"size": size} for size in sizes]))
        .mark_bar(color=COLOURS[1])
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
    return specification(chart.properties(height=160, description=f"How many groups of {setting} have how many units"))


def _colour(methods: Sequence[str], *, named: bool) -> alt.Color:
    presented = [labels.method(m) for m in methods]
    symbols = [m.symbol for m in presented]
    scale = alt.Scale(domain=symbols, range=[m.colour for m in presented])
    return alt.Color("symbol:N", scale=scale, legend=legend(symbols) if named else None)


def _symbols(methods: Sequence[str]) -> str:
    return _lookup("method", {m: labels.method(m).symbol for m in methods})


def _lookup(field: str, names: Mapping[str, str]) -> str:
    """Return a Vega expression that renames the values of a field."""
    pairs = ", ".join(f"{quote(key)}: {quote(name)}" for key, name in names.items())
    return f"{{{pairs}}}[datum.{field}]"
