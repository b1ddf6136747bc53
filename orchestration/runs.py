"""Runs as a command or a sensor sees them: the Dagster instance, a run in this process, runs whose process died.

What a run does is declared under `orchestration/defs/`; how it is shown in a terminal is `orchestration.cli`'s
business.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import access, lake
from orchestration.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

PROJECT_ROOT = Path(__file__).parents[1]

# The first day of the web: landing folders before it are refused by name, because partitions have to begin somewhere.
FIRST_DAY = date(1991, 1, 1)

DAILY, EXPIRE, COMPACT = "daily", "expire_raw", "compact_lake"

# Run tags. What a run ingests is its partition (a day or a range), or, with DAYS = PENDING, whatever has landed and is
# not in yet.
DAYS, PENDING = "beaconmart/days", "pending"
AS_OF = "beaconmart/as_of"
FULL_REFRESH = "beaconmart/full_refresh"
BLOCKED = "blocked"  # metadata of a failure that the pages tell already
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

_LOCATION_TAGS = {
    ".dagster/repository": "__repository__@beaconmart",  # the UI lists the run under its job
    "dagster/max_retries": "0",  # whoever sits at the terminal decides
}
_EVENT_LOG = """
event_log_storage:
  module: orchestration.event_log
  class: PooledSqliteEventLogStorage
  config:
    base_dir: "{base_dir}"
"""


@dataclass(frozen=True)
class Selection:
    """What a run takes in: the partition and tags that a launch from the UI would have too."""

    partition_key: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `failures` are (step, what went wrong in words); `published` is whether its release is out."""

    run_id: str
    success: bool
    published: bool
    failures: list[tuple[str, str]] = field(default_factory=list)


def write_instance_config(settings: Settings) -> Path:
    """Write `dagster.yaml` under the home, make it this process's instance, and return its folder."""
    access.keep_private(settings)
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    text = (PROJECT_ROOT / "dagster.yaml").read_text() + _EVENT_LOG.format(base_dir=home / "history" / "runs")
    path = home / "dagster.yaml"
    if not path.exists() or path.read_text() != text:
        part = path.with_suffix(".part")
        part.write_text(text)
        part.replace(path)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance under the home: what the UI and the schedule use too."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(write_instance_config(settings))) as instance:
        yield instance


def execute(
    settings: Settings,
    job_name: str,
    what: Selection,
    on_event: Callable[[dg.EventLogEntry], None] | None = None,
) -> Outcome:
    """Run a job in this process and in the instance under the home, so that the UI shows it like any other run."""
    from dagster._core.utils import make_new_run_id

    from orchestration.definitions import beaconmart

    job = beaconmart().resolve_job_def(job_name)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    run_id = make_new_run_id()
    with open_instance(settings) as instance:
        bury_orphans(instance, settings)
        if on_event:
            instance.add_event_listener(run_id, on_event)
        result = job.execute_in_process(
            run_config=quiet,
            instance=instance,
            run_id=run_id,
            partition_key=what.partition_key,
            tags={**_LOCATION_TAGS, **what.tags},
            raise_on_error=False,
        )
        failures = [failure for event in result.all_events for failure in _failures(event)]
        if result.success:
            failures = [*failures, *_skipped(result.all_events)]
        of_steps = [failure for failure in failures if failure[0]]
        published = any(
            event.is_step_materialization and event.asset_key and event.asset_key.path == ["published", "release"]
            for event in result.all_events
        )
        return Outcome(run_id, result.success and not failures, published, of_steps or failures)


