"""How DuckDB is opened here: what holds for every database, wherever it lies and whoever asks it.

Who may open which file, and when, is said by those who own the files.
"""

from pathlib import Path

import duckdb

# DuckDB 2.0.0 takes a table that is joined to, or compared with, an ungrouped aggregate for one row: the bounds of a
# sum are then those of a single value, and `sum(n) ... where x = (select min(x) ...) ... order by` comes out modulo
# 256, or is lost by `having`. What propagates these bounds is off. The dbt profile says so too.
SETTINGS = "set disabled_optimizers = 'statistics_propagation'; set TimeZone = 'UTC'"


def connect(
    file: Path | str = ":memory:", read_only: bool = False, config: dict[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database, in memory unless a file is named; instants are read and shown in UTC."""
    connection = duckdb.connect(str(file), read_only=read_only, config=dict(config or {}))
    connection.execute(SETTINGS)
    return connection
