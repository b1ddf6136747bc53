"""The ledger of alerts in the daily run, and the sensor that watches landing between runs.

What an alert is and who is told belongs to `orchestration.alerts`.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from orchestration import warehouse
from orchestration.alerts import batch, delivery, digest, fast, notes
from orchestration.alerts.ledger import utc_now
from orchestration.defs.resources import Site, readable_failures
from orchestration.reports.digest import news
from orchestration.reports.marts import Marts, Row
from orchestration.settings import Settings, load_settings
from orchestration.warehouse.predictions import DECLARED

RULES = dg.AssetKey(["alerts", batch.RULES])
TABLES = [table for table in DECLARED if table.startswith("alerts.")]

# A tick watches for most of the minute after which Dagster would give up on it; the daemon starts the next within 5 s.
WATCH_S = 45.0


@dg.definitions
def alerts() -> dg.Definitions:
    """The ledger beside the marts, and the fast path."""
    sensor = dg.sensor(
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        name="alerts",
        description="Watches landing for checks and requests; alerts within seconds, without a run.",
        jobs=[],
    )(_watch)
    return dg.Definitions(assets=[ledger], sensors=[sensor])


@dg.multi_asset(
    name="alerts",
    specs=[
        dg.AssetSpec(
            table.split("."), deps=[RULES], group_name="alerts", kinds={"duckdb"}, description=DECLARED[table][1]
        )
        for table in TABLES
    ],
)
def ledger(context: dg.AssetExecutionContext, site: Site) -> Iterator[dg.MaterializeResult]:
    """Judgements into the ledger, messages out, and the ledger beside the marts, whatever becomes of publishing."""
    settings = site.settings
    with readable_failures(context):
        merged = batch.merge(settings, context.run_id, notes.built_from(settings) or utc_now())
        digest.plan(settings, site.as_of_marts(), _news(settings, site.as_of_marts()))
        done = delivery.deliver(settings)
        rows = batch.publish_ledger(settings)
    written, changed = sum(part.evaluations for part in merged), sum(sum(part.events.values()) for part in merged)
    context.log.info(
        f"{written} judgements written, {changed} changes of alerts; {done.sent} sent, {len(done.failed)} failed"
    )
    if done.without_url:
        context.log.warning(f"No URL in the environment for {', '.join(done.without_url)}: nobody is told there.")
    for table in TABLES:
        yield dg.MaterializeResult(table.split("."), metadata={"dagster/row_count": rows[table]})


def _news(settings: Settings, as_of: date) -> list[Row]:
    with warehouse.connect(settings) as connection:
        return news(Marts(connection, as_of))


def _watch(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Never starts a run: what there is to do is done within the tick, in this warm process."""
    watched = fast.watch(load_settings(), WATCH_S, f"sensor {context.sensor_name}")
    for problem in watched.problems.values():
        context.log.error(problem)
    return dg.SkipReason(str(watched))
