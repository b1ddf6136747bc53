"""Small frames of the warehouse for the checks to look at: one row for each thing that can be wrong, named in `cell`.

Most are a SQL file in `frames/`; the ranges of columns follow from their names, so that a new table is covered without
a line here. What a frame must satisfy is declared in `checks`.
"""

import re
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.sources import FEEDS

FRAMES = Path(__file__).parent / "frames"

# What the name of a numeric column promises. Changes and the rest of a budget may be negative, what was spent of a
# budget may be more than all of it, and sums of scores are large.
RANGES = {
    "share_count": ("(?<!change)(?<!remaining)(?<!budget)_share$", "not between 0 and 1"),
    "score_count": ("^ux_score(_lower|_upper)?$", "not between 0 and 100"),
    "negative_count": ("_count$", "< 0"),
}


def frame(connection: duckdb.DuckDBPyConnection, name: str, as_of: date, previous_as_of: date | None) -> pd.DataFrame:
    """The rows of one frame: `cell` and the columns that the checks of this frame name."""
    if name == "ranges":
        return ranges(connection, as_of)
    sql = (FRAMES / f"{name}.sql").read_text()
    occasional = [raw_table for raw_table, feed in FEEDS.items() if feed.is_occasional]
    known = {"as_of": as_of, "previous_as_of": previous_as_of, "occasional_tables": occasional}
    return connection.execute(sql, {key: value for key, value in known.items() if f"${key}" in sql}).df()


def ranges(connection: duckdb.DuckDBPyConnection, as_of: date) -> pd.DataFrame:
    """One row for each mart with dates: rows of the last four weeks that break what a column promises."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, data_type in connection.execute(
        """
        select schema_name || '.' || table_name, column_name, data_type
        from duckdb_columns()
        where starts_with(table_name, 'fct_')
            and (numeric_precision is not null or column_name = 'event_date')
            and not contains(table_name, '__dbt_')
        order by all
        """
    ).fetchall():
        columns.setdefault(table, {})[column] = data_type
    selects = [_ranges_of(table, names) for table, names in columns.items() if "event_date" in names]
    return connection.execute(" union all ".join(selects) + " order by cell", {"as_of": as_of}).df()


def _ranges_of(table: str, columns: dict[str, str]) -> str:
    floats = [f"not isfinite({column})" for column, data_type in columns.items() if data_type in ("DOUBLE", "FLOAT")]
    counts = [f"count(*) filter (where {' or '.join(floats) or 'false'}) as not_finite_count"]
    for name, (pattern, rule) in RANGES.items():
        broken = [f"{column} {rule}" for column in columns if re.search(pattern, column)]
        counts.append(f"count(*) filter (where {' or '.join(broken) or 'false'}) as {name}")
    # Names come from the catalogue of our own warehouse.
    return f"select '{table}' as cell, {', '.join(counts)} from {table} where event_date between $as_of - 27 and $as_of"  # noqa: S608