def selection(settings: Settings, first: date | None, last: date | None, full_refresh: bool) -> Selection:
    """Everything that is new in landing, or what was delivered on the days from `first` to `last`, new or not.

    Raises:
        ValueError: Nothing was delivered on those days, or they are not days that have been.
    """
    newest = newest_partition(settings)
    if newest is None:
        raise ValueError(nothing_landed(settings))
    if newest < FIRST_DAY.isoformat() or (first and first < FIRST_DAY):
        text = f"{first or newest} is before {FIRST_DAY}, the earliest export day that is taken"
        raise ValueError(f"{text}. Give its folder in landing the name of the day on which it was exported.")
    tags = {FULL_REFRESH: "true"} if full_refresh else {}
    if first is None or last is None:
        if last:
            raise ValueError("--to needs --from: name the first day of the range too.")
        return Selection(newest, {**tags, DAYS: PENDING})
    today = datetime.now(UTC).date()
    if last < first or last > today:
        raise ValueError(f"{first} to {last} is not a range of days that have been: today is {today} (UTC).")
    delivered = lake.delivered_days(settings)
    if not any(first <= day <= last for day in delivered):
        raise ValueError(
            f"Nothing was delivered from {first} to {last}; deliveries reach from {delivered[0]} to {delivered[-1]}."
        )
    if first == last:
        return Selection(first.isoformat(), {**tags, AS_OF: first.isoformat()})
    return Selection(None, {**tags, RANGE_START: first.isoformat(), RANGE_END: last.isoformat()})


def newest_partition(settings: Settings) -> str | None:
    """The newest delivered day that is not in the future, as a partition key; None if nothing has been delivered."""
    today = datetime.now(UTC).date()
    return max((day.isoformat() for day in lake.delivered_days(settings) if day <= today), default=None)


def nothing_landed(settings: Settings) -> str:
    """What to do when there is nothing to run on."""
    globs = "".join(f"\n  {lake.looked_for(settings, source)}" for source in settings.config.sources)
    return f"Nothing has landed yet. Put export files where the configured sources look for them:{globs}"


@contextmanager
def alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Note for as long as this lasts that the run's process lives: the kernel takes the note away if it is killed."""
    path = settings.dagster_home / "alive" / run_id
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as note:
        with suppress(BlockingIOError):  # noted already, further up in this process
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def bury_orphans(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Report runs whose process was killed as failed, so that they do not hold up the queue; returns their ids."""
    buried = []
    for path in sorted((settings.dagster_home / "alive").glob("*")):
        with path.open() as note:
            try:
                fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            run = instance.get_run_by_id(path.name)
            if run and not run.is_finished:
                instance.report_run_failed(run, "The process of this run was killed. What it began, the next run ends.")
                buried.append(run.run_id)
            path.unlink(missing_ok=True)
    return buried


def busy(instance: dg.DagsterInstance) -> bool:
    """Whether a run waits or works."""
    import dagster as dg

    unfinished = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    return bool(instance.get_run_records(dg.RunsFilter(statuses=unfinished), limit=1))


def seconds_since_last_run(instance: dg.DagsterInstance) -> float:
    """How long ago the last run of the daily job was begun; infinite if there was none."""
    import dagster as dg

    found = instance.get_run_records(dg.RunsFilter(job_name=DAILY), limit=1)
    return datetime.now(UTC).timestamp() - found[0].create_timestamp.timestamp() if found else float("inf")


def _failures(event: dg.DagsterEvent) -> Iterator[tuple[str, str]]:
    """The step and the words of an event that says that something failed; a wrapped error counts, not its wrapping."""
    if event.is_step_failure:
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            yield event.step_key or "", data.user_failure_data.description
        elif data.error:
            yield event.step_key or "", _root(data.error)
    elif event.event_type_value == "PIPELINE_FAILURE" and event.job_failure_data.error:
        yield "", _root(event.job_failure_data.error)


def _skipped(events: Sequence[dg.DagsterEvent]) -> list[tuple[str, str]]:
    """The steps that Dagster left out, and calls that success: one before them did not make all that they read."""
    return [
        (event.step_key or "", "It was skipped, because a step before it did not make all that it reads.")
        for event in events
        if event.is_step_skipped
    ]


def _root(error: object) -> str:
    while getattr(error, "cause", None):
        error = error.cause  # type: ignore[attr-defined]
    name, message = error.cls_name, error.message  # type: ignore[attr-defined]
    return re.sub(rf"^[\w.]*{name}: ", "", message).strip()
