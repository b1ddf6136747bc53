"""What is planted can be found again by whoever looks where it was planted, and nowhere else."""

import csv
import re
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from orchestration.settings.check import read_config
from orchestration.simulate import reliability
from orchestration.simulate import site as shop
from orchestration.simulate.plan import DAY_MS, make_plan
from orchestration.simulate.traffic import draw_day
from orchestration.simulate.truth import CONVERSION_LOG_ODDS_PER_LCP_DOUBLING, Truth

pytestmark = pytest.mark.slow

END = date(2026, 11, 22)


def day(seed, views, plan=None, day_ms=None):
    plan = plan or make_plan(1, END, seed)
    return draw_day(day_ms or plan.start_ms, views, plan, np.random.default_rng([seed, 9]))


def rows_of(header, lines):
    return list(csv.DictReader((header.decode() + "".join(lines.to_pylist())).splitlines()))


def fitted_log_odds(outcome, exposure, strata):
    """Logistic regression by Newton's method, an intercept for each stratum; returns slope and standard error."""
    columns = [exposure, *(strata == value for value in np.unique(strata))]
    x = np.stack(columns, axis=1).astype(float)
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ beta))
        information = x.T @ (x * (p * (1 - p))[:, None]) + 1e-9 * np.eye(len(beta))
        beta += np.linalg.solve(information, x.T @ (outcome - p))
    return beta[0], np.sqrt(np.linalg.inv(information)[0, 0])


def exposure_of(sessions, views):
    people = ~sessions.is_bot
    first = np.cumsum(sessions.pages) - sessions.pages
    return people, np.log2(views.lcp_ms[first][people])


@pytest.mark.slow
def test_the_effect_of_speed_on_conversion_is_found_inside_strata_on_most_seeds():
    found = 0
    for seed in range(10):
        sessions, views = day(seed, 60_000)
        people, doublings = exposure_of(sessions, views)
        strata = (sessions.device * 100 + sessions.country)[people]
        slope, error = fitted_log_odds(sessions.is_converted[people], doublings, strata)
        found += abs(slope - CONVERSION_LOG_ODDS_PER_LCP_DOUBLING) < 1.96 * error
    # 95 % intervals miss 3 or more of 10 with a chance of about 1 %.
    assert found >= 8


def test_who_ignores_the_device_overstates_the_effect():
    sessions, views = day(1, 200_000)
    people, doublings = exposure_of(sessions, views)
    outcome = sessions.is_converted[people]
    naive, error = fitted_log_odds(outcome, doublings, np.zeros(people.sum()))
    assert naive < CONVERSION_LOG_ODDS_PER_LCP_DOUBLING - 3 * error


def test_most_page_views_are_good_and_some_cells_are_poor():
    sessions, views = day(2, 60_000)
    device, country = sessions.device[views.session], sessions.country[views.session]
    assert np.mean(views.lcp_ms <= 2500) > 0.75
    assert np.mean(views.inp_ms <= 200) > 0.75
    assert np.mean(views.cls <= 0.1) > 0.75
    index = {c.code: i for i, c in enumerate(shop.COUNTRIES)}
    far = views.lcp_ms[(device == 0) & (country == index["IN"])]
    search = views.inp_ms[(device == 0) & (views.group == shop.GROUP_INDEX["search"])]
    assert np.quantile(far, 0.75) > 3500
    assert np.quantile(search, 0.75) > 300


