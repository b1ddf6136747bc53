"""Processes that are killed while they keep the lake, and what the marts know after raw rows have gone."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import lake, warehouse
from orchestration.lake.manifest import sealed_date
from orchestration.settings import load_settings
from orchestration.simulate import simulate
from tests.integration.transform_worlds import differences, rebuilt_from_nothing, run, transform
from tests.unit.lake.monitor import CHECKS, DAY, deliver, entries, ingest_one_by_one, listed, rejects, rows, stored

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]

NEXT, LAST = DAY + timedelta(days=1), DAY + timedelta(days=9)
KILLED = 9
EXPIRING = [name for name, feed in lake.RAW_TABLES.items() if not feed.is_entity]
# Ends the process, as kill -9 does, where it would make its change number `step` to files of the lake.
DYING = """
import os, sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from orchestration import lake
from orchestration.settings import load_settings

home, verb, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
left = [step]

def stepping(method):
    def call(self, *arguments, **options):
        left[0] -= "raw_probes" in str((self, *arguments))
        if left[0] < 0:
            os._exit(9)
        return method(self, *arguments, **options)
    return call

for name in ("replace", "unlink", "rmdir"):
    setattr(Path, name, stepping(getattr(Path, name)))
settings = replace(load_settings(), home=home)
if verb == "compact":
    lake.compact(settings, "raw_probes.checks")
elif verb == "expire":
    lake.expire(settings, "raw_probes.checks", date(2026, 11, 10))
else:
    lake.ingest(settings, "raw_probes.checks")
