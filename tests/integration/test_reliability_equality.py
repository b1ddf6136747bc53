"""Probes, maintenance, incidents and errors in any order, late and delivered again: the marts equal a rebuild."""

import random
from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from orchestration import lake, warehouse
from tests.integration.reliability_worlds import (
    DAYS,
    FIRST_DAY,
    LAST_DAY,
    SELECT,
    START,
    build,
    deliver,
    exports,
    objective,
    random_service,
    rows,
    site,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]

# What keeps closed days has to be there when they close.
WITH_HISTORY = (
    f"{SELECT} +config.meta.history:true +fct_health_changes +fct_availability"
    " +int_burn_rates_judged +fct_slo_daily +fct_budget_spent +fct_error_budget_policies"
)
MONTH_OF_NEW_YORK = [
    {"duration": "1M", "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "America/New_York"}}
]


def marts(settings):
    """Every row of every reliability and error mart, sorted."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where schema_name in ('reliability', 'errors') or table_name = 'int_burn_rates_judged' order by all"
        ).fetchall()
        return {name: connection.execute(f"from {name} order by all").fetchall() for (name,) in names}


def rebuilt(settings):
    """The same lake in a warehouse that never saw anything before."""
    fresh = replace(settings, home=settings.home.with_name("fresh"))
    fresh.home.mkdir()
    fresh.lake.symlink_to(settings.lake)
    fresh.landing.symlink_to(settings.landing)
    build(fresh, LAST_DAY, WITH_HISTORY)
    return fresh


def incidents(rng, names):
    """Incidents as they stand at some time: some still open, some flawed, some over several services."""
    found = []
    for number in range(30):
        started = START + timedelta(hours=rng.uniform(0, 24 * DAYS))
        ended = started + timedelta(minutes=rng.choice((0, 5, 50, 500)))
        incident = {
            "incident_id": f"INC-{number}",
            "service": rng.sample(names, rng.choice((1, 1, 3))),
            "started_at": started.isoformat(),
            "severity": rng.choice(("minor", "major", None)),
        }
        incident |= {"restored_at": ended.isoformat()} if rng.random() < 0.6 else {}
        resolved = ended + timedelta(minutes=rng.choice((-9, 20)))
        incident |= {"resolved_at": resolved.isoformat()} if rng.random() < 0.7 else {}
        found.append(incident)
    return found


def long_window(days):
    """Maintenance announced late, over several days."""
    starts, ends = START + timedelta(hours=20), START + timedelta(hours=20, days=days)
    return {"service": "service-1", "starts_at": starts.isoformat(), "ends_at": ends.isoformat()}


def errors(rng):
    """Errors of few groups on few days, so that a late one often is the first of its group."""
    files = {}
    for number in range(60):
        at = START + timedelta(hours=rng.uniform(0, 24 * DAYS - 1))
        day = min(at.date() + timedelta(days=rng.choice((0, 0, 1, 2))), LAST_DAY)
        error = {"ts": at.isoformat(), "type": "Error", "message": f"{'abcdefghijkl'[number % 12]} broke {number}"}
        files.setdefault(f"{day}/errors.ndjson", []).append(error | {"url": "https://shop.example/"})
    return files


def promises(names):
    """Objectives of every kind that checks can be judged by."""
    slices = {"budgetingMethod": "Timeslices"}
    tenth = [{"target": 0.9, "timeSliceTarget": 0.5, "timeSliceWindow": "10m"}]
    minute = [{"target": 0.95, "timeSliceTarget": 0.99, "timeSliceWindow": "1m"}]
    kinds = (
        {},
        {"timeWindow": MONTH_OF_NEW_YORK},
        slices | {"objectives": tenth},
        slices | {"objectives": minute},
    )
    found = [objective(f"{name}-up", name, "up", "known", 0.99, **kinds[at % 4]) for at, name in enumerate(names)]
    found += [objective(f"{name}-works", name, "good_checks", "checks", 0.9) for name in names[::3]]
    whole = objective("whole", names[0], "up", "known", 0.99)
    parts = [found[0]["spec"]["indicator"], found[len(names)]["spec"]["indicator"]]
    del whole["spec"]["indicator"]
    whole["spec"]["objectives"] = [
        {"displayName": f"Part {weight}", "target": 0.9, "compositeWeight": weight, "indicator": indicator}
        for weight, indicator in enumerate(parts, 1)
    ]
    return [*found, whole]


def corrections(rng, names):
    """Periods that were agreed not to count, of services and of one objective."""
    subjects = [{"service": name} for name in names[:4]] + [{"objective": f"{names[0]}-works"}]
    found = []
    for number, subject in enumerate(subjects):
        start = START + timedelta(hours=rng.uniform(0, 24 * DAYS))
        end = start + timedelta(hours=rng.uniform(1, 40))
        found.append(
            {"name": f"agreed-{number}", "reason": "agreed", "from": start.isoformat(), "to": end.isoformat()} | subject
        )
    return found


def untrue_burn_rates(settings):
    """Burn rates that are not the plain sums over the buckets of their window, composites aside."""
    return rows(
        settings,
        """
        with summed as (
            select
                rates.objective, rates.window_s, rates.bucket_starts_at, rates.bad_share, rates.event_count,
                1 - sum(sli.good_amount) / nullif(sum(sli.total_amount), 0) as share, sum(sli.event_count) as events
            from reliability.fct_burn_rates as rates
            inner join reliability.fct_sli_5m as sli
                on rates.objective = sli.objective
                and sli.bucket_starts_at <= rates.bucket_starts_at
                and sli.bucket_starts_at > rates.bucket_starts_at - to_seconds(rates.window_s)
            where rates.window_s in (1800, 21600)
            group by all
        )
        select * from summed where share is null or abs(bad_share - share) > 1e-9 or event_count <> events
        """,
    )


def test_whatever_arrives_when_and_whatever_expires_the_marts_equal_a_rebuild_from_nothing(tmp_path):
    rng = random.Random(1)
    services = {f"service-{number}": random_service(rng) for number in range(25)}
    consequence = {"remaining_share_below": 0, "consequence": "freeze", "description": "Only repairs are released."}
    settings = site(
        tmp_path,
        {name: service.interval for name, service in services.items()},
        slos=promises(list(services)),
        corrections=corrections(rng, list(services)),
        error_budget_policies=[{"name": "usual", "thresholds": [consequence]}],
    )
    files = list((exports(services, rng) | errors(rng)).items())
    rng.shuffle(files)
    files.append((f"{FIRST_DAY}/maintenance-long.csv", [long_window(3)]))
    for batch in range(3):
        for path, exported in files[batch::3]:
            deliver(settings, path, exported)
        for path, exported in files[:batch]:
            deliver(settings, path, [row for row in exported if rng.random() < 0.8])
        deliver(settings, "incidents.ndjson", incidents(rng, list(services)))
        prepared = build(settings, LAST_DAY - timedelta(days=2 - batch), WITH_HISTORY)
        assert prepared.full_refresh == (batch == 0)
    found = marts(settings)
    few = {name for name, table in found.items() if len(table) <= 5}
    assert few == {"errors.fct_release_errors_daily", "reliability.fct_requests_daily"}
    assert found == marts(rebuilt(settings))
    assert untrue_burn_rates(settings) == []

    warehouse.close_days(settings, "raw_probes.checks", FIRST_DAY)
    lake.expire(settings, "raw_probes.checks", FIRST_DAY)
    build(settings, LAST_DAY, WITH_HISTORY, full_refresh=True)
    first = rows(settings, "select min(event_date) from staging.stg_probes__checks")
    assert first == [(FIRST_DAY + timedelta(days=1),)]
    assert marts(settings) == found
