"""Rows of a query as charts over days or labels: lines, bars, histograms and funnels.

Which figure is which, and what is no chart (tables, numbers, maps), belongs to `figures`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from orchestration.reports.charts import SERIES_ROLES, Chart, Kind, Series
from orchestration.reports.charts import Threshold as Limit
from orchestration.reports.custom.specs import MOST_SERIES, Figure, Funnel, Histogram, Line, OverX
from orchestration.reports.formats import Formats, tick
from orchestration.reports.marts import Row, grouped
from orchestration.reports.scales import ticks

MOST_ROWS = 40
MOST_DAYS = 1000
_UNITS = ("ms", "s", "share", "count", "bytes", "score", "days")


class Unfit(ValueError):
    """Rows that the figure cannot show: which of its fields is about them, what is wrong, what would be right."""

    def __init__(self, field: str, message: str, expected: str):
        self.field, self.message, self.expected = field, message, expected
        super().__init__(message)


def unit_of(column: str) -> str:
    """The unit that the name of a column says, as names of marts do; none known is plain text or number."""
    if "revenue" in column:
        return "money"
    return next((unit for unit in _UNITS if column.endswith(f"_{unit}")), "text")


def label_of(column: str) -> str:
    """A column's name as people read it."""
    words = column.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def chart(id_: str, title: str, note: str, spec: Figure, rows: list[Row], formats: Formats) -> Chart:
    """The chart that a figure asks for.

    Raises:
        Unfit: The rows are none that it can show.
    """
    if isinstance(spec, Histogram):
        return histogram(id_, title, note, spec, rows, formats)
    if isinstance(spec, Funnel):
        return funnel(id_, title, note, spec, rows, formats)
    if isinstance(spec, OverX):
        return over_x(id_, title, note, spec, rows, formats, "line" if isinstance(spec, Line) else "bar")
    raise TypeError(f"no chart for {type(spec).__name__}")


def over_x(id_: str, title: str, note: str, spec: OverX, rows: list[Row], formats: Formats, kind: Kind) -> Chart:
    """A chart of lines or bars; bars over labels that are no days lie in rows."""
    unit = spec.unit if spec.unit is not None else unit_of(spec.y[0])
    days = _days(rows, spec.x)
    keys: list[Any] = days or list(dict.fromkeys(row[spec.x] for row in rows))
    if kind == "bar" and not days:
        kind = "bars"
        if len(keys) > MOST_ROWS:
            note = f"{note} The first {MOST_ROWS} of {len(keys)}.".strip()
            keys = keys[:MOST_ROWS]
    series, left = _series(spec, rows, keys)
    if left:
        note = f"{note} The {MOST_SERIES} largest of {MOST_SERIES + left}.".strip()
    if kind in ("bar", "bars") and any((value or 0) < 0 for one in series for value in one.values):
        raise Unfit("y", "is negative in some rows, and bars begin at zero", "a line, or amounts from zero")
    x: tuple[date | str, ...] = tuple(days) or tuple(formats.value(key, _x_unit(key, spec.x)) for key in keys)
    return Chart(
        id=id_,
        kind=kind,
        title=title or f"{label_of(spec.y[0])} by {label_of(spec.x).lower()}",
        subtitle=note,
        summary=f"{title}. {_said(series, x, unit, formats)}",
        unit=unit,
        definition=spec.definition,
        x=x,
        series=series,
        thresholds=tuple(Limit(limit.value, limit.label) for limit in spec.thresholds),
        notes=tuple(_row_note(series, i, unit, formats) for i in range(len(x))) if kind == "bars" else (),
        row_heading=label_of(spec.x) if kind == "bars" else "",
        note_heading=label_of(spec.y[0]) if kind == "bars" and len(series) == 1 else "",
    )


def histogram(id_: str, title: str, note: str, spec: Histogram, rows: list[Row], formats: Formats) -> Chart:
    """How many rows, or how much of their count, fall into each of about `bins` round intervals."""
    unit = spec.unit if spec.unit is not None else unit_of(spec.value)
    known = [(number(row, spec.value, "value"), number(row, spec.count, "count") if spec.count else 1) for row in rows]
    values = [(value, weight or 0) for value, weight in known if value is not None]
    edges = ticks(min(v for v, _ in values), max(v for v, _ in values), unit, spec.bins) if values else [0.0, 1.0]
    step = edges[1] - edges[0]
    counts = [0.0] * (len(edges) - 1)
    for value, weight in values:
        counts[min(int((value - edges[0]) / step), len(counts) - 1)] += weight
    x = tuple(tick(low, unit, step) for low in edges[:-1])
    note = f"{note} A bar begins at its label and is {formats.goal(step, unit)} wide.".strip()
    series = (Series(label_of(spec.count) if spec.count else "Rows", tuple(counts)),)
    return Chart(
        id=id_,
        kind="bar",
        title=title or label_of(spec.value),
        subtitle=note,
        summary=f"{title}. {_said(series, x, 'count', formats)}",
        unit="count",
        definition=spec.definition,
        x=x,
        series=series,
    )


