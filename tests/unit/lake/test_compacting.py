"""Putting small files together changes no row, whatever happens meanwhile."""

import threading
from datetime import timedelta

import duckdb
import pytest

from orchestration import lake
from orchestration.lake import compacting
from tests.unit.lake.monitor import (
    CHECKS,
    DAY,
    deliver,
    dying,
    entries,
    ingest_one_by_one,
    listed,
    rejects,
    rows,
    stored,
)


@pytest.fixture
def scattered(settings, made_once):
    """Four files of one day on two event dates, each with a reject, in Parquet files of their own; then a newer day."""
    return made_once(_scatter, settings)


def _scatter(settings):
    for number in range(4):
        deliver(settings, number, [20 - number, 23 + number, 5], bad=1)
    deliver(settings, "newer", [1], day=DAY + timedelta(days=1))
    deliver(settings, "newest", [2], day=DAY + timedelta(days=1))
    ingest_one_by_one(settings)


def test_compaction_changes_no_row_and_no_reject(scattered):
    before = rows(scattered), rejects(scattered)
    report = lake.compact(scattered, CHECKS)
    assert (rows(scattered), rejects(scattered)) == before
    assert len(before[0]) == 14
    assert len(before[1]) == 4
    assert report.days == [DAY]
    assert (report.files_before, report.files_after) == (4 + 3 + 4, 3)


@pytest.mark.slow
def test_a_thousand_small_files_become_one_for_each_event_date(settings):
    for number in range(1000):
        deliver(settings, number, [number % 24, 24 + number % 3])
    ingest_one_by_one(settings, size=100)
    before = rows(settings)
    assert len(stored(settings)) == 20
    lake.compact(settings, CHECKS, [DAY])
    assert [path.parent.name for path in stored(settings)] == ["event_date=2026-11-10", "event_date=2026-11-11"]
    assert listed(settings) == stored(settings)
    assert rows(settings) == before
    assert len(before) == 2000


def test_rows_are_in_the_order_of_event_time(scattered):
    lake.compact(scattered, CHECKS)
    for path in lake.parquet_files(scattered, CHECKS, {DAY}):
        times = [time for (time,) in duckdb.execute("select checked_at from read_parquet(?)", [str(path)]).fetchall()]
        assert times == sorted(times)


def test_the_newest_delivered_day_is_left_alone(scattered):
    newest = {DAY + timedelta(days=1)}
    before = [path for path in lake.parquet_files(scattered, CHECKS, newest) if path.name.startswith("2026-11-11")]
    lake.compact(scattered, CHECKS)
    assert len(before) == 2
    assert set(before) <= set(lake.parquet_files(scattered, CHECKS, newest))


def test_compacting_again_does_nothing(scattered):
    lake.compact(scattered, CHECKS)
    before = stored(scattered), entries(scattered)
    report = lake.compact(scattered, CHECKS)
    assert not report
    assert str(report) == "nothing to put together"
    assert (stored(scattered), entries(scattered)) == before


def test_large_files_are_not_written_again(scattered, monkeypatch):
    monkeypatch.setattr(compacting, "_LARGE_BYTES", 1)
    assert not lake.compact(scattered, CHECKS)


def test_ingesting_again_after_a_compaction_reads_nothing(scattered):
    lake.compact(scattered, CHECKS)
    assert lake.ingest(scattered, CHECKS).read == []
    assert lake.pending_days(scattered) == []


def test_a_file_that_changes_after_a_compaction_loses_its_old_rows_only(scattered):
    lake.compact(scattered, CHECKS)
    others = [row for row in rows(scattered) if not row[-3].endswith("probes-2.csv")]
    deliver(scattered, 2, [7])
    lake.ingest(scattered, CHECKS)
    name = f"{DAY}/probes-2.csv"
    now = rows(scattered)
    assert [row for row in now if row[-3] != name] == others
    assert [row[7].hour for row in now if row[-3] == name] == [7]
    assert len([row for row in rejects(scattered) if row[0] == name]) == 0
    assert len(rejects(scattered)) == 3
    lake.compact(scattered, CHECKS)
    assert rows(scattered) == now


def test_counts_in_the_ledger_stay(scattered):
    def counts():
        return {path: (entry.rows_read, entry.event_dates) for path, entry in entries(scattered).items()}

    before = counts()
    lake.compact(scattered, CHECKS)
    assert counts() == before


@pytest.mark.parametrize("step", range(7))
def test_a_compaction_that_dies_at_any_step_is_ended_by_the_next(scattered, step):
    before = rows(scattered), rejects(scattered)
    with dying(scattered, after=step):
        lake.compact(scattered, CHECKS)
    assert (rows(scattered), rejects(scattered)) == before
    lake.compact(scattered, CHECKS)
    assert (rows(scattered), rejects(scattered)) == before
    assert stored(scattered) == listed(scattered)
    assert len([path for path in stored(scattered) if path.name.startswith(str(DAY))]) == 3


def test_a_reader_keeps_its_files_until_it_is_done(scattered):
    before = rows(scattered)
    with lake.reading(scattered):
        files = lake.parquet_files(scattered, CHECKS)
        lake.compact(scattered, CHECKS)
        assert all(path.exists() for path in files)
        assert rows(scattered) == before
    lake.compact(scattered, CHECKS)
    assert stored(scattered) == listed(scattered)
    assert rows(scattered) == before


def test_readers_ingests_and_compactions_side_by_side_see_whole_copies(scattered):
    before, seen, stop = rows(scattered), [], threading.Event()

    def read():
        while not stop.is_set():
            seen.append([row for row in rows(scattered) if "extra" not in row[-3]])

    def compact():
        while not stop.is_set():
            lake.compact(scattered, CHECKS, [DAY])

    threads = [threading.Thread(target=target) for target in (read, compact, compact)]
    for thread in threads:
        thread.start()
    for number in range(3):
        deliver(scattered, f"extra-{number}", [number])
        lake.ingest(scattered, CHECKS, [DAY])
    stop.set()
    for thread in threads:
        thread.join()
    assert len(seen) > 2
    assert all(copy == before for copy in seen)
    assert sorted(row[7].hour for row in rows(scattered) if "extra" in row[-3]) == list(range(3))
    lake.compact(scattered, CHECKS, [DAY])
    assert stored(scattered) == listed(scattered)
