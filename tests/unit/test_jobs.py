"""The schedule and the sensor, evaluated for real on a landing folder."""

from dataclasses import replace
from datetime import UTC, date, datetime

import dagster as dg
import pytest

from orchestration import lake, runs
from orchestration.alerts import notes
from orchestration.defs import jobs, resources
from orchestration.defs.ingest import housekeeping, raw_tables
from orchestration.settings import load_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    return replace(load_settings(), home=tmp_path)


@pytest.fixture
def instance(settings):
    with runs.open_instance(settings) as instance:
        yield instance


@pytest.fixture(scope="module")
def definitions():
    """Jobs with what they select, but for the tables of dbt."""
    lake = dg.Definitions(assets=[housekeeping.compacted, housekeeping.expired])
    return dg.Definitions.merge(jobs.jobs(), resources.resources(), raw_tables.ingest(), lake)


@pytest.fixture
def look(definitions, instance):
    """What the sensor says, given its cursor: run requests, cursor and why it skipped."""
    (sensor,), repository = definitions.sensors, definitions.get_repository_def()

    def look(cursor=None):
        tick = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor, repository_def=repository))
        return tick.run_requests, tick.cursor or cursor, tick.skip_message or ""

    return look


def deliver(settings, day, text="order_id,ordered_at,revenue\n"):
    folder = settings.landing / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.csv").write_text(text)


def test_the_schedule_is_on_and_daily_in_the_zone_of_the_site(definitions, settings):
    (schedule,) = definitions.schedules
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.cron_schedule == "15 5 * * *"
    assert schedule.execution_timezone == settings.config.site.timezone


def test_the_schedule_runs_the_newest_day_and_takes_in_whatever_has_landed(definitions, settings, instance):
    (schedule,) = definitions.schedules
    context = dg.build_schedule_context(
        instance,
        scheduled_execution_time=datetime(2026, 11, 4, 5, 15, tzinfo=UTC),
        repository_def=definitions.get_repository_def(),
    )
    assert "Nothing has landed yet" in schedule.evaluate_tick(context).skip_message
    deliver(settings, date(2026, 11, 1))
    deliver(settings, date(2026, 11, 3))
    (request,) = schedule.evaluate_tick(context).run_requests
    assert request.partition_key == "2026-11-03"
    assert request.tags[runs.DAYS] == runs.PENDING


def test_the_sensor_waits_until_files_have_stopped_changing(settings, look):
    assert "Nothing new has landed" in look()[2]
    deliver(settings, date(2026, 11, 3))
    requests, cursor, why = look()
    assert (requests, why) == ([], "1 new files are still landing.")
    deliver(settings, date(2026, 11, 3), "order_id,ordered_at,revenue\n1,2026-11-03T10:00:00Z,5\n")
    requests, cursor, why = look(cursor)
    assert requests == []
    (request,), cursor, _ = look(cursor)
    assert request.partition_key == "2026-11-03"
    assert request.run_key == cursor
    assert request.tags[runs.DAYS] == runs.PENDING


def test_the_sensor_starts_nothing_while_a_run_waits_or_works(settings, look, instance):
    @dg.job
    def another():
        """Some run."""

    deliver(settings, date(2026, 11, 3))
    cursor = look()[1]
    run = instance.create_run_for_job(another)
    requests, _, why = look(cursor)
    assert (requests, "wait for the run" in why) == ([], True)
    instance.report_run_failed(run)
    assert len(look(cursor)[0]) == 1


def test_the_same_state_of_landing_has_the_same_key_so_that_a_failed_run_is_not_repeated_for_ever(settings, look):
    deliver(settings, date(2026, 11, 3))
    cursor = look()[1]
    assert look(cursor)[0][0].run_key == look(cursor)[0][0].run_key


def test_what_alerts_have_taken_in_starts_a_run_unless_one_was_begun_a_moment_ago(
    settings, look, instance, monkeypatch
):
    deliver(settings, date(2026, 11, 3))
    lake.ingest(settings, "raw_orders.orders")
    assert "Nothing new has landed" in look()[2]
    notes.taken_in(settings)
    (request,), _, _ = look()
    assert request.tags[runs.DAYS] == runs.PENDING
    assert look()[0][0].run_key == request.run_key
    monkeypatch.setattr(runs, "seconds_since_last_run", lambda instance: 60)
    assert "quarter of an hour" in look()[2]
    notes.looked_at_the_lake(settings)
    notes.built(settings)
    assert "Nothing new has landed" in look()[2]
