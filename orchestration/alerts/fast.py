"""The fast path: from a file in landing to a message in seconds, in a process that is warm, without dbt or warehouse.

The files of the feeds that tell of outages are taken into the lake as ever; then the compiled SQL of the same tables
that the daily run builds is run over the newest days in memory, and the same ledger takes its judgements. What it
leaves to the daily run: older days, other feeds, and whatever only their tables could say.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from orchestration import lake
from orchestration.alerts import delivery, ledger, notes, program
from orchestration.alerts.landings import TABLES, Watch
from orchestration.alerts.ledger import Judgements, Merged
from orchestration.settings import Settings

FEEDS = ("probes", "requests")
TAG, RULES = "fast", "alerts.fct_rule_evaluations"
# Windows of three days and the two that a state may look back: judgements of a day read as far as this.
LOOK_BACK = timedelta(days=5)
# Days before the newest whose judgements are made here; a file for an older day waits for the daily run.
_JUDGED_BACK = timedelta(days=2)
# Maintenance may have begun this long before the days that are read.
_MAINTENANCE_BACK = timedelta(days=31)
_POLL_S = 0.5


@dataclass
class Watched:
    """What came of watching: files taken in, and what their judgements came to."""

    files: list[str] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """One line for the tick."""
        changed = sum(sum(merged.events.values()) for merged in self.merged)
        return (
            f"{len(self.files)} files taken in ({self.seconds:.1f} s), {changed} changes of alerts,"
            f" {self.sent} notifications sent, {self.failed} failed"
        ) + "".join(f"; {problem}" for problem in self.problems.values())


def watch(settings: Settings, seconds: float, run_id: str) -> Watched:
    """Look at landing for so many seconds, and see to each file that comes; sends what still waits, too.

    A file that cannot be read waits until it can, and keeps no other waiting.
    """
    ends_at, watched = time.monotonic() + seconds, Watched()
    program.load(settings)
    delivery.warm(settings)
    landings = Watch(settings)
    notes.watching(settings)
    due_at = ledger.utc_now() if ledger.path(settings).exists() else None
    while True:
        ready = landings.ready()
        watched.problems |= landings.problems
        if ready or notes.is_unjudged(settings):
            began = time.perf_counter()
            merged = take_in(settings, ready, run_id, watched.files.append, landings.problems)
            watched.merged += [merged] if merged else []
            due_at = ledger.utc_now() if merged and (merged.planned or due_at) else due_at
            watched.seconds += time.perf_counter() - began
        if due_at and due_at <= ledger.utc_now():
            done = delivery.deliver(settings)
            watched.sent += done.sent
            watched.failed += len(done.failed)
            due_at = done.next_attempt_at
        if time.monotonic() >= ends_at:
            return watched
        time.sleep(_POLL_S)


def take_in(
    settings: Settings,
    ready: dict[str, set[date | None]],
    run_id: str,
    say: Callable[[str], None] = lambda name: None,
    leave_out: Collection[str] = (),
) -> Merged | None:
    """Bring files into the lake and judge the days that they touch; None if these are not the newest.

    Args:
        settings: The environment.
        ready: By raw table, the export days with new files (None: undated snapshots). With none of them, what a
            process that died had brought in is judged.
        run_id: Who judges, for the ledger.
        say: Called with the name of each file that was read.
        leave_out: Names of files that cannot be read.
    """
    notes.taken_in(settings)
    touched: set[date] = set()
    for table in TABLES:
        if table in ready:
            report = lake.ingest(settings, table, [day for day in ready[table] if day], leave_out=leave_out)
            touched |= report.touched_dates
            for file in report.read:
                say(file.path)
    judgements = judge(settings, touched)
    merged = ledger.merge(settings, judgements, run_id, "fast") if judgements else None
    notes.judged(settings)
    return merged


def judge(settings: Settings, touched: Collection[date]) -> Judgements | None:
    """The judgements of the newest days from the first touched one on; None if only older days were touched.

    Without a touched day: those of all days that are judged here.
    """
    known_at = ledger.utc_now()
    with lake.reading(settings):
        newest = _newest_event_date(settings)
        if newest is None or (touched and max(touched) < newest - _JUDGED_BACK):
            return None
        first = min(max(min(touched, default=date.min), newest - _JUDGED_BACK), newest)
        with program.memory() as connection:
            program.prepare(connection, settings, _files(settings, first - LOOK_BACK, newest))
            connection.execute(
                "insert into pipeline.run values ($newest, $newest, $first, false)",
                {"newest": newest, "first": first - LOOK_BACK},
            )
            program.load(settings).create(connection, {TAG}, [RULES])
            rows = connection.sql(
                f"select * from {RULES} where event_date >= $first and feed in ('probes', 'requests')",  # noqa: S608 - ours
                params={"first": first},
            ).to_arrow_table()
    days = [first + timedelta(days=number) for number in range((newest - first).days + 1)]
    return Judgements(rows, days, known_at, FEEDS)


def _newest_event_date(settings: Settings) -> date | None:
    """The newest day of a check or a request; the newest export days have it."""
    days = [
        day
        for table in TABLES
        if lake.RAW_TABLES[table].name in FEEDS
        for path in _newest_manifests(settings, table)
        for entry in lake.read_manifest(path)
        for day in entry.parquet
    ]
    return max(days, default=None)


def _newest_manifests(settings: Settings, table: str) -> list[Path]:
    """Those of the newest two export days, and that of undated snapshots."""
    listed = lake.manifests(settings, table)
    dated = [path for path in listed if path.stem[0].isdigit()]
    return [*dated[-2:], *(path for path in listed if path not in dated)]


def _files(settings: Settings, first: date, last: date) -> dict[str, list[Path]]:
    days = {first + timedelta(days=number) for number in range((last - first).days + 1)}
    found = {}
    for table in TABLES:
        wanted = days
        if lake.RAW_TABLES[table].is_entity:
            wanted = {
                first - _MAINTENANCE_BACK + timedelta(days=number)
                for number in range((last - first + _MAINTENANCE_BACK).days + 8)
            }
        found[table] = lake.parquet_files(settings, table, wanted)
    return found
