"""What has landed and is ready, by looking again and again."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestration import lake
from orchestration.alerts.landings import Watch
from orchestration.status import read_status

TODAY = datetime.now(UTC).date()
HEADER = "checked_at,service,status\n"


def land(settings, day, text="", name="probes.csv"):
    folder = settings.landing / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(HEADER + text)


@pytest.fixture
def settings(book):
    return book.settings


def test_a_file_is_ready_once_two_looks_found_it_the_same(settings):
    watch = Watch(settings)
    assert watch.ready() == {}
    land(settings, TODAY)
    assert watch.ready() == {}
    land(settings, TODAY, f"{TODAY}T00:00:00Z,shop,up\n")
    assert watch.ready() == {}
    assert watch.ready() == {"raw_probes.checks": {TODAY}}


def test_what_is_in_the_lake_is_not_looked_at_again_until_it_changes(settings):
    land(settings, TODAY, f"{TODAY}T00:00:00Z,shop,up\n")
    lake.ingest(settings, "raw_probes.checks", [TODAY])
    watch = Watch(settings)
    assert [watch.ready() for _ in range(3)] == [{}] * 3
    land(settings, TODAY, f"{TODAY}T00:00:00Z,shop,down\n{TODAY}T00:01:00Z,shop,down\n")
    assert [watch.ready() for _ in range(2)][1] == {"raw_probes.checks": {TODAY}}


def test_feeds_that_no_alert_is_in_a_hurry_for_are_left_alone(settings):
    land(settings, TODAY, name="orders.csv")
    watch = Watch(settings)
    assert [watch.ready() for _ in range(2)] == [{}, {}]


def test_the_days_after_the_newest_are_watched_whatever_the_date_is_today(settings):
    long_ago = TODAY - timedelta(days=400)
    land(settings, long_ago)
    lake.ingest(settings, "raw_probes.checks", [long_ago])
    watch = Watch(settings)
    land(settings, long_ago + timedelta(days=1))
    assert [watch.ready() for _ in range(2)][1] == {"raw_probes.checks": {long_ago + timedelta(days=1)}}


def test_old_days_wait_for_the_daily_run(settings):
    for back in range(10):
        land(settings, TODAY - timedelta(days=back))
    watch = Watch(settings)
    ready = [watch.ready() for _ in range(2)][1]
    assert min(ready["raw_probes.checks"]) >= TODAY - timedelta(days=3)


def test_a_file_that_cannot_be_read_keeps_no_other_waiting_and_is_told(settings):
    land(settings, TODAY, f"{TODAY}T00:00:00Z,shop,up\n")
    (settings.landing / str(TODAY) / "probes-locked.csv").symlink_to("/proc/self/mem")  # for the superuser, too
    watch = Watch(settings)
    ready = [watch.ready() for _ in range(2)][1]
    assert ready == {"raw_probes.checks": {TODAY}}
    assert list(watch.problems) == [f"{TODAY}/probes-locked.csv"]
    lake.ingest(settings, "raw_probes.checks", [TODAY], leave_out=watch.problems)
    assert [entry.path for entry in entries(settings)] == [f"{TODAY}/probes.csv"]
    assert watch.ready() == {}
    (problem,) = lake.unreadable_files(settings)
    assert problem == watch.problems[f"{TODAY}/probes-locked.csv"]
    assert "probes-locked.csv cannot be read (Input/output error); let the user" in problem
    assert problem in read_status(settings).lines()[-1]


def entries(settings):
    (manifest,) = lake.manifests(settings, "raw_probes.checks")
    return lake.read_manifest(manifest)
