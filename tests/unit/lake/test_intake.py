"""What came of files is told in figures of the manifests and in words."""

import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from orchestration import lake
from orchestration.lake.manifest import Entry, write_manifest
from orchestration.sources.reasons import REASONS
from orchestration.status import Status, read_status

ROOT = Path(__file__).parents[3]
ORDERS = "raw_orders.orders"
HEADER = "order_id,ordered_at,revenue,currency"


def land(settings, day, *rows):
    path = settings.landing / day / "orders.csv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([HEADER, *rows, ""]))


def test_events_that_do_not_fit_their_export_day_are_told_with_both_days(settings):
    path = settings.landing / "2026-11-20" / "probes.csv"
    path.parent.mkdir(parents=True)
    times = ["2026-11-23T12:00:00Z", "2026-11-23T12:01:00Z"]
    rows = [f"{at},storefront,up,here" for at in times]
    path.write_text("\n".join(["checked_at,service,status,location", *rows, ""]))
    table = "raw_probes.checks"
    lake.ingest(settings, table)
    (intake,) = lake.newest_intake(settings)
    assert (intake.rows_read, intake.rows_rejected, intake.reason) == (2, 2, "time_out_of_range")
    assert "all 2 rows" in intake.alarm
    assert "export day 2026-11-20, events of 2026-11-23" in intake.alarm


def test_the_most_frequent_reason_is_told_and_an_unreadable_time_comes_before_other_faults(settings):
    good = "o1,2026-11-27T09:00:00Z,9.90,EUR"
    land(settings, "2026-11-27", good, "o2,noon,ten,EUR", "o3,noon,1.00,EUR", "o4,2026-11-27T09:00:00Z,ten,EUR")
    report = lake.ingest(settings, ORDERS)
    intake = lake.intake_of(ORDERS, report.read)
    assert intake.message.startswith("orders: 1 file, 4 rows read, 1 kept, 3 rejected, most often (2 rows)")
    assert "bad_time ordered_at: the time cannot be read" in intake.message
    assert intake.has_many_rejects
    assert not intake.alarm


def test_the_status_speaks_of_the_newest_export_day_only(settings):
    land(settings, "2026-11-26", "o1,noon,1.00,EUR")
    land(settings, "2026-11-27", "o2,2026-11-27T09:00:00Z,9.90,EUR")
    lake.ingest(settings, ORDERS)
    (intake,) = read_status(settings).intake
    assert (intake.rows_read, intake.rows_kept, intake.rows_rejected) == (1, 1, 0)


@pytest.mark.parametrize("rejected", [0, 55])
def test_a_delivery_of_which_no_row_was_kept_is_not_well(settings, rejected):
    counts = [("bad_time", "ordered_at", rejected)] if rejected else []
    entry = Entry("x.csv", "", 1, 1, date(2026, 11, 27), 1, 55, 55 - rejected, rejected, reject_counts=counts)
    write_manifest(settings, ORDERS, entry.export_date, {entry.path: entry})
    status = replace(Status("healthy", "All is well"), intake=lake.newest_intake(settings))
    assert status.exit_code == int(rejected > 0)
    (line,) = [line for line in status.lines() if line.startswith("intake")]
    assert ("⚠" in line and "all 55 rows" in line) == (rejected > 0)
    assert status.as_dict()["intake"][0]["rows_rejected"] == rejected


def test_every_reason_that_the_docs_list_has_words():
    table = (ROOT / "orchestration/sources/README.md").read_text().split("## Why a row is a reject")[1].split("##")[0]
    listed = {code for line in table.splitlines() if "|" in line for code in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert len(listed) > 10
    assert listed <= set(REASONS)


def test_a_copied_home_has_no_changed_files(settings):
    land(settings, "2026-11-27", "o1,2026-11-27T09:00:00Z,9.90,EUR")
    lake.ingest(settings, ORDERS)
    copied = replace(settings, home=settings.home.with_name("copied"))
    shutil.copytree(settings.home, copied.home, copy_function=shutil.copyfile)
    file = copied.landing / "2026-11-27" / "orders.csv"
    assert file.stat().st_mtime_ns != (settings.landing / "2026-11-27" / "orders.csv").stat().st_mtime_ns
    assert lake.pending_files(copied) == []
    file.write_text(file.read_text().replace("9.90", "8.90"))
    assert len(lake.pending_files(copied)) == 1
