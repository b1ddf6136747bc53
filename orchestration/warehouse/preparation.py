"""Before and after dbt: hand a run its inputs, and note when it is done with them.

`prepare` writes what the SQL reads besides the marts themselves (configuration, ledger, queue, raw views); `finish`
empties the queue. Running dbt between the two is `orchestration.dbt`'s job.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration import lake
from orchestration.settings import Settings
from orchestration.sources.feed import REJECT_COLUMNS
from orchestration.warehouse.configuration import write_configuration
from orchestration.warehouse.connection import connect
from orchestration.warehouse.history import write_history_index
from orchestration.warehouse.ledger import create_ledger, queue, raw_files, sync_ledger, touched_dates
from orchestration.warehouse.predictions import create_declared_tables
from orchestration.warehouse.raw import ENTITY_KEYS, RAW_COLUMNS, create_view, sync_entities
from orchestration.warehouse.services import note_landed_services

PROJECT_DIR = Path(__file__).parents[2] / "dbt_project"

# Days on either side of a touched day whose raw rows a run may read: the widest look of any table at raw rows. Views
# prune by day, so that a day too many costs only its name in the list of files.
READ_AROUND_DAYS = 7


@dataclass(frozen=True)
class Prepared:
    """What a run is about to do: rebuild everything, or the touched days of each raw table."""

    as_of: date
    full_refresh: bool
    touched: dict[str, list[date]] = field(default_factory=dict)


def prepare(settings: Settings, as_of: date, full_refresh: bool = False) -> Prepared:
    """Make the warehouse ready for dbt; safe to repeat, also after a crash at any point.

    `as_of` never moves back except on a full refresh: to re-run an old day must not take away what came after it. A
    changed configuration or dbt project, and a warehouse without a finished run, make this a full refresh.
    """
    with connect(settings) as connection:
        create_ledger(connection)
        finished = connection.execute("select project_hash, config_hash from pipeline.fingerprint").fetchone()
        full_refresh = full_refresh or finished != (_project_hash(), _config_hash(settings))
        if full_refresh:
            connection.execute("delete from pipeline.fingerprint")
        create_declared_tables(connection)
        sync_ledger(connection, settings)
        run_as_of = _write_run(connection, as_of, full_refresh)
        _write_closed_days(connection, settings)
        for table in ENTITY_KEYS:
            _sync_entity(connection, settings, table, full_refresh)
        dates = None if full_refresh else _read_dates(connection)
        for table in RAW_COLUMNS.keys() - ENTITY_KEYS.keys():
            create_view(connection, table, RAW_COLUMNS[table], raw_files(connection, settings, table, dates))
        for feed in lake.RAW_TABLES.values():
            rejects = f"{feed.schema}.rejects"
            create_view(connection, rejects, REJECT_COLUMNS, raw_files(connection, settings, rejects, None))
        has_new_probes = note_landed_services(connection, settings, full_refresh)
        write_configuration(connection, settings)
        touched = {table: sorted(touched_dates(connection, table)) for table in RAW_COLUMNS}
    if has_new_probes and not full_refresh:
        return prepare(settings, as_of, full_refresh=True)
    return Prepared(run_as_of, full_refresh, {table: dates for table, dates in touched.items() if dates})


def finish(settings: Settings) -> None:
    """Empty the queue: call it once every table that reads raw days was built without an error."""
    with connect(settings) as connection:
        connection.begin()
        connection.execute("delete from pipeline.touched_dates")
        connection.execute("delete from pipeline.fingerprint")
        connection.execute("insert into pipeline.fingerprint values (?, ?)", [_project_hash(), _config_hash(settings)])
        connection.execute("update pipeline.run set previous_as_of_date = as_of_date, is_full_refresh = false")
        connection.commit()


def is_full_refresh(settings: Settings) -> bool:
    """Whether the run that was prepared last, and has not finished, rebuilds everything."""
    with connect(settings) as connection:
        create_ledger(connection)
        row = connection.execute("select is_full_refresh from pipeline.run").fetchone()
    return bool(row and row[0])


def _write_run(connection: duckdb.DuckDBPyConnection, as_of: date, full_refresh: bool) -> date:
    row = connection.execute("select as_of_date, previous_as_of_date from pipeline.run").fetchone()
    previous = row[1] if row and not full_refresh else None
    run_as_of = as_of if previous is None else max(as_of, previous)
    connection.execute("delete from pipeline.run")
    connection.execute(
        """
        insert into pipeline.run
        -- Entities may be of any age: where other feeds are, the first day is theirs.
        select $as_of, coalesce($previous, $as_of), least(
            coalesce(
                min(list_min(event_dates)) filter (where not list_contains($entities, raw_table)),
                min(list_min(event_dates))
            ),
            $as_of
        ), $full_refresh
        from pipeline.ingested_files
        """,
        {"as_of": run_as_of, "previous": previous, "full_refresh": full_refresh, "entities": list(ENTITY_KEYS)},
    )
    return run_as_of


def _write_closed_days(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    connection.execute("delete from pipeline.closed_days")
    for table, feed in lake.RAW_TABLES.items():
        closed = lake.closed_through(settings, feed.name)
        if closed:
            connection.execute("insert into pipeline.closed_days values (?, ?)", [table, closed])
    write_history_index(connection, settings)


def _sync_entity(connection: duckdb.DuckDBPyConnection, settings: Settings, table: str, full_refresh: bool) -> None:
    dates = None if full_refresh else touched_dates(connection, table)
    connection.begin()
    queue(connection, table, sync_entities(connection, table, raw_files(connection, settings, table, dates), dates))
    connection.commit()


def _read_dates(connection: duckdb.DuckDBPyConnection) -> set[date]:
    """The days around those that changed in any raw table: a mart rebuilds a day for one feed and reads them all."""
    rows = connection.execute(
        """
        with changed as (
            select event_date from pipeline.touched_dates
            union
            select cast(unnest(range(previous_as_of_date + 1, as_of_date + 1, interval 1 day)) as date)
            from pipeline.run
        )
        select distinct event_date + cast(around.days as integer)
        from changed cross join range(-$days, $days + 1) as around (days)
        """,
        {"days": READ_AROUND_DAYS},
    )
    return {row[0] for row in rows.fetchall()}


def _project_hash() -> str:
    """Changes with every file that shapes a mart; reports and prose are rebuilt or read afresh anyway."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for folder in ("models", "macros", "seeds"):
        for path in sorted((PROJECT_DIR / folder).rglob("*")):
            if path.suffix in {".sql", ".yml", ".csv"} and "reports" not in path.parts:
                digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _config_hash(settings: Settings) -> str:
    # Who is told of an alert, what forecasts are told and how much memory there is shape no table: a new target must
    # not rebuild them all.
    left_out: dict[str, Any] = {"alerts": {"targets"}, "forecasts": True, "warehouse": True}
    config = settings.config.model_dump(mode="json", exclude=left_out)
    content = [config, [asdict(objective) for objective in settings.objectives]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
