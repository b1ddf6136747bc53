"""Processes that are killed while they keep the lake, and what the marts know after raw rows have gone."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import lake, warehouse
from orchestration.settings import load_settings
from orchestration.simulate import simulate
from tests.integration.transform_worlds import run, transform
from tests.unit.lake.monitor import CHECKS, DAY, deliver, entries, ingest_one_by_one, listed, rejects, rows, stored

pytestmark = pytest.mark.slow

NEXT = DAY + timedelta(days=1)
KILLED = 9
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
def settings(tmp_path, monkeypatch):
    """The default configuration with an empty home."""
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "dbt"))
    return replace(load_settings(), home=tmp_path / "home")


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
    removed = 0
    for name, raw_table in lake.RAW_TABLES.items():
        if settings.retention_days(raw_table.name) is not None:
            lake.compact(settings, name)
            warehouse.close_days(settings, name, through)
            removed += lake.expire(settings, name, through).rows
    assert removed > 1000
    transform(settings, last, full_refresh=True)
    assert _lost(before, _marts(settings)) == {}


def _marts(settings):
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        names = [name for (name,) in connection.execute(HISTORY).fetchall()]
        return {name: sorted(connection.execute(f"from {name}").fetchall(), key=repr) for name in names}


def _lost(before, after):
    """For each mart that differs, how many rows there were and are."""
    return {name: (len(found), len(after[name])) for name, found in before.items() if found != after[name]}
