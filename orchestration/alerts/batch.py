"""The alerts' part of the daily run: the warehouse's judgements into the ledger, and the ledger back beside the marts.

The days to merge wait in `pipeline.rejudged_dates` from the transaction that judged them (`macros/queue_rejudged.sql`)
until they are in the ledger, so that a crash at any point repeats them.
"""

from datetime import datetime

import duckdb

from orchestration import warehouse
from orchestration.alerts import ledger
from orchestration.alerts.ledger import Judgements, Merged
from orchestration.settings import Settings
from orchestration.warehouse.predictions import DECLARED, create_declared_tables

RULES = "fct_rule_evaluations"
# A month of judgements is some hundred megabytes, and keeps the fast path waiting for a second.
_DAYS_AT_ONCE = 31


def merge(settings: Settings, run_id: str, known_at: datetime) -> list[Merged]:
    """Bring the judgements of the queued days into the ledger, some days at a time, each then leaving the queue.

    `known_at` is when the run looked at the lake, UTC: what the fast path has judged since is not taken back.
    """
    with warehouse.connect(settings) as connection:
        queued = connection.execute("select distinct event_date from pipeline.rejudged_dates order by 1").fetchall()
    dates = [row[0] for row in queued]
    merged = []
    for start in range(0, len(dates), _DAYS_AT_ONCE):
        some = dates[start : start + _DAYS_AT_ONCE]
        with warehouse.connect(settings) as connection:
            rows = connection.sql(
                f"select * from alerts.{RULES} where list_contains($dates, event_date)",  # noqa: S608 - ours
                params={"dates": some},
            ).to_arrow_table()
        # What is news is known once the newest days are in: nobody is told of old ones meanwhile.
        is_last = start + _DAYS_AT_ONCE >= len(dates)
        merged.append(ledger.merge(settings, Judgements(rows, some, known_at), run_id, "batch", tell=is_last))
        with warehouse.connect(settings) as connection:
            connection.execute(
                "delete from pipeline.rejudged_dates where list_contains($dates, event_date)", {"dates": some}
            )
    return merged


def publish_ledger(settings: Settings) -> dict[str, int]:
    """Copy the ledger into schema `alerts` of the warehouse; returns the rows by table.

    Judgements are only ever added, so that only new ones are copied; the other tables are small, and copied whole.
    """
    tables = [table.partition(".")[2] for table in DECLARED if table.startswith("alerts.")]
    with warehouse.connect(settings) as connection:
        create_declared_tables(connection)
        with ledger.attached(settings, connection):
            connection.begin()
            for name in tables:
                columns = [f'"{row[0]}"' for row in connection.execute(f"describe alerts.{name}").fetchall()]
                newest = _newest_copied(connection) if name == "evaluations" else 0
                connection.execute(f"delete from alerts.{name} where not $kept", {"kept": newest > 0})  # noqa: S608 - ours
                connection.execute(
                    f"insert into alerts.{name} by name select {', '.join(columns)} from ledger.{name}"  # noqa: S608 - ours
                    f" where {'sequence > $newest' if newest else '$newest = 0'}",
                    {"newest": newest},
                )
            connection.commit()
        return {
            f"alerts.{name}": connection.execute(f"select count(*) from alerts.{name}").fetchall()[0][0]  # noqa: S608 - ours
            for name in tables
        }


def _newest_copied(connection: duckdb.DuckDBPyConnection) -> int:
    """Up to where judgements have been copied; 0 if they are those of another ledger."""
    (copied,) = connection.execute("select coalesce(max(sequence), 0) from alerts.evaluations").fetchall()[0]
    same = (
        "select count(*) from {} where sequence = ? and written_at = (select max(written_at) from alerts.evaluations)"
    )
    is_same = all(
        connection.execute(same.format(table), [copied]).fetchall()[0][0]
        for table in ("alerts.evaluations", "ledger.evaluations")
    )
    return int(copied) if is_same else 0
