"""Reads the tables that pages show: rows as dictionaries, days as aligned series.

SQL of sections stands with their content; here is only what all of them need. Marts, predictions and reports only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

import duckdb

Row = dict[str, Any]
SHOWN_DAYS = 90
EXPECTED_FROM_DAYS = 28  # that lead one to expect the next


@dataclass
class Marts:
    """The tables of one generation, as of one day.

    Args:
        connection: on a file with the schemas of the marts, read only.
        as_of: the last day that pages show.

    Attributes:
        span: how many days charts show: 90, or as many as there are.
    """

    connection: duckdb.DuckDBPyConnection
    as_of: date
    span: int = field(init=False)
    _tables: set[str] = field(init=False)

    def __post_init__(self) -> None:
        listing = "select table_schema || '.' || table_name from information_schema.tables"
        self._tables = {name for (name,) in self.connection.execute(listing).fetchall()}
        (row,) = self.rows(
            "select min(event_date) as first from executive.fct_kpi_daily where event_date >= $first_day"
        )
        # A young site would show empty halves of charts.
        known = (self.as_of - row["first"]).days + 1 if row["first"] else SHOWN_DAYS
        self.span = max(14, min(SHOWN_DAYS, known))

    def has(self, table: str) -> bool:
        """Whether the table exists; predictions and check results come from steps that may not have run yet."""
        return table in self._tables

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """Return the query's rows; `$as_of`, `$first_day` (90 days shown) and `$before_day` (28 more) may be used."""
        first = self.as_of - timedelta(days=SHOWN_DAYS - 1)
        before = first - timedelta(days=EXPECTED_FROM_DAYS)
        known = {"as_of": self.as_of, "first_day": first, "before_day": before, **parameters}
        used = {name: value for name, value in known.items() if f"${name}" in sql}
        result = self.connection.execute(sql, used)
        names = [column[0] for column in result.description]
        return [{name: _plain(cell) for name, cell in zip(names, row, strict=True)} for row in result.fetchall()]

    def rows_if(self, table: str, sql: str, **parameters: Any) -> list[Row]:
        """Return the query's rows, or none where the table does not exist yet."""
        return self.rows(sql, **parameters) if self.has(table) else []

    def days(self, count: int = 0) -> tuple[date, ...]:
        """Return the last `count` days up to as_of; without a count, the `span` that charts show."""
        return tuple(self.as_of - timedelta(days=i) for i in reversed(range(count or self.span)))

    def kpi(self, name: str, count: int = 0) -> dict[str, tuple[float | None, ...]]:
        """Return value, lower and upper of a KPI, aligned with `days(count)`."""
        days = self.days(count)
        rows = self.rows(
            """
            select event_date, value::double as value, value_lower::double as value_lower, value_upper::double as
                value_upper
            from executive.fct_kpi_daily where kpi = $kpi and event_date between $first and $as_of
            """,
            kpi=name,
            first=days[0],
        )
        return {key: aligned(rows, days, key) for key in ("value", "value_lower", "value_upper")}


def aligned(rows: Iterable[Row], days: Iterable[date], key: str, day: str = "event_date") -> tuple[Any, ...]:
    """Return the rows' values in the order of days; a day without a row is None."""
    by_day = {row[day]: row[key] for row in rows}
    return tuple(by_day.get(d) for d in days)


def grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """Return the rows by the value of a column, in the order in which values first appear."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _plain(cell: Any) -> Any:
    # Decimals keep sums exact in marts; drawing mixes them with floats.
    if isinstance(cell, Decimal):
        return float(cell)
    return None if isinstance(cell, float) and not isfinite(cell) else cell
