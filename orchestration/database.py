"""How DuckDB is opened here: what holds for every database, wherever it lies and whoever asks it.

Who may open which file, and when, is said by those who own the files.
"""

from pathlib import Path

import duckdb

from orchestration import memory


def connect(
    file: Path | str = ":memory:",
    read_only: bool = False,
    config: dict[str, str] | None = None,
    memory_limit: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a database, in memory unless a file is named; instants are read and shown in UTC.

    It may use `memory_limit` bytes, by default half of what there is. Connections of one process to one file share the
    limit: the newest sets it for all of them.
    """
    connection = duckdb.connect(str(file), read_only=read_only, config=dict(config or {}))
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set memory_limit = '{memory_limit or memory.half()}B'")
    return connection
