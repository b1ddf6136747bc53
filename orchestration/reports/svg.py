"""Charts over days as inline SVG that fits any width without being drawn again.

Marks live in a stretched inner viewBox, with strokes that do not scale; text lives in the outer one, placed in per
cent,
so that a label is as large on a phone as on a desk. Colours are classes, never attributes, so that the style sheet
decides about light, dark and print, and the Content-Security-Policy needs no inline style.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby

from markupsafe import Markup, escape

from orchestration.reports.charts import Chart, Series
from orchestration.reports.formats import short_day, tick
from orchestration.reports.scales import day_ticks, ticks, value_range

HEIGHT, SMALL_HEIGHT, TOP, BOTTOM = 220, 140, 14, 26
Scale = Callable[[float], float]  # a value to its height in the plot
STEP = 10  # units of the inner viewBox for each day


def draw(chart: Chart) -> Markup:
    """Return a `line` or `bar` chart as two SVGs: the value axis, and the plot that takes the rest of the width."""
    marks = ticks(*value_range(chart), chart.unit, 3 if chart.is_small else 4)
    height = SMALL_HEIGHT if chart.is_small else HEIGHT
    plot = height - TOP - BOTTOM
    low, high = marks[0], marks[-1]

    def at(value: float) -> float:
        return round(plot * (1 - (value - low) / (high - low)), 1)

    step = marks[1] - marks[0]
    axis = "".join(
        f'<text x="54" y="{TOP + at(v) + 4:g}" text-anchor="end">{escape(tick(v, chart.unit, step))}</text>'
        for v in marks
    )
    grid = "".join(f'<line x1="0" x2="100%" y1="{TOP + at(v):g}" y2="{TOP + at(v):g}"/>' for v in marks)
    width = len(chart.x) * STEP
    inner = _bars(chart, at) if chart.kind == "bar" else "".join(_line(series, at) for series in chart.series)
    return Markup(  # noqa: S704 - numbers and escaped text only
        f'<svg class="axis" width="60" height="{height}" aria-hidden="true">{axis}</svg>'
        f'<svg class="area" width="100%" height="{height}" aria-hidden="true"><g class="grid">{grid}</g>'
        f'<svg y="{TOP}" width="100%" height="{plot}" viewBox="0 0 {width} {plot}" preserveAspectRatio="none">'
        f"{inner}</svg>"
        f"{_thresholds(chart, at, low, high)}{_marks(chart, plot)}{_day_labels(chart.x, height)}</svg>"
    )


def sparkline(values: Sequence[float | None], goal: float | None) -> Markup:
    """Return a small line without axes, its newest value marked, with the goal as a dashed line where it is near."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return Markup("")
    spread = max(known) - min(known)
    near = goal is not None and min(known) - 2 * spread <= goal <= max(known) + 2 * spread
    low, high = (min([*known, goal]), max([*known, goal])) if near and goal is not None else (min(known), max(known))
    span = high - low

    def at(value: float) -> float:
        return 18.0 if not span else round(3 + 30 * (1 - (value - low) / span), 1)

    goal_line = f'<path class="goal" d="M0 {at(goal):g}H{len(values) * STEP}"/>' if near and goal is not None else ""
    newest = max(i for i, v in enumerate(values) if v is not None)
    dot = f'<path class="dot" d="M{_x(newest):g} {at(known[-1]):g}h0"/>'
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" width="100%" height="36" viewBox="0 0 {len(values) * STEP} 36" preserveAspectRatio="none" '
        f'aria-hidden="true">{goal_line}<path class="stroke c1" d="{_path(values, at)}"/>{dot}</svg>'
    )


def _line(series: Series, at: Scale) -> str:
    band = ""
    if series.lower is not None and series.upper is not None:
        pairs = list(enumerate(zip(series.lower, series.upper, strict=True)))
        for known, run in groupby(pairs, key=lambda pair: None not in pair[1]):
            if known:
                there, back = [], []
                for i, (lower, upper) in run:
                    there.append(f"{_x(i):g} {at(upper or 0):g}")
                    back.append(f"{_x(i):g} {at(lower or 0):g}")
                band += f'<path class="band {series.role}" d="M{"L".join(there + back[::-1])}Z"/>'
    dashed = " dashed" if series.is_dashed else ""
    return f'{band}<path class="stroke {series.role}{dashed}" d="{_path(series.values, at)}"/>'


def _path(values: Sequence[float | None], at: Scale) -> str:
    """Connect neighbours; a value alone between gaps becomes a dot (a round line cap of no length)."""
    parts = []
    for known, run in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        if known:
            points = [f"{_x(i):g} {at(v):g}" for i, v in run if v is not None]
            parts.append("M" + "L".join(points) + ("h0" if len(points) == 1 else ""))
    return "".join(parts)


def _bars(chart: Chart, at: Scale) -> str:
    floor = [0.0] * len(chart.x)
    groups = []
    for series in chart.series:
        path = ""
        for i, value in enumerate(series.values):
            if value:
                top, bottom = at(floor[i] + value), at(floor[i])
                path += f"M{i * STEP + 1} {bottom:g}V{top:g}h{STEP - 2}V{bottom:g}Z"
                floor[i] += value
        groups.append(f'<path class="fill {series.role}" d="{path}"/>')
    return "".join(groups)


def _thresholds(chart: Chart, at: Scale, low: float, high: float) -> str:
    parts = []
    for threshold in chart.thresholds:
        if low <= threshold.value <= high:
            y = TOP + at(threshold.value)
            parts.append(f'<line class="threshold" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>')
    return "".join(parts)


def _marks(chart: Chart, plot: int) -> str:
    parts = []
    for i, marks in chart.drawn_marks:
        share = 100 * (i + 0.5) / len(chart.x)
        # A label stands on the side that has room for it.
        anchor, shift = ("start", 4) if share < 60 else ("end", -4)
        label = escape(", ".join(mark.label for mark in marks))
        title = escape("; ".join(f"{short_day(mark.at)}: {mark.label}. {mark.text}" for mark in marks))
        parts.append(
            f'<g class="mark"><title>{title}</title>'
            f'<line x1="{share:.4g}%" x2="{share:.4g}%" y1="{TOP}" y2="{TOP + plot}"/>'
            f'<text x="{share:.4g}%" dx="{shift}" y="{TOP - 3}" text-anchor="{anchor}">{label}</text></g>'
        )
    return "".join(parts)


def _day_labels(days: Iterable[date | str], height: int) -> str:
    days = list(days)
    parts = []
    # Labels longer than a day's would run into each other on a phone.
    room = 2 if height == SMALL_HEIGHT else 4 if all(isinstance(x, date) or len(x) <= 8 for x in days) else 3
    for i in day_ticks(len(days), room):
        # Many days make the half day at each end too narrow for a label in the middle of it.
        is_dense = len(days) > 8
        anchor = "start" if i == 0 and is_dense else "end" if i == len(days) - 1 and is_dense else "middle"
        share = {"start": 0.0, "end": 100.0}.get(anchor, 100 * (i + 0.5) / len(days))
        label = days[i]
        text = short_day(label) if isinstance(label, date) else label
        parts.append(f'<text x="{share:.4g}%" y="{height - 6}" text-anchor="{anchor}">{escape(text)}</text>')
    return "".join(parts)


def _x(position: int) -> float:
    return (position + 0.5) * STEP