def test_a_slow_release_slows_its_pages_only_while_it_runs():
    plan = make_plan(35, END, 7)
    slow = next(release for release in plan.releases if release.slow_page_group)
    before, after = (day(3, 20_000, plan, slow.deployed_ms // DAY_MS * DAY_MS + shift * DAY_MS)[1] for shift in (-1, 1))

    def median(views, group):
        return np.median(views.lcp_ms[views.group == shop.GROUP_INDEX[group]])

    assert median(after, "product") / median(before, "product") == pytest.approx(slow.slowdown, rel=0.06)
    assert median(after, "category") / median(before, "category") == pytest.approx(1, rel=0.06)


def test_a_slow_country_is_slow_in_its_days_and_its_neighbours_are_not():
    plan = make_plan(40, END, 2)
    window = plan.country_slowness[0]
    sessions, views = day(4, 60_000, plan, window.started_ms)
    index = {c.code: i for i, c in enumerate(shop.COUNTRIES)}
    country = sessions.country[views.session]
    usual, slow = (np.median(views.ttfb_ms[country == index[code]]) for code in ("AT", window.of))
    slowness = {c.code: c.slowness for c in shop.COUNTRIES}
    assert slow / usual == pytest.approx(slowness[window.of] / slowness["AT"] * window.factor, rel=0.15)


def test_outages_show_in_the_probes_unless_only_people_saw_them():
    plan = make_plan(14, END, 5)
    assert {outage.seen_by_probes for outage in plan.outages} == {True, False}
    truth = Truth({}, plan)
    for outage in plan.outages:
        day_ms = outage.started_ms // DAY_MS * DAY_MS
        checks = rows_of(*reliability.probes(day_ms, plan, truth, np.random.default_rng(1)))
        states = [
            row["status"]
            for row in checks
            if row["service"] == outage.service and outage.started_ms <= epoch_ms(row["checked_at"]) < outage.ended_ms
        ]
        assert len(states) >= 2
        assert (set(states) == {"down"}) == outage.seen_by_probes


def epoch_ms(text):
    return int(np.datetime64(text.rstrip("Z"), "ms").astype(int))


def test_availability_is_near_its_target_over_a_month():
    shares = []
    for seed in range(20):
        plan = make_plan(35, END, seed)
        down = sum(o.ended_ms - o.started_ms for o in plan.outages if o.seen_by_probes)
        shares.append(1 - down / (len(shop.SERVICES) * 35 * DAY_MS))
    assert 0.998 < np.mean(shares) < 0.9998


def test_planted_events_of_a_service_never_touch_each_other():
    for seed in range(20):
        plan = make_plan(35, END, seed)
        events = [(o.service, o.started_ms, o.ended_ms) for o in plan.outages]
        events += [(w.of, w.started_ms, w.ended_ms) for w in plan.maintenance]
        for service in shop.SERVICES:
            own = sorted((start, end) for name, start, end in events if name == service.name)
            assert all(earlier[1] < later[0] for earlier, later in pairwise(own))


def test_some_outages_have_no_incident_and_each_other_one_has_its_own():
    plan = make_plan(60, END, 5)
    named = [outage.incident_id for outage in plan.outages if outage.incident_id]
    assert None in [outage.incident_id for outage in plan.outages]
    assert len(named) == len(set(named))
    assert set(named) <= {incident.incident_id for incident in plan.incidents}


def test_restoring_takes_half_as_long_in_the_second_half():
    before, after = [], []
    for seed in range(40):
        plan = make_plan(60, END, seed)
        middle = (plan.start_ms + plan.end_ms) / 2
        for outage in plan.outages:
            if outage.service != "search-api":
                (before if outage.started_ms < middle else after).append(outage.ended_ms - outage.started_ms)
    assert np.median(after) / np.median(before) == pytest.approx(0.5, abs=0.1)


def test_incidents_are_told_as_far_as_they_are_known_and_again_when_more_is_known(site):
    told = {}
    for row in site.rows["incidents"]:
        told.setdefault(row["incident_id"], []).append(row)
    planted = {incident["incident_id"]: incident for incident in site.truth["incidents"]}
    assert set(told) == set(planted)
    for name, rows in told.items():
        last = rows[-1]
        assert last["started_at"] == planted[name]["started_at"]
        for field in ("detected_at", "acknowledged_at", "restored_at", "resolved_at"):
            if last["_file"][:10] > (planted[name][field] or "9"):
                assert last[field] == planted[name][field]
        for row in rows:
            times = [row[f] for f in ("detected_at", "acknowledged_at", "restored_at", "resolved_at") if row[f]]
            assert all(time[:10] <= row["_file"][:10] for time in times)
    assert any(len(rows) > 1 and rows[0]["cause"] == "" and rows[-1]["cause"] for rows in told.values())


def test_records_as_people_leave_them_are_among_the_incidents():
    plan = make_plan(35, END, 7)
    assert {incident.flaw for incident in plan.incidents} == {"", "zero_length", "unordered", "two_services", "open"}


def test_an_error_burst_is_many_times_the_usual(site):
    burst = site.truth["error_bursts"][0]
    start, end = epoch_ms(burst["started_at"]), epoch_ms(burst["ended_at"])
    times = [row["ts"] if isinstance(row["ts"], int) else epoch_ms(row["ts"]) for row in site.rows["errors"]]
    during = [ms for ms in times if start <= ms < end]
    hours = len(site.truth["days"]) * 24 - 4 * len(site.truth["error_bursts"])
    usual = (len(site.rows["errors"]) - site.truth["totals"]["burst_errors"]) / hours
    assert len(during) / 4 > 2 * usual


def test_the_default_configuration_is_the_simulated_shop_from_its_owners_side(site):
    config = read_config(site.root / "config").config
    assert [group.name for group in config.page_groups] == [group.name for group in shop.PAGE_GROUPS]
    declared = [(s.name, s.probe_interval_s, tuple(s.locations)) for s in config.services]
    assert declared == [(s.name, s.interval_s, s.locations) for s in shop.SERVICES]
    assert {*shop.CURRENCIES} == {config.site.currency, *config.site.exchange_rates}
    assert shop.CURRENCY_WITHOUT_RATE not in config.site.exchange_rates
    zones = {source.feed: source.timezone for source in config.sources}
    assert zones["orders"] == zones["maintenance"] == shop.LOCAL_ZONE


def test_every_simulated_path_falls_into_the_page_group_that_it_was_drawn_for(site):
    config = read_config(site.root / "config").config
    seen = set()
    for row in site.rows["beacons"]:
        path = re.sub(r"^https://[^/]*|[?#].*", "", row.get("url") or row["navigationURL"])
        seen |= {next((group.name for group in config.page_groups if re.search(group.pattern, path)), path)}
    assert seen == {group.name for group in config.page_groups}