def funnel(id_: str, title: str, note: str, spec: Funnel, rows: list[Row], formats: Formats) -> Chart:
    """The steps with what is left of the first, and what each loses of the one before."""
    values = [number(row, spec.value, "value") for row in rows]
    if any((value or 0) < 0 for value in values):
        raise Unfit("value", "is negative in some rows", "counts")
    notes, before = [], None
    for value in values:
        moved = 1 - value / before if before and value is not None else 0
        verb = "lost" if moved > 0 else "gained"
        notes.append(
            formats.value(value, "count") + (f", {verb} {formats.value(abs(moved), 'share')}" if moved else "")
        )
        before = value
    x = tuple(formats.value(row[spec.step], "text") for row in rows)
    return Chart(
        id=id_,
        kind="bars",
        title=title or label_of(spec.value),
        subtitle=note,
        summary=f"{title}. " + "; ".join(f"{label}: {note}" for label, note in zip(x, notes, strict=True)),
        unit="count",
        definition=spec.definition,
        x=x,
        series=(Series(label_of(spec.value), tuple(values)),),
        notes=tuple(notes),
        row_heading=label_of(spec.step),
        note_heading=label_of(spec.value),
    )


def number(row: Row, column: str, field: str) -> float | None:
    """A cell that must be a number, or nothing.

    Raises:
        Unfit: It is something else.
    """
    value = row[column]
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise Unfit(field, f"column {column} has '{value!s:.40}', which is no number", "a column of numbers")


def _days(rows: list[Row], column: str) -> list[date]:
    """The days of a column from first to last, with those between that have no row; nothing if it is not of days."""
    found = sorted({row[column] for row in rows if isinstance(row[column], date)}, key=str)
    if not found or any(isinstance(row[column], datetime) or not isinstance(row[column], date) for row in rows):
        return []
    gaps = [(after - before).days for before, after in pairwise(found)]
    step = min(gaps, default=1)
    whole = (found[-1] - found[0]).days
    # Of weeks each seventh day is drawn; months, whose steps differ, are drawn as they are.
    if any(gap % step for gap in gaps) or whole // step >= MOST_DAYS:
        return found
    return [found[0] + timedelta(days=days) for days in range(0, whole + 1, step)]


def _series(spec: OverX, rows: list[Row], keys: Sequence[Any]) -> tuple[tuple[Series, ...], int]:
    """A series for each y, or for each of the largest values of `by`; and how many of those are left out."""
    if not spec.by:
        return tuple(_one(spec, label_of(y), rows, keys, y, i) for i, y in enumerate(spec.y)), 0
    groups = grouped(rows, spec.by)
    y = spec.y[0]
    sizes = {name: sum(abs(number(row, y, "y") or 0) for row in groups[name]) for name in groups}
    largest = sorted(groups, key=lambda name: (-sizes[name], str(name)))[:MOST_SERIES]
    made = tuple(_one(spec, str(name), groups[name], keys, y, i) for i, name in enumerate(largest))
    return made, len(groups) - len(largest)


def _one(spec: OverX, name: str, rows: list[Row], keys: Sequence[Any], y: str, i: int) -> Series:
    by_key = {row[spec.x]: row for row in rows}
    if len(by_key) < len(rows):
        hint = "one row for each, or by: a column that tells them apart"
        raise Unfit("x", f"column {spec.x} has the same value in several rows", hint)

    def column(key: str, field: str) -> tuple[float | None, ...]:
        return tuple(number(by_key[x], key, field) if x in by_key else None for x in keys)

    lower = column(spec.lower, "lower") if spec.lower else None
    upper = column(spec.upper, "upper") if spec.upper else None
    return Series(name, column(y, "y"), lower, upper, role=SERIES_ROLES[i])


def _x_unit(key: Any, column: str) -> str:
    return "moment" if isinstance(key, datetime) else "text" if isinstance(key, str) else unit_of(column)


def _row_note(series: Sequence[Series], i: int, unit: str, formats: Formats) -> str:
    values = [one.values[i] for one in series if one.values[i] is not None]
    return formats.value(sum(value or 0 for value in values) if values else None, unit)


def _said(series: Sequence[Series], x: Sequence[date | str], unit: str, formats: Formats) -> str:
    parts = []
    for one in series:
        known = [(value, i) for i, value in enumerate(one.values) if value is not None]
        if known:
            (low, at_low), (high, at_high) = min(known), max(known)
            ends = [(low, x[at_low]), (high, x[at_high])]
            lowest, highest = (f"{formats.value(value, unit)} at {formats.value(at, 'text')}" for value, at in ends)
            parts.append(f"{one.name}: lowest {lowest}, highest {highest}.")
    return " ".join(parts) or "No values."
