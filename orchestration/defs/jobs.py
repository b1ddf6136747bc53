"""When runs start: the daily job and its schedule, the sensor between, and the expiry of raw rows on its own.

What a run does is declared by the assets; what there is to do is asked of the lake.
"""

import hashlib

import dagster as dg

from orchestration import lake, publish, runs
from orchestration.alerts import notes
from orchestration.settings import Settings, load_settings

# Files that only alerts are in a hurry for reach the marts this seldom: a run costs a minute of both cores.
REFRESH_EVERY_S = 900

# Exports of a day are complete some hours after midnight wherever they come from; the sensor catches later ones.
DAILY_AT = "15 5 * * *"


@dg.definitions
def jobs() -> dg.Definitions:
    """The daily job, its schedule in the site's zone, the sensor and the expiry."""
    daily = dg.define_asset_job(
        runs.DAILY,
        dg.AssetSelection.all(),
        description="Ingest what has landed, build the marts, infer, check, publish, expire raw rows.",
        hooks={say_on_the_pages_that_the_run_failed},
        tags={"dagster/retry_strategy": "ALL_STEPS"},
    )
    compact = dg.define_asset_job(
        runs.COMPACT, [dg.AssetKey(["lake", "compacted"])], description="Put the small files of finished days together."
    )
    expire = dg.define_asset_job(
        runs.EXPIRE, [dg.AssetKey(["lake", "expired"])], description="Expire raw rows past their retention."
    )
    schedule = dg.schedule(
        job=daily,
        cron_schedule=DAILY_AT,
        execution_timezone=load_settings().config.site.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        name="daily",
    )(_what_is_due)
    sensor = dg.sensor(
        job=daily, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING, name="landed_files"
    )(_what_has_landed)
    return dg.Definitions(jobs=[daily, compact, expire], schedules=[schedule], sensors=[sensor])


def _what_is_due() -> dg.RunRequest | dg.SkipReason:
    """Whatever has landed; a day without new files is run too, so that freshness and windows are those of today."""
    settings = load_settings()
    newest = runs.newest_partition(settings)
    if newest is None:
        return dg.SkipReason(runs.nothing_landed(settings))
    return dg.RunRequest(partition_key=newest, tags={runs.DAYS: runs.PENDING})


def _what_has_landed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.RunRequest | dg.SkipReason:
    """Start when new files are there and have stopped changing, and only while no run waits or works."""
    settings = load_settings()
    runs.bury_orphans(context.instance, settings)
    pending = lake.pending_files(settings)
    newest = runs.newest_partition(settings)
    if newest is None:
        return dg.SkipReason("Nothing new has landed.")
    if not pending:
        return _what_alerts_have_taken_in(context, settings, newest)
    seen = hashlib.sha256(repr(sorted(pending)).encode()).hexdigest()
    if seen != context.cursor:
        return dg.SensorResult(skip_reason=f"{len(pending)} new files are still landing.", cursor=seen)
    if runs.busy(context.instance):
        return dg.SkipReason(f"{len(pending)} new files wait for the run that is going on.")
    # The key starts one run for one state of landing: a run that failed on it is not repeated until something changes.
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=seen, partition_key=newest, tags={runs.DAYS: runs.PENDING})], cursor=seen
    )


def _what_alerts_have_taken_in(
    context: dg.SensorEvaluationContext, settings: Settings, newest: str
) -> dg.RunRequest | dg.SkipReason:
    """Files that the fast path brought into the lake wait for the marts, but a run for each would never end."""
    waiting = notes.waiting_since(settings)
    if waiting is None:
        return dg.SkipReason("Nothing new has landed.")
    if runs.busy(context.instance):
        return dg.SkipReason("Rows that alerts have taken in wait for the run that is going on.")
    if runs.seconds_since_last_run(context.instance) < REFRESH_EVERY_S:
        return dg.SkipReason("Rows that alerts have taken in wait until the last run is a quarter of an hour ago.")
    return dg.RunRequest(run_key=f"taken in {waiting}", partition_key=newest, tags={runs.DAYS: runs.PENDING})


@dg.failure_hook(required_resource_keys={"site"})
def say_on_the_pages_that_the_run_failed(context: dg.HookContext) -> None:
    """A reader must not take yesterday's pages for today's. Once published, or blocked, the pages are right already."""
    error = context.op_exception
    if context.op.name.startswith(("lake__", "published__exports")):
        return
    if not isinstance(error, dg.Failure) or runs.BLOCKED not in error.metadata:
        words = getattr(error, "description", None) or str(error)
        publish.block_after_failure(context.resources.site.settings, context.op.name.replace("__", "."), words)
