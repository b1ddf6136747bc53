"""What a page is made of beside its charts: sections of tiles, lists and tables.

Only data structures and facts that follow from them belong here; they are drawn by the templates.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from orchestration.reports.charts import Chart

SEEN_ROWS = 10
MOST_PHONE_COLUMNS = 4


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
    `needs` are the feeds without which it has nothing to say, as in `delivered`.
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
    needs: str = ""


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
