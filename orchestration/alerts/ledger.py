"""The ledger of alerts: one DuckDB file of its own, so that no run that holds the warehouse keeps an alert waiting.

Judgements go in, alerts come out, in one transaction: a process that is killed has changed nothing or everything. How
judgements are made (`dbt_project/models/marts/alerts`) and how notifications are worded and sent is not decided here.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from orchestration import database
from orchestration.alerts import clocks, outbox
from orchestration.alerts.sql import run
from orchestration.lake.layout import locked
from orchestration.settings import Settings

Path_ = Literal["fast", "batch"]


@dataclass(frozen=True)
class Judgements:
    """Rows of `alerts.fct_rule_evaluations` (columns as there), and the days and feeds of which they are all.

    `feeds` None: all of them. `known_at` is when the lake was looked at, UTC.
    """

    rows: pa.Table
    dates: Sequence[date]
    known_at: datetime
    feeds: Sequence[str] | None = None


@dataclass
class Merged:
    """What a merge came to: judgements written, and by event how many alerts changed."""

    evaluations: int = 0
    events: dict[str, int] = field(default_factory=dict)
    planned: int = 0
    seconds: float = 0.0


def path(settings: Settings) -> Path:
    """Where the ledger lies."""
    return settings.home / "alerts" / "ledger.duckdb"


def utc_now() -> datetime:
    """The wall clock as the ledger keeps it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the ledger for a moment, behind a lock: another process waits meanwhile, so send nothing in here."""
    file = path(settings)
    with locked(file.with_suffix(".lock")):
        connection = database.connect(file)
        try:
            run(connection, "tables")
            yield connection
        finally:
            connection.close()


@contextmanager
def attached(settings: Settings, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Show the ledger to another database as `ledger`, read-only, for as long as the block lasts."""
    with opened(settings):
        pass  # there is one, and what the last writer left beside it is in it
    file = path(settings)
    with locked(file.with_suffix(".lock")):
        quoted = str(file).replace("'", "''")
        connection.execute(f"attach '{quoted}' as ledger (read_only)")
        try:
            yield
        finally:
            connection.execute("detach ledger")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block, or nothing of it."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def merge(settings: Settings, judgements: Judgements, run_id: str, taken: Path_, tell: bool = True) -> Merged:
    """Write judgements that are new or different, derive the alerts that they change, and plan who is told.

    The same judgements twice, by either path and in any order, give the same alerts and plan no second notification.
    Without `tell` nothing is planned: what is owed then is planned by the next merge.
    """
    began, merged = time.perf_counter(), Merged()
    with opened(settings) as connection, transaction(connection):
        now = utc_now()
        clock = {"run_id": run_id, "path": taken, "now": now}
        merged.evaluations = derive(connection, settings, judgements, clock)
        if merged.evaluations:
            clocks.note_landings(connection, settings)
            run(connection, "cascades", {"cascade_window_s": settings.config.alerts.cascade_window_s})
            newest = connection.execute("select coalesce(max(sequence), 0) from alert_events").fetchall()[0][0]
            run(connection, "events", clock)
            counted = connection.execute(
                "select event, count(*) from alert_events where sequence > ? group by all", [newest]
            )
            merged.events = dict(counted.fetchall())
        merged.planned = outbox.plan(connection, settings, now) if tell else 0
    merged.seconds = time.perf_counter() - began
    return merged


def derive(
    connection: duckdb.DuckDBPyConnection, settings: Settings, judgements: Judgements, clock: dict[str, Any]
) -> int:
    """Write the judgements into tables of the ledger, wherever they are, and the alerts that follow; tells nobody.

    `clock` is what the rows are stamped with: run_id, path, now. Returns how many judgements were new or different.
    """
    _register(connection, settings, judgements)
    run(connection, "append", clock | {"known_at": judgements.known_at})
    changed = _count(connection, "changed")
    if changed:
        run(connection, "derive", clock)
    return changed


def _register(connection: duckdb.DuckDBPyConnection, settings: Settings, judgements: Judgements) -> None:
    rules = [(rule.name, rule.resolve_after_s or 0) for rule in settings.config.alerts.effective_rules()]
    feeds: Sequence[str | None] = judgements.feeds or [None]
    scope = [(day, feed) for day in judgements.dates for feed in feeds]
    _temporary(connection, "rules", "rule varchar, resolve_after_s integer", rules)
    _temporary(connection, "scope", "event_date date, feed varchar", scope)
    connection.register("incoming_rows", judgements.rows)
    connection.execute("create or replace temp table incoming as select * from incoming_rows")
    connection.unregister("incoming_rows")


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    connection.execute(f"create or replace temp table {name} ({columns})")
    values = [list(column) for column in zip(*rows, strict=True)]
    if values:
        connection.execute(f"insert into {name} select {', '.join('unnest(?)' for _ in values)}", values)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608 - names are ours
