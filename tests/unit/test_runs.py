import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context

from orchestration import runs
from orchestration.defs.resources import EXPORT_DAYS
from orchestration.settings import load_settings

TODAY = datetime.now(UTC).date()


@pytest.fixture
def settings(tmp_path):
    return replace(load_settings(), home=tmp_path)


def deliver(settings, *days):
    for day in days:
        folder = settings.landing / str(day)
        folder.mkdir(parents=True)
        (folder / "orders.csv").write_text("order_id,ordered_at,revenue\n")


def test_without_a_day_a_run_takes_in_whatever_is_new(settings):
    deliver(settings, date(2026, 11, 1), date(2026, 11, 3))
    assert runs.selection(settings, None, None, False) == runs.Selection("2026-11-03", {runs.DAYS: runs.PENDING})


def test_a_day_is_its_partition_and_what_the_run_looks_back_from(settings):
    deliver(settings, date(2026, 11, 1), date(2026, 11, 3))
    chosen = runs.selection(settings, date(2026, 11, 1), date(2026, 11, 1), True)
    assert chosen == runs.Selection("2026-11-01", {runs.FULL_REFRESH: "true", runs.AS_OF: "2026-11-01"})


def test_a_landing_folder_of_an_old_year_is_a_day_and_one_from_before_the_web_is_refused_by_name(settings):
    deliver(settings, date(1960, 1, 2))
    with pytest.raises(ValueError, match="1960-01-02 is before 1991-01-01, the earliest export day"):
        runs.selection(settings, None, None, False)
    deliver(settings, date(2011, 12, 8))
    assert runs.selection(settings, None, None, False).partition_key == "2011-12-08"
    assert EXPORT_DAYS.has_partition_key("2011-12-08")


def test_export_days_are_listed_as_dagster_lists_them_on_each_day():
    stock = dg.DailyPartitionsDefinition(start_date=runs.FIRST_DAY.isoformat(), end_offset=1)
    for day in (TODAY, TODAY - timedelta(days=1), TODAY):
        with partition_loading_context(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
            listed = EXPORT_DAYS.get_partition_keys()
            assert listed == stock.get_partition_keys()
            assert listed[-1] == str(day)
            listed.clear()
    assert stock == EXPORT_DAYS


def test_a_range_is_one_run(settings):
    deliver(settings, date(2026, 11, 1), date(2026, 11, 3))
    chosen = runs.selection(settings, date(2026, 11, 1), date(2026, 11, 9), False)
    assert chosen == runs.Selection(None, {runs.RANGE_START: "2026-11-01", runs.RANGE_END: "2026-11-09"})


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 5), date(2026, 11, 4), "not a range of days"),
        (TODAY, TODAY + timedelta(days=1), "not a range of days that have been"),
        (date(2026, 10, 1), date(2026, 10, 2), "deliveries reach from 2026-11-01 to 2026-11-03"),
        (None, date(2026, 11, 3), "--from"),
    ],
)
def test_days_that_cannot_be_run_are_refused_with_what_could(settings, first, last, said):
    deliver(settings, date(2026, 11, 1), date(2026, 11, 3))
    with pytest.raises(ValueError, match=said):
        runs.selection(settings, first, last, False)


def test_before_the_first_delivery_the_message_names_every_place_where_files_are_looked_for(settings):
    with pytest.raises(ValueError, match="Nothing has landed yet") as refused:
        runs.selection(settings, None, None, False)
    assert all(str(settings.landing / source.path) in str(refused.value) for source in settings.config.sources)


def test_a_delivery_from_the_future_is_not_the_newest_day(settings):
    deliver(settings, date(2026, 11, 1), TODAY + timedelta(days=30))
    assert runs.newest_partition(settings) == "2026-11-01"


def test_the_instance_sends_nothing_home_runs_one_at_a_time_and_keeps_all_under_the_home(settings):
    with runs.open_instance(settings) as instance:
        assert not instance.telemetry_enabled
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
        assert instance.root_directory == str(settings.dagster_home)
        assert os.environ["DAGSTER_HOME"] == str(settings.dagster_home)
    assert (settings.dagster_home / "history" / "runs" / "index.db").exists()


def begun(instance):
    """A run that the instance takes for one that is going on."""

    @dg.job
    def some_job():
        """Nothing."""

    run = instance.create_run_for_job(some_job)
    return run.run_id


@pytest.mark.slow
def test_a_run_whose_process_was_killed_is_reported_as_failed(settings):
    with runs.open_instance(settings) as instance:
        run_id = begun(instance)
        holder = (
            "import time; from pathlib import Path; from types import SimpleNamespace; from orchestration import runs\n"
            f"with runs.alive(SimpleNamespace(dagster_home=Path({str(settings.dagster_home)!r})), {run_id!r}):\n"
            "    print('ready', flush=True); time.sleep(60)"
        )
        process = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        assert runs.bury_orphans(instance, settings) == []
        assert runs.busy(instance)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert runs.bury_orphans(instance, settings) == [run_id]
        assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE
        assert not runs.busy(instance)
        assert list((settings.dagster_home / "alive").iterdir()) == []


def test_a_run_that_ended_by_itself_leaves_no_note(settings):
    with runs.alive(settings, "a"), runs.alive(settings, "a"):
        assert [path.name for path in (settings.dagster_home / "alive").iterdir()] == ["a"]
    assert list((settings.dagster_home / "alive").iterdir()) == []
