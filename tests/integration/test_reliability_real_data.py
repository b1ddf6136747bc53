"""Real exports mapped into our feeds: counts and durations are those that their publishers give."""

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from models.restoration import judge_restoration
from tests.integration.reliability_worlds import SELECT, build, deliver, rows, site

LAST_DAY = date(2024, 12, 31)
SPEAKS_FOR = timedelta(hours=2)
BROWSERS = ("chrome", "edge", "firefox", "safari")
DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("one_parse"),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real exports in {DATA}, which are not ours to ship"),
]


def instant(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def merged_seconds(intervals):
    """Seconds that any of the intervals covers."""
    total, end = 0.0, datetime.min.replace(tzinfo=UTC)
    for started, ended in sorted(intervals):
        total += max(0.0, (ended - max(started, end)).total_seconds())
        end = max(end, ended)
    return total


def rounded_median(values):
    """The smallest value that at least half of the values do not exceed."""
    return sorted(values)[(len(values) + 1) // 2 - 1]


@pytest.fixture(scope="module", params=["default", "upptime"])
def upptime(request, tmp_path_factory):
    """States of 18 services over ten days, whichever method is the contractual one."""
    with (DATA / "upptime_manticore" / "upptime_checks.csv").open() as file:
        states = list(csv.DictReader(file))
    checks = [
        {
            "service": Path(state["file"]).stem,
            "checked_at": state["lastUpdated"],
            "status": state["status"],
            "status_code": int(state["code"]),
            "response_ms": int(state["responseTime"]),
        }
        for state in states
    ]
    settings = site(tmp_path_factory.mktemp("upptime"), {"manual": 300}, method=request.param)
    deliver(settings, "2026-08-21/probes.ndjson", checks)
    build(settings, date(2026, 8, 21), "+fct_availability_daily +fct_outages")
    return settings


@pytest.fixture(scope="module")
def minutes_down():
    """What Upptime published as dailyMinutesDown, by service and day."""
    summary = json.loads((DATA / "upptime_manticore" / "history_summary.json").read_text())
    return {
        (service["slug"], date.fromisoformat(day)): minutes
        for service in summary
        for day, minutes in service["dailyMinutesDown"].items()
    }


@pytest.fixture(scope="module")
def incidents():
    """399 incidents of nearly three years, with impact windows that differ from the posted times."""
    return [json.loads(line) for line in (DATA / "github_status" / "incidents_to_2024.jsonl").open()]


@pytest.fixture(scope="module")
def logs():
    """Hourly checks with holes, by service."""
    found = {}
    for path in sorted((DATA / "probe_logs").glob("*_report.log")):
        lines = [line.split(", ") for line in path.read_text().splitlines() if line]
        found[path.stem.removesuffix("_report")] = {instant(f"{at}+00:00"): status for at, status in lines}
    return found


@pytest.fixture(scope="module")
def settings(tmp_path_factory, incidents, logs):
    """The incidents, the hourly checks and errors as four browsers write them, in one site."""
    settings = site(tmp_path_factory.mktemp("site"), dict.fromkeys(logs, 3600))
    deliver(settings, "incidents.ndjson", [as_incident(incident) for incident in incidents])
    by_day = defaultdict(list)
    for service, checks in logs.items():
        for at, status in checks.items():
            check = {"service": service, "status": "up" if status == "success" else "down"}
            by_day[at.date()].append(check | {"checked_at": at.isoformat()})
    for day, checks in by_day.items():
        deliver(settings, f"{day}/probes.ndjson", checks)
    events = [(f"javascript-xbrowser-{kind}{browser}", browser) for kind in ("", "http-") for browser in BROWSERS]
    events += [("javascript-exception-fallback-to-message", "chunk"), ("minified-javascript", "minified")]
    events += [("javascript-exception-fallback-to-message-whistles", "whistles")]
    deliver(settings, f"{LAST_DAY}/errors.ndjson", [as_error(*event) for event in events])
    build(settings, LAST_DAY, SELECT)
    return settings


def as_incident(incident):
    """An incident of GitHub's status page in our feed: it lasts as long as its impact."""
    return {
        "incident_id": incident["id"],
        "service": incident.get("components") or ["github"],
        "started_at": incident["downtime_start"],
        "detected_at": incident["started_at"],
        "restored_at": incident["downtime_end"],
        "resolved_at": incident["resolved_at"],
        "severity": incident["impact"] if incident["impact"] in {"minor", "major", "critical"} else None,
        "title": incident["title"],
        "url": incident["url"],
    }


def as_error(name, browser):
    """A Sentry event in our feed, its stack as the browser writes it."""
    event = json.loads((DATA / "sentry_events" / f"{name}.json").read_text())
    exception = event["exception"]["values"][0]
    frames = (exception.get("stacktrace") or {}).get("frames", [])
    return {
        "ts": f"{LAST_DAY}T12:00:00Z",
        "type": exception["type"],
        "message": exception["value"] or exception["type"],
        "fingerprint": (event.get("fingerprint") or [None])[0],
        "stack": "\n".join(as_line(frame, browser) for frame in reversed(frames)),
        "url": "https://shop.example/",
        "browser": browser if "http" not in name else f"{browser} over http",
    }


def as_line(frame, browser):
    function, place = frame.get("function"), frame["abs_path"]
    if frame.get("lineno"):
        place = f"{place}:{frame['lineno']}:{frame['colno']}"
    if browser in ("chrome", "edge"):
        return f"    at {function} ({place})" if function else f"    at {place}"
    return f"{function or ''}@{place}"


def counted(incidents):
    """Those that have a length, and were not posted as resolved before their impact ended."""
    return [
        incident
        for incident in incidents
        if incident["duration_minutes"] and incident["resolved_at"] >= incident["downtime_end"]
    ]


def test_every_published_minute_of_down_time_is_found_and_no_other(upptime, minutes_down):
    found = {
        (service, day): down_s / 60
        for service, day, down_s in rows(
            upptime,
            "select service, event_date, down_s from reliability.fct_availability_daily"
            " where method = 'upptime' and down_s > 0",
        )
    }
    assert found.keys() == minutes_down.keys()
    # Upptime counts from the minute in which it opened its issue: up to half a minute off, then rounded.
    assert max(abs(found[key] - minutes_down[key]) for key in minutes_down) < 0.55


def test_availability_is_what_is_left_of_the_day(upptime, minutes_down):
    shares = rows(
        upptime,
        "select down_s, availability_share from reliability.fct_availability_daily where method = 'upptime'",
    )
    assert shares
    assert all(share == pytest.approx(1 - down_s / 86400) for down_s, share in shares)


def test_outages_under_fifteen_minutes_do_not_count(upptime, minutes_down):
    durations = rows(
        upptime,
        "select service, event_date, duration_us / 1e6 from intermediate.int_outages_merged"
        " where method = 'upptime' and is_counted",
    )
    assert min(duration for *_, duration in durations) >= 900
    assert {(service, day) for service, day, _ in durations} == minutes_down.keys()
    assert sum(day == date(2026, 8, 15) for _, day, _ in durations) == 2


def test_every_incident_lasts_as_long_as_published(settings, incidents):
    found = rows(settings, "select incident_id, any_value(restore_s) from reliability.fct_incidents group by all")
    assert len(found) == len(incidents) == 399
    assert {identity: seconds / 60 for identity, seconds in found if seconds is not None} == {
        incident["id"]: incident["duration_minutes"] for incident in counted(incidents)
    }


def test_records_that_cannot_be_are_excluded_by_reason(settings):
    reasons = rows(
        settings,
        "select exclusion_reason, count(distinct incident_id) from reliability.fct_incidents"
        " where is_excluded group by all order by all",
    )
    assert reasons == [("unordered", 2), ("zero_length", 4)]


def test_months_count_exclusions_by_reason(settings):
    assert rows(
        settings,
        "select sum(excluded_count), sum(excluded_unordered_count), sum(excluded_zero_length_count),"
        " sum(excluded_negative_count) from reliability.fct_mttr_monthly where service = 'all' and severity = 'all'",
    ) == [(6, 2, 4, 0)]


def test_a_claim_about_real_incidents_is_judged(settings, incidents):
    """2024 against 2023: the published means and whatever the verdict is, the tests that make it agree."""
    frame = pd.DataFrame(
        {
            "event_date": pd.to_datetime([incident["downtime_start"][:10] for incident in counted(incidents)]),
            "restore_s": [incident["duration_minutes"] * 60.0 for incident in counted(incidents)],
            "is_open": False,
        }
    )
    (row,) = judge_restoration(frame, LAST_DAY, (date(2023, 1, 1), date(2023, 12, 31))).to_dict("records")
    for year, name in ((2023, "baseline"), (2024, "current")):
        seconds = frame.loc[frame["event_date"].dt.year == year, "restore_s"]
        assert row[f"{name}_count"] == len(seconds) > 100
        assert row[f"{name}_mttr_s"] == pytest.approx(seconds.mean())
    assert (row["verdict"], row["baseline_open_count"]) == ("missed", 0)
    assert row["reduction_upper"] < 0.5
    assert row["p_value_missed"] <= 0.025


def test_down_time_counts_overlapping_incidents_once(settings, incidents):
    by_service = defaultdict(list)
    for incident in counted(incidents):
        interval = (instant(incident["downtime_start"]), instant(incident["downtime_end"]))
        for service in {"all", *(incident.get("components") or ["github"])}:
            by_service[service].append(interval)
    found = dict(
        rows(
            settings,
            "select service, sum(downtime_s) from reliability.fct_mttr_monthly where severity = 'all' group by all"
            " having sum(incident_count) > 0",
        )
    )
    assert found == pytest.approx({service: merged_seconds(parts) for service, parts in by_service.items()})
    assert found["all"] < sum(incident["duration_minutes"] * 60 for incident in counted(incidents))


def test_months_count_mean_and_median_what_is_published(settings, incidents):
    months = defaultdict(list)
    for incident in counted(incidents):
        months[date.fromisoformat(incident["downtime_start"][:7] + "-01")].append(incident["duration_minutes"] * 60)
    found = rows(
        settings,
        "select month, incident_count, mttr_restore_mean_s, mttr_restore_median_s from reliability.fct_mttr_monthly"
        " where service = 'all' and severity = 'all'",
    )
    assert len(found) == len(pd.period_range(min(month for month, *_ in found), LAST_DAY, freq="M"))
    assert {month: values for month, *values in found if values[0]} == {
        month: pytest.approx([len(lengths), sum(lengths) / len(lengths), rounded_median(lengths)])
        for month, lengths in months.items()
    }


def test_every_check_is_counted(settings, logs):
    found = rows(settings, "select service, sum(check_count)::int from reliability.fct_checks_daily group by all")
    assert {service: count for service, count in found if count} == {
        service: len(checks) for service, checks in logs.items()
    }


def test_time_is_known_for_two_hours_after_a_check_and_no_longer(settings, logs):
    found = rows(
        settings,
        "select service, sum(up_s + down_s) from reliability.fct_availability_daily"
        " where is_contractual group by service",
    )
    known = {}
    for service, checks in logs.items():
        times = sorted(checks)
        gaps = [min(later - at, SPEAKS_FOR) for at, later in pairwise(times)]
        known[service] = sum(gaps, SPEAKS_FOR).total_seconds()
        # The only check of one log that fails is its last, after a hole: unconfirmed, it says nothing.
        if checks[times[-1]] == "failed":
            known[service] -= SPEAKS_FOR.total_seconds()
    assert dict(found) == pytest.approx(known)


def test_a_hole_of_three_hours_and_a_quarter_is_unknown_after_two_hours(settings, logs):
    assert {instant("2021-06-10 22:36+00:00"), instant("2021-06-11 01:52+00:00")} <= logs["hn"].keys()
    assert rows(
        settings,
        "select unknown_s, unknown_no_check_s, availability_share, coverage_share < 1 from reliability.fct_availability"
        " where service = 'hn' and event_date = '2021-06-11' and grain = 'day' and is_contractual",
    ) == [((1 * 60 + 16) * 60, (1 * 60 + 16) * 60, 1.0, True)]


def test_a_single_failure_between_good_checks_is_no_outage(settings, logs):
    failures = sum(status == "failed" for checks in logs.values() for status in checks.values())
    assert failures > 0
    assert rows(settings, "select * from reliability.fct_outages") == []


def test_one_error_seen_by_four_browsers_is_one_group(settings):
    groups = dict(rows(settings, "select browser, error_group_id from errors.fct_errors_daily"))
    for kind in ("", " over http"):
        assert len({groups[browser + kind] for browser in BROWSERS}) == 1
    assert len(set(groups.values())) == 4


def test_a_message_is_masked_and_its_kind_is_told(settings):
    groups = rows(
        settings,
        "select browser, category, message from errors.fct_errors_daily where browser in ('chunk', 'whistles')",
    )
    found = {browser: (category, message) for browser, category, message in groups}
    assert found["chunk"][0] == "chunk_load"
    assert found["chunk"][1].startswith("Loading chunk <number> failed.")
    assert not any(character.isdigit() for character in found["whistles"][1])
    assert "@" not in found["whistles"][1]
