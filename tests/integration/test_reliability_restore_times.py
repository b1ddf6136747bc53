"""Times to restore on many seeds against planted truth: the interval covers the mean, the median knows open ones."""

import math
import random
import warnings
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from tests.integration.reliability_worlds import DAY, DAYS, LAST_DAY, START, build, deliver, rows, site

SEEDS, INCIDENTS, HOURS = 300, 15, 3600
SPREAD = 1.0
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


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
    """Mean, its interval, median, number of open incidents, the median's interval, failures and MTBF by service."""
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
            open_count, mttr_restore_median_lower_s, mttr_restore_median_upper_s, failure_count, operating_s,
            mtbf_lower_s, mtbf_upper_s
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


def median_interval(incidents):
    """The first lengths at which the lower and the upper band of scipy's Kaplan-Meier curve are down to a half."""
    ended = [length for at, length in incidents if at + length < DAYS * DAY]
    going_on = [DAYS * DAY - at for at, length in incidents if at + length >= DAYS * DAY]
    curve = stats.ecdf(stats.CensoredData(uncensored=ended, right=going_on)).sf
    with warnings.catch_warnings(action="ignore"):  # scipy says that there is no band where nothing is left
        band = curve.confidence_interval(method="log-log")
    for bound in (band.low.probabilities, band.high.probabilities):
        reached = np.flatnonzero(bound <= 0.5)
        yield curve.quantiles[reached[0]] if reached.size else None


def test_the_interval_of_the_median_is_that_of_the_log_log_band(found, planted):
    for service, incidents in planted.items():
        for value, expected in zip(found[service][5:7], median_interval(incidents), strict=True):
            assert value == (expected if expected is None else pytest.approx(expected, abs=1e-3)), service


def test_the_interval_of_the_median_covers_the_planted_one_in_nine_of_ten_seeds_at_least(found):
    truth = 30 * HOURS
    bands = [values[5:7] for service, values in found.items() if service.startswith("long")]
    covered = np.mean([lower <= truth <= (upper or np.inf) for lower, upper in bands])
    assert 0.90 <= covered < 1


def test_the_interval_of_mtbf_is_that_of_the_chi_square_distribution(found):
    for count, operating, lower, upper in (values[7:11] for values in found.values()):
        assert lower == pytest.approx(2 * operating / stats.chi2.ppf(0.975, 2 * count + 2), rel=0.01)
        assert upper == pytest.approx(2 * operating / stats.chi2.ppf(0.025, 2 * count), rel=0.01)
