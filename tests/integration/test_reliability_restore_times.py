"""Times to restore on many seeds against planted truth: the interval covers the mean, the median knows open ones."""

import math
import random
from datetime import timedelta

import pytest

from tests.integration.reliability_worlds import DAY, DAYS, LAST_DAY, START, build, deliver, rows, site

SEEDS, INCIDENTS, HOURS = 300, 15, 3600
SPREAD = 1.0
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def planted():
    """Start and length in seconds of each service's incidents: short ones, and ones that often outlast the window."""
    rng = random.Random(8)
    short = {
        f"short-{seed}": [(rng.uniform(0, DAY), rng.lognormvariate(math.log(1800), SPREAD)) for _ in range(INCIDENTS)]
        for seed in range(SEEDS)
    }
    long = {
        f"long-{seed}": [
            (rng.uniform(0, DAYS * DAY), rng.lognormvariate(math.log(30 * HOURS), SPREAD)) for _ in range(INCIDENTS)
        ]
        for seed in range(SEEDS)
    }
    return short | long


@pytest.fixture(scope="module")
def found(tmp_path_factory, planted):
    """Mean, its interval, median and number of open incidents by service."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(tmp_path_factory.mktemp("dbt")))
        settings = site(tmp_path_factory.mktemp("incidents"), {"shop": 300})
        feed = []
        for service, incidents in planted.items():
            for number, (at, length) in enumerate(incidents):
                started = START + timedelta(seconds=at)
                incident = {"incident_id": f"{service}-{number}", "service": service, "started_at": started.isoformat()}
                feed.append(incident | {"restored_at": (started + timedelta(seconds=length)).isoformat()})
        deliver(settings, "incidents.ndjson", feed)
        build(settings, LAST_DAY, "+fct_mttr_monthly")
    query = """
        select service, mttr_restore_mean_s, mttr_restore_lower_s, mttr_restore_upper_s, mttr_restore_median_s,
            open_count
        from reliability.fct_mttr_monthly where severity = 'all' and service <> 'all'
        and month = '2026-11-01'
    """
    return {service: values for service, *values in rows(settings, query)}


def kaplan_meier_median(incidents):
    """The first length by which at most half go on, those that outlast the window counted while they are seen."""
    seen = sorted((min(length, DAYS * DAY - at), at + length < DAYS * DAY) for at, length in incidents)
    left = 1.0
    for nth, (length, has_ended) in enumerate(seen):
        left *= 1 - has_ended / (len(seen) - nth)
        if left <= 0.5 + 1e-9:
            return length
    return None


def test_the_interval_covers_the_planted_mean_in_nine_of_ten_seeds_at_least(found):
    truth = 1800 * math.exp(SPREAD**2 / 2)
    intervals = [values[1:3] for service, values in found.items() if service.startswith("short")]
    assert len(intervals) == SEEDS
    covered = sum(lower <= truth <= upper for lower, upper in intervals) / SEEDS
    assert 0.90 <= covered < 1


def test_the_median_is_kaplan_meiers(found, planted):
    expected = {service: kaplan_meier_median(incidents) for service, incidents in planted.items()}
    assert sum(median is None for median in expected.values()) > 3
    assert {service: values[3] for service, values in found.items()} == {
        service: pytest.approx(median, abs=1e-3) for service, median in expected.items()
    }


def test_incidents_that_outlast_the_window_are_open_and_not_dropped(found, planted):
    for service, incidents in planted.items():
        assert found[service][4] == sum(at + length >= DAYS * DAY for at, length in incidents)
