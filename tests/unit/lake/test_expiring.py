"""Rows past their retention leave for good; what was counted stays counted."""

import os
from dataclasses import asdict
from datetime import timedelta

import pytest

from orchestration import lake
from orchestration.lake import writing
from orchestration.lake.manifest import record_closed
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

NEXT = DAY + timedelta(days=1)
OLD, ACROSS, NEW = f"{DAY}/probes-old.csv", f"{DAY}/probes-across.csv", f"{NEXT}/probes-new.csv"


@pytest.fixture
def aging(settings, made_once):
    """Two files of a day, one of which reaches into the next, and one of the next day; each with a reject."""
    return made_once(_age, settings)


def _age(settings):
    deliver(settings, "old", [1, 2], bad=1)
    deliver(settings, "across", [3, 25], bad=1)
    deliver(settings, "new", [4, 5], day=NEXT, bad=1)
    ingest_one_by_one(settings)


def test_rows_through_the_day_go_and_later_ones_stay(aging):
    later = rows(aging, {NEXT})
    report = lake.expire(aging, CHECKS, DAY)
    assert rows(aging) == later
    assert len(later) == 3
    assert (report.rows, report.files, report.rejects, report.days) == (3, 4, 2, [DAY])
    assert report.bytes > 0
    assert "3 rows of 2026-11-10 to 2026-11-10 and 2 rejects removed" in str(report)
    assert stored(aging) == listed(aging)
    assert not (aging.lake / "raw_probes/checks" / f"event_date={DAY}").exists()
    assert lake.closed_through(aging, "probes") == DAY


def test_rejects_of_expired_export_days_go_and_their_counts_stay(aging):
    lake.expire(aging, CHECKS, DAY)
    assert [path for path, *_ in rejects(aging)] == [NEW]
    assert entries(aging)[OLD].rows_rejected == 1
    assert entries(aging)[OLD].reject_counts != []


def test_the_ledger_outlives_the_rows(aging):
    before = entries(aging)
    lake.expire(aging, CHECKS, DAY)
    after = entries(aging)
    assert {path: entry.state for path, entry in after.items()} == {OLD: "expired", ACROSS: "live", NEW: "live"}
    for path, entry in after.items():
        kept = asdict(before[path]) | {name: getattr(entry, name) for name in ("state", "parquet", "rejects")}
        assert asdict(entry) == kept


def test_expired_files_that_still_lie_in_landing_are_not_ingested_again(aging):
    lake.expire(aging, CHECKS, DAY)
    before = rows(aging)
    landed = sorted(aging.landing.rglob("*.csv"))
    for path in landed:
        os.utime(path)
    assert lake.ingest(aging, CHECKS).read == []
    assert rows(aging) == before
    assert lake.pending_days(aging) == []
    assert sorted(aging.landing.rglob("*.csv")) == landed


def test_another_way_of_reading_does_not_bring_expired_files_back(aging):
    lake.expire(aging, CHECKS, DAY)
    aging.config.site.url_parameters_kept.append("utm_source")
    os.utime(aging.landing / OLD)
    assert [file.path for file in lake.ingest(aging, CHECKS).read] == [ACROSS, NEW]
    assert entries(aging)[OLD].rows_kept == 2


def test_a_changed_file_of_a_closed_day_counts_after_close(aging):
    lake.expire(aging, CHECKS, DAY)
    before = rows(aging)
    deliver(aging, "old", [1, 2, 6])
    deliver(aging, "across", [3, 25, 7])
    (across, old) = lake.ingest(aging, CHECKS).read
    assert (old.rows_kept, old.rows_after_close) == (0, 3)
    assert (across.rows_kept, across.rows_after_close) == (1, 2)
    assert [row[:8] for row in rows(aging)] == [row[:8] for row in before]


def test_a_file_that_comes_after_its_day_was_closed_adds_no_row(aging):
    lake.expire(aging, CHECKS, DAY)
    before = rows(aging)
    deliver(aging, "late", [8, 9])
    (late,) = lake.ingest(aging, CHECKS).read
    assert (late.rows_kept, late.rows_after_close) == (0, 2)
    assert rows(aging) == before


def test_expiring_again_and_earlier_days_changes_nothing(aging):
    lake.expire(aging, CHECKS, DAY)
    before = rows(aging), stored(aging), entries(aging)
    for through in (DAY, DAY - timedelta(days=5)):
        report = lake.expire(aging, CHECKS, through)
        assert not report
        assert str(report) == f"nothing to remove; closed through {DAY}"
    assert (rows(aging), stored(aging), entries(aging)) == before


def test_a_file_that_reaches_into_later_days_expires_with_its_last_one(aging):
    lake.expire(aging, CHECKS, DAY)
    lake.expire(aging, CHECKS, NEXT)
    assert {entry.state for entry in entries(aging).values()} == {"expired"}
    assert (rows(aging), rejects(aging), stored(aging)) == ([], [], [])


def test_compacted_days_expire_too(aging):
    lake.compact(aging, CHECKS, [DAY, NEXT])
    report = lake.expire(aging, CHECKS, DAY)
    assert (report.rows, report.files) == (3, 2)
    assert len(rows(aging)) == 3
    assert stored(aging) == listed(aging)


def test_entities_never_expire(settings):
    with pytest.raises(ValueError, match="never expire"):
        lake.expire(settings, "raw_orders.orders", DAY)


def test_an_ingest_that_began_before_the_day_was_closed_leaves_no_row(aging, monkeypatch):
    deliver(aging, "racing", [10])
    with monkeypatch.context() as patch:
        # It reads what is closed, and then the day closes.
        patch.setattr(writing, "sealed_date", lambda *_: record_closed(aging, CHECKS, DAY) and None)
        lake.ingest(aging, CHECKS)
    assert len(rows(aging, {DAY})) == 4
    assert lake.expire(aging, CHECKS, DAY).rows == 4
    assert rows(aging, {DAY}) == []


@pytest.mark.parametrize("step", range(7))
def test_an_expiry_that_dies_at_any_step_is_ended_by_the_next(aging, step):
    later = rows(aging, {NEXT})
    with dying(aging, after=step):
        lake.expire(aging, CHECKS, DAY)
    deliver(aging, "late", [8])
    lake.ingest(aging, CHECKS)
    lake.expire(aging, CHECKS, DAY)
    assert rows(aging) == later
    assert stored(aging) == listed(aging)
    assert entries(aging)[OLD].state == "expired"
    assert entries(aging)[OLD].rows_kept == 2
    assert not (aging.lake / "raw_probes/checks" / f"event_date={DAY}").exists()
