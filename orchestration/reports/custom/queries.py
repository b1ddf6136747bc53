"""Runs the queries of a custom report on the guarded marts, within its limits of time and rows.

What a query may reach is decided by `orchestration.tables.guarded`; what is made of its rows by `figures`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from threading import Timer
from typing import Any

import duckdb

from orchestration.reports.custom.document import Query, Report, sql_mistake
from orchestration.reports.custom.specs import Limits
from orchestration.reports.marts import Row
from orchestration.settings.documents import Mistake


class Broken(Exception):
    """A page cannot be made; `mistakes` say why."""

    def __init__(self, mistakes: list[Mistake]):
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


@dataclass(frozen=True)
class Answer:
    """The columns and rows of a query; numbers are finite, and what is neither number, text nor time is text."""

    columns: list[str]
    rows: list[Row]


def answers(connection: duckdb.DuckDBPyConnection, report: Report, values: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers to all queries of a report.

    Raises:
        Broken: Some failed; each says DuckDB's words, or the limit.
    """
    limits = report.front.limits if report.front else Limits()
    found: dict[str, Answer] = {}
    mistakes: list[Mistake] = []
    for query in report.queries.values():
        try:
            found[query.name] = answer(connection, report, query, values, limits)
        except Broken as error:
            mistakes += error.mistakes
    if mistakes:
        raise Broken(mistakes)
    return found


def answer(
    connection: duckdb.DuckDBPyConnection, report: Report, query: Query, values: Mapping[str, Any], limits: Limits
) -> Answer:
    """The answer to one query, in which `$name` stands for a value.

    Raises:
        Broken: It failed, took too long, or has too many rows.
    """
    watch = Timer(limits.seconds, connection.interrupt)
    watch.start()
    try:
        (statement,) = connection.extract_statements(query.sql)
        used = {name: values[name] for name in statement.named_parameters}
        result = connection.execute(statement, used)
        columns = [column[0] for column in result.description or []]
        rows = result.fetchmany(limits.rows + 1)
    except duckdb.InterruptException as error:
        words = f"took longer than {limits.seconds:g} s and was stopped"
        hint = "make it cheaper, or raise limits: {seconds: …}"
        raise Broken([report.mistake(query.line, words, hint, query.name)]) from error
    except duckdb.Error as error:
        raise Broken([sql_mistake(report, query, error)]) from error
    finally:
        watch.cancel()
    if len(rows) > limits.rows:
        hint = "aggregate, add a limit, or raise limits: {rows: …}"
        raise Broken([report.mistake(query.line, f"has more than {limits.rows:,} rows", hint, query.name)])
    return Answer(columns, [dict(zip(columns, map(_plain, row), strict=True)) for row in rows])


def _plain(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, float):
        return cell if isfinite(cell) else None
    return cell if cell is None or isinstance(cell, bool | int | str | datetime | date) else str(cell)
