"""Charts as Plotly figures, each in a script of its own that a page loads when somebody wants to explore the chart.

A script, because a page opened from disk may not fetch JSON. Plotly reads some HTML out of text, so every text is
escaped before it becomes part of a figure. Figures are plain dicts: Plotly's Python objects look at every part of each
one anew, for a hundred times the cost, and tests do that once.
"""

import html
import json
from datetime import date
from typing import Any

from orchestration.reports.charts import Chart, Series
from orchestration.reports.svg_rows import day_role

# The light palette of the style sheet. charts.js swaps each for the page's own value of the variable, dark included.
COLOURS = {
    "c1": "#0b62b0",
    "c2": "#b04a00",
    "c3": "#0a7d5e",
    "c4": "#8a3f86",
    "c5": "#5c6b7a",
    "good": "#00857a",
    "middling": "#e3a008",
    "bad": "#a61b3c",
    "unknown": "#aeb8c4",
    "ink": "#16202c",
    "ink-2": "#4a5767",
    "line": "#d9dee5",
    "card": "#ffffff",
}
BAND_ALPHA = "2e"
NO_TEMPLATE = {"data": {"scatter": [{"type": "scatter"}]}}  # what Plotly calls `none`
FORMATS = {"share": ",.2%", "ms": ",.0f", "s": ",.0f", "score": ".1f", "money": ",.0f", "count": ",.0f", "": ".3f"}


def script(chart: Chart) -> str:
    """Return the script that hands the chart's Plotly figure to the page."""
    figure = json.dumps(plotly_figure(chart), sort_keys=True, separators=(",", ":"), default=_plain)
    return f"beaconmart.figure({json.dumps(chart.id)}, {figure});\n"


def plotly_figure(chart: Chart) -> dict[str, Any]:
    """Return the chart as a Plotly figure (data and layout, as its JSON schema has them) in the light palette."""
    traces = {
        "line": _lines,
        "bar": _bars,
        "shares": _shares,
        "bars": _shares,
        "days": _days,
        "matrix": _days,
        "forest": _forest,
        "spans": _spans,
    }[chart.kind](chart)
    ink = COLOURS["ink-2"]
    axis = {"gridcolor": COLOURS["line"], "zeroline": False, "color": ink, "fixedrange": False, "automargin": True}
    layout = {
        "template": NO_TEMPLATE,
        "margin": {"l": 50, "r": 12, "t": 14, "b": 30},
        "paper_bgcolor": COLOURS["card"],
        "plot_bgcolor": COLOURS["card"],
        "font": {"color": ink, "size": 12, "family": "system-ui, sans-serif"},
        # Plotly cuts names before it reads entities: a cut could leave half of one.
        "hoverlabel": {
            "bgcolor": COLOURS["card"],
            "bordercolor": COLOURS["line"],
            "font": {"color": COLOURS["ink"]},
            "namelength": -1,
        },
        "showlegend": False,
        "barmode": "stack",
        **(_over_days(chart, axis) if chart.kind in ("line", "bar") else _in_rows(chart, axis)),
    }
    return {"data": traces, "layout": layout}


def _over_days(chart: Chart, axis: dict[str, Any]) -> dict[str, Any]:
    """The layout of values over days or labels: the axes, and a line with a label for each threshold."""
    days = {"tickformat": "%-d %b", "hoverformat": "%-d %b %Y"}
    return {
        "hovermode": "x unified",
        "xaxis": {**axis, **days} if isinstance(chart.x[0], date) else {**axis, "type": "category"},
        "yaxis": {**axis, "tickformat": FORMATS.get(chart.unit, "")},
        **_lines_across(chart),
    }


def _lines_across(chart: Chart) -> dict[str, Any]:
    """A line with a label for each threshold, and for each mark."""
    ink = COLOURS["ink-2"]
    across = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "yref": "y"}
    upright = {"type": "line", "y0": 0, "y1": 1, "xref": "x", "yref": "y domain"}
    dotted, dashed = ({"color": ink, "dash": dash, "width": 1} for dash in ("dot", "dash"))
    above = {"x": 1, "xref": "x domain", "xanchor": "right", "yref": "y", "yanchor": "bottom", "showarrow": False}
    beside = {"y": 1, "xref": "x", "xanchor": "left", "yref": "y domain", "yanchor": "bottom", "showarrow": False}
    font = {"font": {"color": ink}}
    shapes = [{**across, "y0": limit.value, "y1": limit.value, "line": dotted} for limit in chart.thresholds]
    notes = [{**above, "y": limit.value, "text": _text(limit.label), **font} for limit in chart.thresholds]
    for i, marks in chart.drawn_marks:
        day = _plain(chart.x[i])
        shapes.append({**upright, "x0": day, "x1": day, "line": dashed})
        told = {"text": _text(", ".join(m.label for m in marks)), "hovertext": _text("; ".join(m.text for m in marks))}
        notes.append({**beside, "x": day, **told, **font})
    return {"shapes": shapes, "annotations": notes} if shapes else {}


