"""A file that is forgotten has no rows until its content changes, wherever its rows lie."""

import pytest

from orchestration import lake, warehouse
from orchestration.warehouse.ledger import create_ledger, sync_ledger, touched_dates
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

BAD, GOOD = f"{DAY}/probes-bad.csv", f"{DAY}/probes-good.csv"


@pytest.fixture(params=[1, 2], ids=["in files of their own", "in shared files"])
def two_files(settings, request):
    """A file with a reject beside another one, whose rows lie in Parquet files of their own or in the same."""
    deliver(settings, "bad", [1, 25], bad=1)
    deliver(settings, "good", [2, 26], bad=1)
    ingest_one_by_one(settings, request.param)
    return settings


def test_rows_and_rejects_of_the_file_go_and_all_others_stay(two_files):
    (forgotten,) = lake.forget(two_files, BAD)
    assert (forgotten.raw_table, forgotten.rows, forgotten.rejects, forgotten.sealed_rows) == (CHECKS, 2, 1, 0)
    assert {row[2] for row in rows(two_files)} == {"good"}
    assert [path for path, *_ in rejects(two_files)] == [GOOD]
    assert stored(two_files) == listed(two_files)
    entry = entries(two_files)[BAD]
    assert (entry.state, entry.rows_read, entry.rows_kept, entry.rows_rejected) == ("forgotten", 0, 0, 0)


def test_a_forgotten_file_is_kept_out_until_its_content_changes(two_files):
    lake.forget(two_files, BAD)
    (two_files.landing / BAD).touch()
    assert lake.ingest(two_files, CHECKS).read == []
    assert lake.forgotten_files(two_files) == [(CHECKS, BAD)]
    deliver(two_files, "bad", [3])
    assert [file.path for file in lake.ingest(two_files, CHECKS).read] == [BAD]
    assert len(rows(two_files)) == 3
    assert lake.forgotten_files(two_files) == []


def test_a_file_that_left_landing_is_forgotten_by_its_path_and_forgetting_twice_is_forgetting_once(two_files):
    (two_files.landing / BAD).unlink()
    assert lake.forget(two_files, str(two_files.landing / BAD))
    assert lake.forget(two_files, BAD) == []
    assert len(rows(two_files)) == 2


def test_undoing_reads_the_file_again(two_files):
    before = rows(two_files)
    lake.forget(two_files, BAD)
    assert lake.remember(two_files, BAD) == [CHECKS]
    assert lake.pending_days(two_files) == [DAY]
    lake.ingest(two_files, CHECKS)
    assert rows(two_files) == before
    assert lake.remember(two_files, BAD) == []


def test_a_name_that_was_never_ingested_is_met_with_the_nearest_ones(two_files):
    with pytest.raises(LookupError, match=r"probes-bda.csv was never ingested: did you mean .*probes-bad.csv"):
        lake.forget(two_files, f"{DAY}/probes-bda.csv")


def test_the_next_run_rebuilds_the_days_that_the_file_had_rows_of(two_files):
    def touched():
        with warehouse.connect(two_files) as connection:
            create_ledger(connection)
            connection.execute("delete from pipeline.touched_dates")
            sync_ledger(connection, two_files)
            return touched_dates(connection, CHECKS)

    days = touched()
    assert touched() == set()
    lake.forget(two_files, BAD)
    assert touched() == days


def test_rows_of_closed_days_stay_and_are_counted(two_files):
    lake.seal(two_files, CHECKS, DAY)
    (forgotten,) = lake.forget(two_files, BAD)
    assert (forgotten.rows, forgotten.sealed_rows) == (1, 1)
    assert len(rows(two_files)) == 3


@pytest.mark.parametrize("step", range(4))
def test_after_a_crash_the_same_call_does_the_work(two_files, step):
    before = rows(two_files)
    try:
        with dying(two_files, step):
            lake.forget(two_files, BAD)
    except BaseException:  # it needed fewer steps than that, and nothing died
        pass
    assert rows(two_files) in (before, [row for row in before if row[2] == "good"])
    lake.forget(two_files, BAD)
    lake.collect_garbage(two_files, [CHECKS])
    assert {row[2] for row in rows(two_files)} == {"good"}
    assert stored(two_files) == listed(two_files)
