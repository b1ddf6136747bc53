"""Outages and availability against a plain reading of the rules, second by second, over many random services."""

import random
from datetime import date, timedelta

import numpy as np
import pytest

from tests.integration.reliability_worlds import (
    DAY,
    DAYS,
    FIRST_DAY,
    LAST_DAY,
    SELECT,
    START,
    Service,
    build,
    deliver,
    exports,
    random_service,
    rows,
    site,
)

UNKNOWN, UP, DEGRADED, DOWN, MAINTENANCE = range(5)
STATES = {"up": UP, "degraded": DEGRADED, "down": DOWN, "maintenance": MAINTENANCE}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def one_parse(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(tmp_path_factory.mktemp("dbt")))
        yield


def location_seconds(checks: dict[int, str], interval: int) -> np.ndarray:
    """The state of each second as one location knows it: two failures confirm, one success ends, a hole is unknown."""
    seconds = np.zeros((DAYS + 1) * DAY, np.int8)
    spoken = [(at, status) for at, status in sorted(checks.items()) if status != "pending"]
    ends = [
        min(at + 2 * interval, spoken[nth + 1][0] if nth + 1 < len(spoken) else at + DAY, at + DAY)
        for nth, (at, _) in enumerate(spoken)
    ]
    nth = 0
    while nth < len(spoken):
        run = [nth]
        while run[-1] + 1 < len(spoken) and ends[run[-1]] == spoken[run[-1] + 1][0]:
            if spoken[run[-1] + 1][1] != "down" or spoken[nth][1] != "down":
                break
            run.append(run[-1] + 1)
        state = STATES[spoken[nth][1]]
        if state == DOWN and len(run) < 2:
            before = seconds[spoken[nth][0] - 1] if spoken[nth][0] else UNKNOWN
            state = UP if before in (UP, DEGRADED) else UNKNOWN
        seconds[spoken[nth][0] : ends[run[-1]]] = state
        nth = run[-1] + 1
    return seconds


def service_seconds(service: Service) -> np.ndarray:
    """The state of each second as more than half of the locations that know have it."""
    known = np.array([location_seconds(checks, service.interval) for checks in service.checks.values()])
    votes = np.isin(known, (UP, DEGRADED, DOWN)).sum(axis=0)
    down, degraded = (known == DOWN).sum(axis=0), (known == DEGRADED).sum(axis=0)
    seconds = np.where(votes > 0, UP, np.where((known == MAINTENANCE).any(axis=0), MAINTENANCE, UNKNOWN))
    seconds[(2 * (down + degraded) > votes) & (votes > 0)] = DEGRADED
    seconds[(2 * down > votes) & (votes > 0)] = DOWN
    return seconds[: DAYS * DAY]


def excused_seconds(service: Service) -> np.ndarray:
    """Whether announced maintenance covers each second."""
    excused = np.zeros(DAYS * DAY, bool)
    for begin, end in service.windows:
        excused[begin:end] = True
    return excused


def expected_outages(service: Service) -> set[tuple[int, int, int]]:
    """Start, length and length without maintenance of each outage."""
    down, excused = service_seconds(service) == DOWN, excused_seconds(service)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], down.astype(np.int8), [0]))))
    return {
        (int(begin), int(end - begin), int((~excused[begin:end]).sum()))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    }


def expected_days(service: Service) -> dict[date, tuple[int, ...]]:
    """Seconds up, degraded, down, in maintenance and unknown of each day since the first known."""
    seconds = np.where(excused_seconds(service), MAINTENANCE, service_seconds(service))
    first = int(np.flatnonzero(service_seconds(service) != UNKNOWN)[0]) // DAY
    days = {}
    for day in range(first, DAYS):
        counts = np.bincount(seconds[day * DAY : (day + 1) * DAY], minlength=5)
        days[FIRST_DAY + timedelta(days=day)] = tuple(
            int(counts[s]) for s in (UP, DEGRADED, DOWN, MAINTENANCE, UNKNOWN)
        )
    return days


def found_outages(settings):
    query = (
        "select service, epoch(started_at)::bigint, duration_s, downtime_s, is_in_maintenance"
        " from reliability.fct_outages"
    )
    return {
        (service, started - int(START.timestamp()), duration, downtime)
        for service, started, duration, downtime, is_excused in rows(settings, query)
        if is_excused == (downtime == 0)
    }


@pytest.fixture(scope="module")
def services():
    rng = random.Random(5)
    return {f"service-{number}": random_service(rng) for number in range(60)}


@pytest.fixture(scope="module")
def settings(tmp_path_factory, services):
    settings = site(tmp_path_factory.mktemp("random"), {name: service.interval for name, service in services.items()})
    for path, exported in exports(services, random.Random(6)).items():
        deliver(settings, path, exported)
    build(settings, LAST_DAY, SELECT)
    return settings


def test_outages_are_those_that_the_rules_confirm(settings, services):
    expected = {(name, *outage) for name, service in services.items() for outage in expected_outages(service)}
    assert len(expected) > 100
    assert found_outages(settings) == expected


def test_each_second_of_each_day_is_accounted_for(settings, services):
    found = rows(
        settings,
        "select service, event_date, up_s, degraded_s, down_s, maintenance_s, unknown_s"
        " from reliability.fct_availability_daily",
    )
    assert {(service, day): tuple(seconds) for service, day, *seconds in found} == {
        (name, day): seconds for name, service in services.items() for day, seconds in expected_days(service).items()
    }
