"""What a chart is, apart from how it is drawn: one `Chart` becomes inline SVG, a Plotly figure and a CSV file.

Only data structures and facts that follow from them belong here; drawing is in `svg.py`, `svg_rows.py` and
`interactive.py`, what a page is beside its charts in `blocks.py`, and choosing what to show in `content/`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

Kind = Literal["line", "bar", "shares", "bars", "days", "matrix", "forest", "spans"]
# Roles are names of CSS variables, so that a chart follows light, dark and print without being drawn again.
Role = Literal["c1", "c2", "c3", "c4", "c5", "good", "middling", "bad", "unknown"]
SERIES_ROLES: tuple[Role, ...] = ("c1", "c2", "c3", "c4", "c5")


@dataclass(frozen=True)
class Span:
    """A stretch of time on a row: what it was, as a colour and in words."""

    starts_at: datetime
    ends_at: datetime
    role: Role
    text: str


@dataclass(frozen=True)
class Series:
    """One row of marks: a value for each x (None is a gap), with bounds where there is an interval.

    Of `days` and `matrix`, `roles` and `texts` say each bar in colour and in words; a row of `spans` has those instead
    of values.
    """

    name: str
    values: tuple[float | None, ...]
    lower: tuple[float | None, ...] | None = None
    upper: tuple[float | None, ...] | None = None
    role: Role = "c1"
    is_dashed: bool = False
    level: str = "95 %"
    roles: tuple[Role, ...] | None = None
    texts: tuple[str, ...] | None = None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Threshold:
    """A horizontal line with a meaning: a goal, a limit of a rating, zero."""

    value: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A day on which a series may step for a reason that is not the site's: what, in a word and in a sentence."""

    at: date
    label: str
    text: str


@dataclass(frozen=True)
class Chart:
    """One figure: `title` says the finding, `summary` says the chart to who cannot see it.

    Kinds and their x: `line` and `bar` (dates; several bars are stacked), `days` (dates or labels of shorter times; one
    row of bars for each series), `matrix` (numbered labels, those of its rows too; bars from zero, up to 1 or down to
    -1), `spans` (the two instants at its ends; a row for each series), `shares` (labels; parts of a whole in each row),
    `bars` (labels; amounts from zero in each row), `forest` (labels; one series with bounds around zero).
    `marks` are vertical lines of `line` and `bar`; those of days that are not drawn are left out.
    `notes` stand beside the rows; `keys` name the colours of what `is_told`; `plain` is the role that needs no words,
    because nothing happened. Small charts are multiples: many of a kind, side by side.
    """

    id: str
    kind: Kind
    title: str
    subtitle: str
    summary: str
    unit: str
    definition: str
    x: tuple[date | str, ...]
    series: tuple[Series, ...]
    thresholds: tuple[Threshold, ...] = ()
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    row_heading: str = ""
    note_heading: str = ""
    keys: tuple[tuple[Role, str], ...] = ()
    plain: Role = "good"
    is_small: bool = False

    @property
    def legend(self) -> list[Series]:
        """The series that a reader must tell apart; a dashed one in the colour of a line is about that line."""
        drawn = [series for series in self.series if any(value is not None for value in series.values)]
        lines = {series.role for series in drawn if not series.is_dashed}
        told = [series for series in drawn if not (series.is_dashed and series.role in lines)]
        return told if len(told) > 1 and not self.is_told else []

    @property
    def drawn_marks(self) -> list[tuple[int, list[Mark]]]:
        """The marks of the days that are drawn, by position; several of one day are one line."""
        found: dict[int, list[Mark]] = {}
        for mark in self.marks:
            if mark.at in self.x:
                found.setdefault(self.x.index(mark.at), []).append(mark)
        return sorted(found.items())

    @property
    def is_told(self) -> bool:
        """Whether each mark has words of its own, and each series a row."""
        return self.kind in ("days", "matrix", "spans")

    @property
    def has_rows(self) -> bool:
        """Whether the chart is a table of rows, each with its own small drawing."""
        return self.kind in ("shares", "bars", "days", "matrix", "forest", "spans")

    @property
    def told(self) -> list[tuple[str, str]]:
        """What the bars or stretches say in words, row by row, for those who cannot point at them."""
        if self.kind == "spans":
            return [(series.name, span.text) for series in self.series for span in series.spans]
        return [
            (series.name, text)
            for series in self.series
            for role, text in zip(series.roles or (), series.texts or (), strict=True)
            if role != self.plain
        ]

    def csv(self) -> tuple[list[str], list[list[Any]]]:
        """The figure as header and rows: x, then value and bounds of each series; of `spans`, a row for each."""
        if self.kind == "spans":
            spans = [(series.name, span) for series in self.series for span in series.spans]
            return ["row", "starts_at", "ends_at", "what"], [[n, s.starts_at, s.ends_at, s.text] for n, s in spans]
        header = ["date" if self.x and isinstance(self.x[0], date) else "label"]
        columns: list[tuple[Any, ...]] = [self.x]
        for series in self.series:
            if any(value is not None for value in series.values):
                header.append(series.name)
                columns.append(series.values)
            if series.texts is not None:
                header.append(f"{series.name} in words")
                columns.append(series.texts)
            for suffix, bound in (("lower", series.lower), ("upper", series.upper)):
                if bound is not None:
                    header.append(f"{series.name} {suffix} {series.level}")
                    columns.append(bound)
        return header, [list(row) for row in zip(*columns, strict=True)]
