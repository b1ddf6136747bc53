import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import duckdb
import pytest

from orchestration.settings import load_settings
from orchestration.status import LastRun, headlines, read_status, read_status_at

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
CHECK = {"suite": "coverage", "check_name": "every_step_has_a_probe", "observed": "1 of 2", "missing": "buy, pay"}
METRIC = {
    "value": 0.031,
    "value_lower": 0.028,
    "value_upper": 0.034,
    "sample_count": 9000,
    "unit": "share",
    "window_days": 28,
}


@pytest.fixture
def tell(tmp_path):
    """Publish a status.json with the given differences, and read what the command would say."""
    settings = replace(load_settings(), home=tmp_path)

    def tell(**told):
        document = {
            "status": "healthy", "reason": "All 2 critical services are well", "as_of": str(YESTERDAY),
            "generated_at": "2026-11-21T05:20:00+00:00", "blocked": None, "failing_checks": [], "services": [],
            "metrics": {"conversion_share": METRIC}, **told,
        }  # fmt: skip
        (tmp_path / "published").mkdir(exist_ok=True)
        (tmp_path / "published" / "status.json").write_text(json.dumps(document))
        return read_status(settings)

    tell.settings = settings
    return tell


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({}, 0),
        ({"status": "degraded"}, 1),
        ({"failing_checks": [CHECK]}, 1),
        ({"as_of": str(YESTERDAY - timedelta(days=1))}, 1),
        ({"status": "critical"}, 2),
        ({"status": "unknown"}, 2),
        ({"blocked": {"reasons": ["orders are missing"], "as_of": None, "at": "…"}}, 2),
    ],
)
def test_the_exit_status_says_how_bad_it_is(tell, told, code):
    assert tell(**told).exit_code == code


def test_before_the_first_release_nothing_is_known(tmp_path):
    status = read_status(replace(load_settings(), home=tmp_path))
    assert (status.health, status.exit_code) == ("unknown", 2)
    assert "Nothing has been published yet" in status.lines()[0]


def test_people_read_what_fails_what_is_blocked_and_how_late_it_is(tell):
    blocked = {"reasons": ["orders are missing"], "as_of": None, "at": "…"}
    text = "\n".join(tell(blocked=blocked, failing_checks=[CHECK], as_of=str(YESTERDAY - timedelta(days=4))).lines())
    assert "orders are missing" in text
    assert "every step has a probe: 1 of 2 (buy, pay)" in text
    assert "5 days behind" in text


def test_all_instants_are_told_alike(tell):
    status = tell(generated_at="2026-11-21T05:20:59.123456+00:00")
    run = LastRun("a", "SUCCESS", "2026-11-21T05:19:00+00:00", 12.0)
    lines = replace(status, last_run=run).lines()
    assert f"data       up to {YESTERDAY}; published 2026-11-21 05:20 UTC" in lines
    assert "last run   success, started 2026-11-21 05:19 UTC, 12 s" in lines
    assert "last run   queued, not started" in replace(status, last_run=LastRun("a", "QUEUED", None, None)).lines()


def test_services_and_journeys_are_told_with_reason_and_since_when(tell):
    since = "2026-11-20T13:20:00+00:00"
    service = {"name": "api", "status": "critical", "reason": "a confirmed outage is open", "since": since}
    journey = service | {"name": "buy", "reason": "api: a confirmed outage is open"}
    lines = tell(
        status="critical", reason=journey["reason"], since=since, services=[service], journeys=[journey]
    ).lines()
    assert lines[0] == "critical   since 2026-11-20 13:20 UTC: api: a confirmed outage is open"
    assert "service    api: critical since 2026-11-20 13:20 UTC: a confirmed outage is open" in lines
    assert "journey    buy: critical since 2026-11-20 13:20 UTC: api: a confirmed outage is open" in lines


@pytest.fixture
def publish_health(tell):
    """A release whose application was critical for two hours of yesterday."""
    tell()
    noon = datetime.combine(YESTERDAY, time(12))
    with duckdb.connect(str(tell.settings.published / "marts.duckdb")) as connection:
        connection.execute("create schema reliability; create schema dimensions")
        connection.execute("create table dimensions.dim_feeds as select 'probes' as feed, true as is_delivered")
        connection.execute(
            "create table reliability.fct_health_changes as select 'application' as subject_kind, 'Shop' as subject,"
            " unnest(['healthy', 'critical', 'healthy']) as health, unnest(['well', 'api: down', 'well']) as reason,"
            " unnest([$1, $2, $3]::timestamp[]) as since_at, since_at as started_at,"
            " unnest([$2, $3, null]::timestamp[]) as ended_at",
            [noon - timedelta(days=3), noon, noon + timedelta(hours=2)],
        )
    return noon.replace(tzinfo=UTC)


def test_health_can_be_asked_for_as_of_any_instant(tell, publish_health):
    during = read_status_at(tell.settings, publish_health + timedelta(minutes=90))
    assert (during.health, during.reason, during.exit_code) == ("critical", "api: down", 2)
    assert datetime.fromisoformat(during.since) == publish_health
    after = read_status_at(tell.settings, publish_health + timedelta(hours=2))
    assert (after.health, after.exit_code) == ("healthy", 0)
    assert read_status_at(tell.settings, publish_health - timedelta(days=9)).health == "unknown"


def test_of_a_time_after_the_data_nothing_is_known(tell, publish_health):
    later = read_status_at(tell.settings, publish_health + timedelta(days=1))
    assert (later.health, later.exit_code) == ("unknown", 2)
    assert str(YESTERDAY) in later.reason


def test_files_that_wait_in_landing_are_counted(tell):
    folder = tell.settings.landing / "2026-11-01"
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("order_id,ordered_at,revenue\n")
    assert tell().waiting_files == 1
    assert any("1 files" in line for line in tell().lines())


def test_a_headline_has_its_interval_and_sample_size_and_speaks_of_no_kpi_that_the_site_does_not_deliver(tell):
    tell(metrics={"conversion_share": METRIC, "ux_score": METRIC | {"value": None}})
    assert dict(headlines(tell.settings)) == {
        "Conversion": "3.10% (2.80% to 3.40%), n = 9,000, last 28 days",
        "UX score (0 to 100)": "not known yet",
    }
