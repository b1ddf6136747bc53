"""Outages and availability against a plain reading of the rules, second by second, over many random services."""

import math
import random
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest

from tests.integration.reliability_worlds import (
    DAY,
    DAYS,
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

STATES = ("up", "degraded", "down", "maintenance", "no_check", "unconfirmed", "pending")
UP, DEGRADED, DOWN, MAINTENANCE, NO_CHECK, UNCONFIRMED, PENDING = range(7)
SECONDS = "up_s, degraded_s, down_s, maintenance_s, unknown_no_check_s, unknown_unconfirmed_s, unknown_pending_s"
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


@dataclass(frozen=True)
class Rules:
    """What a preset says about states."""

    failures: int = 1
    pending: str = "ignored"
    intervals: float = 2
    needs: str = "majority"
    is_excused: bool = True
    shortest: int = 0
    is_sliced: bool = False


PRESETS = {
    "default": Rules(failures=2),
    "uptime_kuma": Rules(pending="down"),
    "gatus": Rules(is_excused=False),
    "upptime": Rules(intervals=math.inf, needs="any", shortest=900),
    "datadog_monitor": Rules(),
    "datadog_time_slice": Rules(is_sliced=True),
    "statuspage": Rules(),
}


def location_seconds(checks: dict[int, str], interval: int, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """The state of each second as one location knows it, and whether an ignored pending check would speak for it."""
    seconds, pending = np.full((DAYS + 1) * DAY, NO_CHECK, np.int8), np.zeros((DAYS + 1) * DAY, bool)
    speaks = min(rules.intervals * interval, DAY if rules.failures == 2 else 2 * DAY)
    named = {at: rules.pending if status == "pending" else status for at, status in sorted(checks.items())}
    for at, status in named.items():
        pending[at : int(at + speaks)] |= status == "ignored"
    spoken = [(at, STATES.index(status)) for at, status in named.items() if status != "ignored"]
    following = [at for at, _ in spoken[1:]] + [math.inf]
    ends = [int(min(at + speaks, later)) for (at, _), later in zip(spoken, following, strict=True)]
    nth = 0
    while nth < len(spoken):
        last, (at, state) = nth, spoken[nth]
        while state == DOWN and last + 1 < len(spoken) and ends[last] == spoken[last + 1][0]:
            if spoken[last + 1][1] != DOWN:
                break
            last += 1
        if state == DOWN and last - nth + 1 < rules.failures:
            before = seconds[at - 1] if at else NO_CHECK
            state = UP if before in (UP, DEGRADED) else UNCONFIRMED
        seconds[at : ends[last]] = state
        nth = last + 1
    return seconds, pending


def service_seconds(service: Service, rules: Rules) -> np.ndarray:
    """The state of each second as so many of the locations that know have it."""
    told = [location_seconds(checks, service.interval, rules) for checks in service.checks.values()]
    known, pending = np.array([seconds for seconds, _ in told]), np.array([ignored for _, ignored in told])
    votes = np.isin(known, (UP, DEGRADED, DOWN)).sum(axis=0)
    needed = np.minimum(1, votes) if rules.needs == "any" else votes // 2 + 1
    down, degraded = (known == DOWN).sum(axis=0), (known == DEGRADED).sum(axis=0)
    silent = np.where(pending.any(axis=0), PENDING, NO_CHECK)
    for state in (UNCONFIRMED, MAINTENANCE):
        silent = np.where((known == state).any(axis=0), state, silent)
    seconds = np.where(votes > 0, UP, silent)
    seconds[(down + degraded >= needed) & (votes > 0)] = DEGRADED
    seconds[(down >= needed) & (votes > 0)] = DOWN
    return seconds[: DAYS * DAY]


def excused_seconds(service: Service) -> np.ndarray:
    """Whether announced maintenance covers each second."""
    excused = np.zeros(DAYS * DAY, bool)
    for begin, end in service.windows:
        excused[begin:end] = True
    return excused


def outages(seconds: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each stretch of down time."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (seconds == DOWN).astype(np.int8), [0]))))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def expected_outages(service: Service) -> set[tuple[int, int, int]]:
    """Start, length and length without maintenance of each outage under the default method."""
    excused = excused_seconds(service)
    return {
        (begin, end - begin, int((~excused[begin:end]).sum()))
        for begin, end in outages(service_seconds(service, PRESETS["default"]))
    }


def accounted_seconds(service: Service, rules: Rules) -> np.ndarray:
    """What becomes of each second: short outages are up, maintenance interrupts, a slice with down time is down."""
    seconds = service_seconds(service, rules)
    for begin, end in outages(seconds):
        if end - begin < rules.shortest:
            seconds[begin:end] = UP
    if rules.is_excused:
        seconds[excused_seconds(service)] = MAINTENANCE
    if rules.is_sliced:
        slices = seconds.reshape(-1, 300)
        slices[(slices == DOWN).any(axis=1)[:, None] & np.isin(slices, (UP, DEGRADED))] = DOWN
    return seconds


def counted(seconds: np.ndarray, length: int) -> np.ndarray:
    """Seconds by state of each period of `length` seconds."""
    return np.array([np.bincount(period, minlength=7) for period in seconds.reshape(-1, length)])


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
    build(settings, LAST_DAY, f"{SELECT} +fct_health_changes")
    return settings


def test_outages_are_those_that_the_rules_confirm(settings, services):
    expected = {(name, *outage) for name, service in services.items() for outage in expected_outages(service)}
    assert len(expected) > 100
    assert found_outages(settings) == expected


@pytest.fixture(scope="module")
def accounts(services):
    """What becomes of each second of each service under each preset."""
    return {
        (name, preset): accounted_seconds(service, rules)
        for name, service in services.items()
        for preset, rules in PRESETS.items()
    }


def found_periods(settings, grain, preset):
    found = defaultdict(dict)
    for service, began, *seconds in rows(
        settings,
        f"select service, epoch(period_starts_at)::bigint, {SECONDS} from reliability.fct_availability"
        f" where grain = '{grain}' and method = '{preset}'",
    ):
        found[service][began - int(START.timestamp())] = tuple(seconds)
    return found


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("grain", "length"), [("5m", 300), ("hour", 3600), ("day", DAY)])
def test_each_second_of_each_period_is_accounted_for(settings, services, accounts, preset, grain, length):
    found = found_periods(settings, grain, preset)
    assert found.keys() == services.keys()
    for name in services:
        seconds = accounts[name, preset]
        periods = counted(seconds, length)
        spoken = counted(service_seconds(services[name], PRESETS[preset]), DAY)[:, NO_CHECK] < DAY
        first = int(np.argmax(spoken))
        is_shown = np.arange(DAYS) >= first if grain == "day" else spoken
        expected = {
            nth * length: tuple(map(int, period)) for nth, period in enumerate(periods) if is_shown[nth * length // DAY]
        }
        assert found[name] == expected


def test_months_and_ninety_days_are_the_sums_of_their_days(settings):
    def sums(condition):
        return rows(
            settings,
            "select service, method, sum(degraded_s), sum(maintenance_s), sum(unknown_unconfirmed_s), sum(check_count),"
            " sum(outage_count), sum(state_change_count), bool_or(is_flapping) from reliability.fct_availability"
            f" where {condition} group by all order by all",
        )

    assert sums("grain = 'month'") == sums("grain = '90d'") == sums("grain = 'day'")
    assert len(sums("grain = 'day'")) == 60 * 7


def test_a_method_that_counts_weighs_checks(settings, services):
    """Kuma: pending is down, maintenance in neither, an empty window is 0. Gatus: successes by checks."""
    found = dict(
        ((service, method), (good, total, share))
        for service, method, good, total, share in rows(
            settings,
            "select service, method, good_amount, total_amount, availability_share from reliability.fct_availability"
            " where grain = 'month' and amount_unit = 'checks'",
        )
    )
    for name, service in services.items():
        excused = excused_seconds(service)
        told = [(at, status) for checks in service.checks.values() for at, status in checks.items()]
        good = sum(status in ("up", "degraded") for _, status in told)
        bad = sum(status == "down" for _, status in told)
        assert found[name, "gatus"] == (good, good + bad, pytest.approx(good / (good + bad)))
        good = sum(status in ("up", "degraded") and not excused[at] for at, status in told)
        bad = sum(status in ("down", "pending") and not excused[at] for at, status in told)
        assert found[name, "uptime_kuma"] == (good, good + bad, pytest.approx(good / (good + bad)))
    empty = rows(
        settings,
        "select method, any_value(availability_share), count(*) > 9 from reliability.fct_availability"
        " where grain = 'hour' and amount_unit = 'checks' and total_amount = 0 group by all order by all",
    )
    assert empty == [("gatus", None, True), ("uptime_kuma", 0, True)]


def test_an_outage_is_confirmed_by_the_check_that_makes_its_number_up(settings, services):
    """Of services with one location: the second failing check."""
    found = rows(
        settings,
        "select service, epoch(started_at)::bigint, epoch(confirmed_at)::bigint from reliability.fct_outages"
        " where location_count = 1",
    )
    alone = [outage for outage in found if len(services[outage[0]].checks) == 1]
    assert len(alone) > 20
    begin = int(START.timestamp())
    for name, started, confirmed in alone:
        (checks,) = services[name].checks.values()
        failed = [at for at, status in sorted(checks.items()) if status == "down" and at >= started - begin]
        assert (failed[0] + begin, failed[1] + begin) == (started, confirmed)


def expected_health(service: Service, open_since: int | None) -> np.ndarray:
    """The health of each second; "" before the first check."""
    seconds, excused = service_seconds(service, PRESETS["default"]), excused_seconds(service)
    told = sorted(at for checks in service.checks.values() for at in checks)
    is_heard = np.zeros(DAYS * DAY, bool)
    for at in told:
        is_heard[at : at + 2 * service.interval] = True
    is_down = seconds == DOWN
    if open_since is not None:
        is_down[open_since:] = True
    health = np.where(is_heard | excused, "healthy", "unknown").astype("U8")
    health[(seconds == DEGRADED) & ~excused] = "degraded"
    health[is_down & ~excused] = "critical"
    health[: told[0]] = ""
    return health


def test_each_second_of_a_service_has_the_health_that_its_checks_give_it(settings, services):
    begin = int(START.timestamp())
    still_open = {
        service: started - begin
        for service, started in rows(
            settings, "select service, epoch(started_at)::bigint from reliability.fct_outages where is_open"
        )
    }
    found = {name: np.full(DAYS * DAY, "", "U8") for name in services}
    for name, health, started, ended in rows(
        settings,
        f"select subject, health, epoch(started_at)::bigint, coalesce(epoch(ended_at)::bigint, {begin + DAYS * DAY})"
        " from reliability.fct_health_changes where subject_kind = 'service'",
    ):
        stretch = found[name][started - begin : ended - begin]
        assert (stretch == "").all(), "two rows speak for one second"
        stretch[:] = health
    assert still_open
    for name, service in services.items():
        assert (found[name] == expected_health(service, still_open.get(name))).all(), name


def test_the_application_is_as_well_as_its_worst_service_at_every_change(settings):
    """No service of this site is critical by declaration: all of them count."""
    wrong = """
        select application.*
        from reliability.fct_health_changes as application
        inner join reliability.fct_health_changes as services
            on services.subject_kind = 'service'
            and services.started_at <= application.started_at
            and coalesce(services.ended_at > application.started_at, true)
        where application.subject_kind = 'application'
        group by all
        having list_position(['critical', 'degraded', 'unknown', 'healthy'], application.health)
            <> min(list_position(['critical', 'degraded', 'unknown', 'healthy'], services.health))
    """
    assert rows(settings, wrong) == []
    ((changes,),) = rows(
        settings, "select count(*) from reliability.fct_health_changes where subject_kind = 'application'"
    )
    assert changes > 20
