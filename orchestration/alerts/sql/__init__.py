"""The SQL of the ledger, a file for each step, and how a step is run. What the steps are for is said where they run."""

from functools import cache
from pathlib import Path
from typing import Any

import duckdb


def run(connection: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any] | None = None) -> None:
    """Execute the statements of `<name>.sql`; each is given those of the parameters that it names."""
    for statement in _statements(name):
        named = {key: value for key, value in (parameters or {}).items() if f"${key}" in statement}
        connection.execute(statement, named)


@cache
def _statements(name: str) -> list[str]:
    text = (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
    return [statement.query for statement in duckdb.extract_statements(text)]
