"""What a chart is, apart from how it is drawn: one `Chart` becomes inline SVG, a Plotly figure and a CSV file.

Only data structures and facts that follow from them belong here; drawing is in `svg.py`, `svg_rows.py` and
`interactive.py`, and choosing what to show in `content/`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from markupsafe import Markup

Kind = Literal["line", "bar", "shares", "bars", "days", "matrix", "forest", "spans"]
# Roles are names of CSS variables, so that a chart follows light, dark and print without being drawn again.
Role = Literal["c1", "c2", "c3", "c4", "c5", "good", "middling", "bad", "unknown"]
SEEN_ROWS = 10
MOST_PHONE_COLUMNS = 4
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


@dataclass(frozen=True)
class Figure:
    """What a number on a page is of, so that two pages cannot show two of it: see `figures.py` for the names of KPIs.

    `window` is a number of days ("28 days"), a day or a month; `of` what was counted ("critical services"), empty for
    the whole site. `raw` is the number before it was written for people.
    """

    kpi: str
    window: str
    raw: float | None
    of: str = ""


_WORDS = ("text", "rating", "verdict", "state", "flag", "moment", "date", "code", "long", "link", "country")


@dataclass(frozen=True)
class Column:
    """A column of a table; `unit` is one that `Formats.value` knows, `definition` an anchor of the definitions page.

    `unit_key` names the key under which each row has its own unit, `href` the one under which it has a link, `figure`
    the one under which it has the `Figure` that the cell shows.
    """

    key: str
    label: str
    unit: str = "text"
    definition: str = ""
    lower: str = ""
    upper: str = ""
    unit_key: str = ""
    href: str = ""
    figure: str = ""

    @property
    def is_number(self) -> bool:
        """Whether cells are right-aligned figures."""
        return self.unit not in _WORDS

    def sort_key(self, value: Any) -> str:
        """What a row is sorted by where it is not the text of the cell: a number, or an instant."""
        if isinstance(value, datetime | date):
            return value.isoformat()
        return f"{float(value):.6g}" if self.is_number and isinstance(value, int | float) else ""


@dataclass(frozen=True)
class Table:
    """A table of a page. Rows are mappings: a key that one lacks is an empty cell. Bounds stand below their value.

    The page holds `shown` rows, of which the first are seen and the others on request; the CSV file holds all, and the
    columns of `details` too. One that `is_folded` is seen only on request.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]
    empty: str = "There are no rows."
    note: str = ""
    shown: int = 50
    details: tuple[Column, ...] = ()
    is_folded: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether a phone has no room for it, so that each row becomes a card there."""
        return len(self.columns) > MOST_PHONE_COLUMNS

    def csv(self) -> tuple[list[str], list[list[Any]]]:
        """The whole table as header and rows, bounds in columns of their own."""
        keys = [
            key
            for column in (*self.columns, *self.details)
            for key in (column.key, column.lower, column.upper, column.unit_key)
            if key
        ]
        keys = list(dict.fromkeys(keys))
        return keys, [[row.get(key) for key in keys] for row in self.rows]


@dataclass(frozen=True)
class Tile:
    """One headline number: what, how much, how sure, what to make of it, and where there is more (`href`).

    A card shows `bounds` and `notes` only on request.
    """

    label: str
    value: str
    definition: str
    bounds: str = ""
    detail: str = ""
    verdict: str = ""
    goal: str = ""
    change: str = ""
    spark: tuple[float | None, ...] = ()
    spark_goal: float | None = None
    spark_text: str = ""
    href: str = ""
    notes: tuple[str, ...] = ()
    figure: Figure | None = None


@dataclass(frozen=True)
class Item:
    """One line of a list, with the page that shows more; of things to do, how `severe` each is."""

    state: str
    text: str
    href: str
    severity: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page under one heading that says the finding. Blocks are drawn in the order of the fields.

    Of `items`, those after the first `shown` wait behind a disclosure, of `charts` those after the first `seen_charts`.
    """

    id: str
    title: str
    lead: str = ""  # text, or Markup
    cards: list[Tile] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    shown: int = 12
    seen_charts: int = 100
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    empty: str = ""
    prose: Markup = field(default_factory=Markup)


@dataclass(frozen=True)
class Page:
    """One HTML file of a release; `parent` is the page that it stands under in the navigation."""

    name: str
    nav: str
    title: str
    lead: str
    sections: list[Section]
    parent: str = ""
    in_nav: bool = True
