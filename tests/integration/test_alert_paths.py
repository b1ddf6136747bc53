"""The daily run and the fast path judge by the same SQL and write one ledger: whichever comes first, one alert."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orchestration import dbt, lake, warehouse
from orchestration.alerts import batch, fast, ledger, notes
from tests.integration import reliability_worlds as worlds

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]

DAY = worlds.LAST_DAY
SELECT = ["+fct_rule_evaluations"]
SERVICES = {"shop": 60, "till": 60}
DOWN = range(600, 660)  # minutes of the last day in which the shop is down
SLOS = [worlds.objective("shop-up", "shop", "up", "known", 0.999)]


def checks(day, first, last):
    """A check of each service in each of the minutes."""
    return [
        {
            "service": service,
            "location": "default",
            "status": "down" if (day, service) == (DAY, "shop") and minute in DOWN else "up",
            "checked_at": f"{day}T{minute // 60:02}:{minute % 60:02}:00Z",
        }
        for service in SERVICES
        for minute in range(first, last)
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory, one_parse):
    """Quiet days that have been built."""
    targets = {"targets": [{"name": "all", "url_env": "NOT_SET"}]}
    settings = worlds.site(tmp_path_factory.mktemp("built"), SERVICES, slos=SLOS, alerts=targets)
    critical = [service.model_copy(update={"critical": True}) for service in settings.config.services]
    settings = replace(settings, config=settings.config.model_copy(update={"services": critical}))
    for back in range(4, 0, -1):
        day = DAY - timedelta(days=back)
        worlds.deliver(settings, f"{day}/probes.ndjson", checks(day, 0, 1440))
    by_the_daily_run(settings)
    return settings


@pytest.fixture
def site(built, tmp_path):
    """A copy of it, with the morning of a bad day in landing; nobody has looked at that yet."""
    settings = replace(built, home=Path(shutil.copytree(built.home, tmp_path / "home")))
    worlds.deliver(settings, f"{DAY}/probes-1.ndjson", checks(DAY, 0, 630))
    return settings


def by_the_daily_run(settings):
    """What the steps of a run do, up to the ledger."""
    for table in worlds.RAW_TABLES:
        lake.ingest(settings, table, None)
    notes.looked_at_the_lake(settings)
    with warehouse.writing(settings):
        prepared = warehouse.prepare(settings, max(lake.delivered_days(settings)))
        dbt.build(settings, SELECT, full_refresh=prepared.full_refresh)
        warehouse.finish(settings)
        notes.built(settings)
    batch.merge(settings, "run", notes.built_from(settings))


def by_the_fast_path(settings):
    fast.take_in(settings, {"raw_probes.checks": {DAY}}, "tick")


def story(settings):
    """Alerts and what was planned to be told, without clocks and paths."""
    with ledger.opened(settings) as connection:
        alerts = connection.execute(
            "select rule, subject, severity, state, opened_at, resolved_at, cascade_id, value from alerts"
            " where resolution is distinct from 'withdrawn' order by all"
        ).fetchall()
        told = connection.execute("select cascade_id, notice from notifications order by sequence").fetchall()
    return alerts, told


@pytest.mark.parametrize(
    "order",
    [(by_the_fast_path, by_the_daily_run), (by_the_daily_run, by_the_fast_path)],
    ids=["the fast path first", "the daily run first"],
)
def test_an_outage_is_one_alert_told_once_whichever_path_sees_it_first(site, order):
    order[0](site)
    alerts, told = story(site)
    assert ("outage", "shop", "critical", "open") in [alert[:4] for alert in alerts]
    assert {alert[1] for alert in alerts} == {"shop", "shop-up", "Test"}  # the service, its objective, the application
    assert [notice for _, notice in told].count("opened") == 1
    if order[0] is by_the_daily_run:
        assert "taken_in" not in {path.name for path in (site.home / "alerts").iterdir()}
    order[1](site)
    assert story(site) == (alerts, told)


def test_what_goes_on_by_the_one_path_is_ended_by_the_other(site):
    by_the_fast_path(site)
    worlds.deliver(site, f"{DAY}/probes-2.ndjson", checks(DAY, 630, 1440))
    by_the_daily_run(site)
    alerts, told = story(site)
    assert {alert[3] for alert in alerts} == {"resolved"}
    assert "resolved" in [notice for _, notice in told]


def test_both_paths_make_the_same_judgements(site):
    by_the_fast_path(site)
    by_the_daily_run(site)
    with ledger.opened(site) as connection:
        (judged,) = connection.execute("select count(*) from evaluations where path = 'fast'").fetchone()
        differing = connection.execute(
            "select later.* exclude (inputs) from evaluations as later semi join evaluations as first"
            " on first.path = 'fast' and later.path = 'batch' and first.rule = later.rule"
            " and first.subject = later.subject and first.severity = later.severity"
            " and first.window_s is not distinct from later.window_s and first.evaluated_at = later.evaluated_at"
        ).fetchall()
    assert judged > 200
    assert differing == []


def test_files_that_alerts_took_in_are_told_to_the_marts_until_a_run_has_seen_them(site):
    assert notes.waiting_since(site) is None
    by_the_fast_path(site)
    assert notes.waiting_since(site) is not None
    by_the_daily_run(site)
    assert notes.waiting_since(site) is None


def test_a_file_for_an_old_day_waits_for_the_daily_run(site):
    old = DAY - timedelta(days=4)
    rows = [row | {"status": "down"} for row in checks(old, 300, 360) if row["service"] == "till"]
    worlds.deliver(site, f"{old}/probes-late.ndjson", rows)
    fast.take_in(site, {"raw_probes.checks": {old}}, "tick")
    assert story(site) == ([], [])
    assert notes.waiting_since(site) is not None


def test_what_was_taken_in_when_the_process_died_is_judged_by_the_next(site):
    notes.taken_in(site)
    lake.ingest(site, "raw_probes.checks", [DAY])
    assert fast.watch(site, 0, "next tick").merged[0].events == {"opened": len(story(site)[0])}
    assert fast.watch(site, 0, "and the one after").merged == []


def test_a_file_that_cannot_be_read_is_told_and_keeps_no_other_waiting(site):
    (site.landing / f"{DAY}/probes-locked.ndjson").symlink_to("/proc/self/mem")  # for the superuser, too
    watched = fast.watch(site, 2, "tick")
    assert watched.files == [f"{DAY}/probes-1.ndjson"]
    assert watched.merged[0].events == {"opened": len(story(site)[0])}
    assert "probes-locked.ndjson cannot be read" in str(watched)


def test_the_landing_of_an_alert_is_that_of_the_file_with_its_event(site):
    by_the_fast_path(site)
    landed = (site.landing / f"{DAY}/probes-1.ndjson").stat().st_ctime
    with ledger.opened(site) as connection:
        rows = connection.execute("select event_at, landed_at, written_at from alerts where rule = 'outage'").fetchall()
    ((event_at, landed_at, written_at),) = rows
    assert datetime(DAY.year, DAY.month, DAY.day, 10) <= event_at  # noqa: DTZ001 - the ledger's instants have no zone
    assert abs(landed_at.timestamp() - datetime.utcfromtimestamp(landed).timestamp()) < 0.001  # noqa: DTZ004
    assert landed_at <= written_at