def _in_rows(chart: Chart, axis: dict[str, Any]) -> dict[str, Any]:
    """The layout of a row for each subject, the first on top."""
    # The values of `shares`, `bars` and `forest` lie on the x axis.
    value_format = "" if chart.is_told else FORMATS.get(chart.unit, "")
    return {
        "xaxis": {**axis, "tickformat": value_format},
        "yaxis": {**axis, "autorange": "reversed", "type": "category", "tickformat": ""},
    }


def _lines(chart: Chart) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    x = [_plain_x(x) for x in chart.x]
    for series in chart.series:
        colour = COLOURS[series.role]
        if series.lower is not None and series.upper is not None:
            for name, bound, fill in (("lower", series.lower, "none"), ("upper", series.upper, "tonexty")):
                traces.append(
                    _trace(
                        series, "scatter", x=x, y=list(bound), mode="lines", fill=fill, fillcolor=colour + BAND_ALPHA
                    )
                    | {"name": _text(f"{series.name}, {name}"), "line": {"color": colour, "width": 0}}
                )
        line = {"color": colour, "width": 2, "dash": "dash" if series.is_dashed else "solid"}
        traces.append(_trace(series, "scatter", x=x, y=list(series.values), mode="lines", line=line))
    return traces


def _bars(chart: Chart) -> list[dict[str, Any]]:
    return [
        _trace(
            series,
            "bar",
            x=[_plain_x(x) for x in chart.x],
            y=list(series.values),
            marker={"color": COLOURS[series.role]},
        )
        for series in chart.series
    ]


def _shares(chart: Chart) -> list[dict[str, Any]]:
    labels = [_text(x) for x in chart.x]
    return [
        _trace(s, "bar", x=list(s.values), y=labels, orientation="h", marker={"color": COLOURS[s.role]})
        for s in chart.series
    ]


def _days(chart: Chart) -> list[dict[str, Any]]:
    traces = []
    for series in chart.series:
        roles = series.roles or tuple(day_role(value, chart.thresholds[0].value) for value in series.values)
        known = ["unknown" if value is None else f"{value:.4%}" for value in series.values]
        shown = "%{customdata}" if series.texts else "%{x|%-d %b %Y}: %{customdata}"
        # Squares on a category axis: a heat map of states that still shows each day's figure.
        traces.append(
            _trace(series, "scatter", x=[_plain_x(x) for x in chart.x], y=[_text(series.name)] * len(roles))
            | {
                "mode": "markers",
                "customdata": [_text(text) for text in series.texts] if series.texts else known,
                "hovertemplate": f"%{{y}}<br>{shown}<extra></extra>",
                "marker": {
                    "color": [COLOURS[role] for role in roles],
                    "symbol": "square",
                    "size": [2 + 14 * abs(v or 0.0) for v in series.values] if chart.kind == "matrix" else 9,
                },
            }
        )
    return traces


def _spans(chart: Chart) -> list[dict[str, Any]]:
    traces = []
    for series in chart.series:
        for span in series.spans:
            line = {"color": COLOURS[span.role], "width": 16}
            traces.append(
                _trace(series, "scatter", x=[span.starts_at, span.ends_at], y=[_text(series.name)] * 2, line=line)
                | {
                    "mode": "lines+markers",
                    "marker": {"color": COLOURS[span.role], "size": 8},
                    "text": _text(span.text),
                    "hovertemplate": "%{y}<br>%{text}<extra></extra>",
                }
            )
    return traces


def _forest(chart: Chart) -> list[dict[str, Any]]:
    series = chart.series[0]
    values = list(series.values)
    error = None
    if series.lower is not None and series.upper is not None:
        error = {
            "type": "data",
            "symmetric": False,
            "array": [_gap(u, v) for u, v in zip(series.upper, values, strict=True)],
            "arrayminus": [_gap(v, w) for v, w in zip(values, series.lower, strict=True)],
        }
    marker = {"color": COLOURS[series.role], "size": 9}
    labels = [_text(x) for x in chart.x]
    return [_trace(series, "scatter", x=values, y=labels, mode="markers", marker=marker, error_x=error)]


def _trace(series: Series, kind: str, **parts: Any) -> dict[str, Any]:
    return {"type": kind, "name": _text(series.name), **parts}


def _gap(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _text(value: Any) -> str:
    text = str(value)
    return html.escape(text if len(text) <= 80 else text[:79] + "…")


def _plain_x(x: Any) -> Any:
    return x if hasattr(x, "isoformat") else _text(x)


def _plain(value: Any) -> str | list[Any]:
    return value.isoformat() if hasattr(value, "isoformat") else list(value)