"""
HISTORY = """
select schema_name || '.' || table_name from duckdb_tables()
where schema_name in ('experience', 'reliability', 'business', 'executive', 'errors') and table_name like '%daily'
order by all
"""


@pytest.fixture
def settings(tmp_path):
    """The default configuration with an empty home."""
    return replace(load_settings(), home=tmp_path / "home")


@pytest.fixture(scope="module")
def built_once(tmp_path_factory, one_parse):
    """The marts of one error."""
    built = replace(load_settings(), home=tmp_path_factory.mktemp("error") / "home")
    export(built, LAST, "errors", "first", [_error(DAY, "first")])
    run(built, LAST)
    return built


@pytest.fixture
def built(built_once, tmp_path):
    """A copy of them."""
    return replace(built_once, home=Path(shutil.copytree(built_once.home, tmp_path / "home")))


@pytest.fixture
def scattered(settings):
    """Three small files of a day that reach into the next, and one of the next."""
    for number in range(3):
        deliver(settings, number, [number, 23 + number], bad=1)
    deliver(settings, "newer", [1], day=NEXT)
    ingest_one_by_one(settings)
    return settings


def kill(settings, verb, step):
    """A process of its own is killed at that step."""
    command = [sys.executable, "-c", DYING, str(settings.home), verb, str(step)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True)
    assert done.returncode == KILLED, done.stderr


def test_killed_compactions_changed_files_and_expiries_lose_nothing(scattered):
    before = rows(scattered), rejects(scattered)
    for step in (2, 4):  # one large file is not there yet; the small ones are about to go
        kill(scattered, "compact", step)
        assert (rows(scattered), rejects(scattered)) == before
    lake.compact(scattered, CHECKS)
    assert (rows(scattered), rejects(scattered)) == before

    deliver(scattered, 1, [12])
    changed = f"{DAY}/probes-1.csv"
    kill(scattered, "ingest", 2)
    assert (rows(scattered), rejects(scattered)) == before
    lake.ingest(scattered, CHECKS)
    assert len(rows(scattered)) == len(before[0]) - 1
    assert [row[-3] for row in rows(scattered, {DAY})].count(changed) == 1

    later = rows(scattered, {NEXT})
    for step in (1, 3):  # the day is closed, and no manifest knows yet; some files are gone
        kill(scattered, "expire", step)
        assert rows(scattered, {NEXT}) == later
    lake.expire(scattered, CHECKS, DAY)
    assert rows(scattered) == later
    assert stored(scattered) == listed(scattered)
    assert entries(scattered)[changed].state == "expired"


def test_daily_marts_keep_their_days_after_the_raw_rows_have_gone(settings):
    last = date(2026, 11, 20)
    simulate(settings.landing, 9, last, 3, 40)
    run(settings, last)
    before = _marts(settings)
    assert len(before) > 8
    through = last - timedelta(days=4)
    for name in EXPIRING:
        lake.compact(settings, name)
    assert close(settings, through) > 1000
    transform(settings, last, full_refresh=True)
    assert _lost(before, _marts(settings)) == {}


def test_rows_that_land_while_a_day_is_closing_are_applied_before_it_closes_or_counted_after(built):
    table = "raw_web_errors.errors"
    export(built, LAST, "errors", "between", [_error(DAY, "between")])
    lake.ingest(built, table)
    assert warehouse.close_days(built, table, DAY) is None
    assert lake.closed_through(built, "errors") is None
    transform(built, LAST)
    assert warehouse.close_days(built, table, DAY) is not None
    export(built, LAST, "errors", "late", [_error(DAY, "late")])
    (late,) = lake.ingest(built, table).read
    assert (late.rows_kept, late.rows_after_close) == (0, 1)
    assert lake.expire(built, table, DAY).rows == 2
    transform(built, LAST, full_refresh=True)
    with duckdb.connect(str(built.warehouse), read_only=True) as connection:
        assert connection.execute("select sum(error_count) from errors.fct_errors_daily").fetchone() == (2,)


def test_nothing_is_kept_or_expires_while_the_marts_are_half_rebuilt(built):
    warehouse.prepare(built, LAST, full_refresh=True)
    assert warehouse.close_days(built, "raw_web_errors.errors", DAY) is None


def test_what_comes_after_a_day_has_gone_is_applied_in_full_or_counted_after_close(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_USER_KEY", "the same visitors in every home of this test")
    last, through = date(2026, 11, 20), date(2026, 11, 4)
    days = [through + timedelta(days=number) for number in range(-2, 12)]
    prompt, late = replace(settings, home=tmp_path / "prompt"), replace(settings, home=tmp_path / "late")
    simulate(late.landing, 20, last, 3, 30)
    for feed in LATE:
        export(late, last, feed, "known", [row for day in days for row in EARLY[feed](day)])
    shutil.copytree(late.landing, prompt.landing)
    run(late, last)
    close(late, through)
    sealed = {feed: sealed_date(late, table) for feed, table in LATE.items()}
    reach = {feed: (day - through).days for feed, day in sealed.items()}
    assert reach == {"beacons": 10, "errors": 9, "probes": 7, "requests": 5, "sessions": 8}
    for feed, table in LATE.items():
        export(late, last, feed, "late", [row for day in days for row in ROWS[feed](day)])
        counted = {True: 0, False: 0} | Counter(day <= sealed[feed] for day in days for _ in ROWS[feed](day))
        (file,) = lake.ingest(late, table).read
        assert (file.rows_after_close, file.rows_kept) == (counted[True], counted[False]), feed
        export(prompt, last, feed, "late", [row for day in days if day > sealed[feed] for row in ROWS[feed](day)])
    run(prompt, last)
    close(prompt, through)
    for site in (prompt, late):
        transform(site, last)
    ledgers = {"operations.fct_ingested_files", "operations.fct_rejects_daily"}
    assert differences(prompt, late).keys() - ledgers == set()
    fresh = rebuilt_from_nothing(late, last)
    assert differences(late, fresh).keys() - ledgers == set()


def test_a_changed_file_leaves_the_rows_of_days_that_take_no_more(settings):
    deliver(settings, "old", [1, 25])
    deliver(settings, "other", [2, 26])
    lake.ingest(settings, CHECKS)
    lake.compact(settings, CHECKS, [DAY])
    lake.seal(settings, CHECKS, DAY)
    deliver(settings, "old", [3, 27, 28])
    (file,) = lake.ingest(settings, CHECKS).read
    assert (file.rows_kept, file.rows_after_close) == (2, 1)
    assert len(rows(settings, {DAY})) == 2
    assert len(rows(settings, {NEXT})) == 3
    assert lake.expire(settings, CHECKS, DAY).rows == 2
    assert len(rows(settings)) == 3
    assert stored(settings) == listed(settings)


def export(settings, day, feed, name, lines):
    """One more file of a feed in the export of a day."""
    header = HEADERS.get(feed)
    path = settings.landing / str(day) / f"{feed}-{name}.{'csv' if header else 'ndjson'}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in [*([header] if header else []), *lines]))


def close(settings, through):
    """Closes and expires every feed that expires, as the daily job does; returns the number of rows that left."""
    removed = 0
    for name in EXPIRING:
        assert warehouse.close_days(settings, name, through) is not None
        removed += lake.expire(settings, name, through).rows
    return removed


def _view(day, clock, of, **fields):
    """A beacon at a time of a day, of the page view and session that began on the day `of`."""
    at = {
        "id": f"v5-{day}-{clock}-{fields.get('name')}",
        "ts": f"{day}T{clock}:00Z",
        "url": "https://shop.example/cart",
    }
    return json.dumps({"name": "page_view", "page_view_id": f"late-{of}", "session_id": f"s-{of}", **at, **fields})


def _error(day, message):
    return json.dumps({"ts": f"{day}T00:04:00Z", "message": message, "page_view_id": f"late-{day - timedelta(days=1)}"})


def _reports(day):
    """Reports that belong to a view, and a view that belongs to a session, of the day before."""
    before = day - timedelta(days=1)
    yield _view(day, "00:05", before, name="LCP", value=1234, delta=1234)
    yield _view(day, "00:10", before, page_view_id=f"more-{day}")
    yield _view(day, "12:00", day, page_view_id=f"noon-{day}", session_id=f"noon-{day}")


LATE = {
    "beacons": "raw_web_vitals.beacons",
    "errors": "raw_web_errors.errors",
    "probes": "raw_probes.checks",
    "requests": "raw_requests.requests",
    "sessions": "raw_sessions.sessions",
}
HEADERS = {
    "probes": "checked_at,service,status,location",
    "requests": "minute,service,requests,errors",
    "sessions": "session_id,started_at,ended_at,page_views",
}
# What is known of each day before it closes, and what comes late for it.
EARLY = dict.fromkeys(LATE, lambda day: []) | {"beacons": lambda day: [_view(day, "23:55", day)]}
ROWS = {
    "beacons": _reports,
    "errors": lambda day: [_error(day, "late")],
    "probes": lambda day: [f"{day}T00:00:07Z,storefront,down,eu", f"{day}T00:01:07Z,storefront,down,eu"],
    "requests": lambda day: [f"{day}T00:00:00Z,storefront,100,7"],
    "sessions": lambda day: [f"own-{day},{day}T00:10:00Z,{day}T00:20:00Z,3"],
}


def _marts(settings):
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        names = [name for (name,) in connection.execute(HISTORY).fetchall()]
        return {name: sorted(connection.execute(f"from {name}").fetchall(), key=repr) for name in names}


def _lost(before, after):
    """For each mart that differs, how many rows there were and are."""
    return {name: (len(found), len(after[name])) for name, found in before.items() if found != after[name]}
