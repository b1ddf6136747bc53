"""Worked figures through a whole dbt build: budgets, burn rates, calendar months, slices, composites, corrections."""

from datetime import date, datetime, timedelta

import pytest

from tests.integration.reliability_worlds import build, deliver, objective, rows, site

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]

FIRST, LAST_DAY = datetime.fromisoformat("2026-10-04"), date(2026, 11, 2)
STEP, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
CHECKS = ("good_checks", "checks")
TIME = ("up", "known")
FREEZE = {"remaining_share_below": 0, "consequence": "freeze", "description": "Only repairs are released."}
SELECT = "+fct_slo_daily +int_burn_rates_judged +fct_budget_spent +fct_error_budget_policies +fct_availability"


def at(month, day, hour=0, minute=0):
    return datetime.fromisoformat(f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}")


def span(start, end):
    return {start + number * STEP for number in range((end - start) // STEP)}


FAILED = {
    "steady": set(),
    "sudden": span(at(10, 20, 10), at(10, 20, 11)),
    "slow": {FIRST + 6 * HOUR + number * 36 * HOUR for number in range(20)},
    "blip": {at(11, 2, 11)},
    "pair": {at(11, 2, 11), at(11, 2, 11, 5)},
    "berlin": span(at(10, 31, 23), at(11, 1)),
    "moved": span(at(10, 10), at(10, 11)),
    "flaky": {at(10, 20, hour, 30) for hour in range(10, 15)},
}
SLOS = [
    objective("steady-up", "steady", *TIME, 0.999),
    objective("sudden-up", "sudden", *TIME, 0.999),
    objective("sudden-works", "sudden", *CHECKS, 0.999),
    objective("slow-works", "slow", *CHECKS, 0.999),
    objective("blip-works", "blip", *CHECKS, 0.999),
    objective("blip-up", "blip", *TIME, 0.999),
    objective("pair-works", "pair", *CHECKS, 0.999),
    objective("moved-up", "moved", *TIME, 0.999),
    objective(
        "berlin-up", "berlin", *TIME, 0.999,
        timeWindow=[{"duration": "1M", "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}}],
    ),
    *(
        objective(
            f"{service}-hours", service, *CHECKS, 0.995, budgetingMethod="Timeslices",
            objectives=[{"target": 0.995, "timeSliceTarget": 0.95, "timeSliceWindow": "1h"}],
        )
        for service in ("sudden", "flaky")
    ),
    objective("flaky-works", "flaky", *CHECKS, 0.995),
]  # fmt: skip


def composite():
    """Time and checks of one service, three to one, under 99.9 % and 99.5 %."""
    parts = [objective(name, "slow", *measures, target)["spec"] for name, measures, target in
             (("slow-time", TIME, 0.999), ("slow-checks", CHECKS, 0.995))]  # fmt: skip
    document = objective("slow-whole", "slow", *TIME, 0.9)
    del document["spec"]["indicator"]
    document["spec"]["objectives"] = [
        {"displayName": name, "target": part["objectives"][0]["target"], "compositeWeight": weight}
        | {"indicator": part["indicator"]}
        for (name, weight), part in zip((("Time", 3), ("Checks", 1)), parts, strict=True)
    ]
    return document


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    settings = site(
        tmp_path_factory.mktemp("site"),
        dict.fromkeys(FAILED, 300),
        slos=[*SLOS, composite()],
        corrections=[
            {"name": "move", "service": "moved", "from": "2026-10-10T00:00:00Z", "to": "2026-10-11T00:00:00Z"}
            | {"reason": "the move to Leipzig"}
        ],
        error_budget_policies=[{"name": "usual", "thresholds": [FREEZE]}],
    )
    for day in range(30):
        begin = FIRST + day * DAY
        deliver(settings, f"{begin:%Y-%m-%d}/probes.ndjson", [
            {"service": service, "checked_at": f"{moment.isoformat()}Z",
             "status": "down" if moment in failed else "up"}
            for service, failed in FAILED.items() for moment in sorted(span(begin, begin + DAY))
        ])  # fmt: skip
    incident = {"incident_id": "INC-1", "service": "sudden", "started_at": "2026-10-20T10:10:00Z"}
    deliver(settings, "incidents.ndjson", [incident | {"restored_at": "2026-10-20T10:50:00Z"}])
    build(settings, LAST_DAY, SELECT)
    return settings


@pytest.fixture
def status(built):
    def of(name, day=LAST_DAY, columns="*"):
        key = f"objective = '{name}' and event_date = '{day}'"
        found = rows(built, f"select {columns} from reliability.fct_slo_daily where {key}")
        assert len(found) == 1
        return found[0]

    return of


def judged(built, objective, condition="true"):
    return rows(
        built,
        "select severity, evaluated_at, long_burn_rate::double, is_met, is_insufficient"
        f" from intermediate.int_burn_rates_judged where objective = '{objective}' and {condition} order by all",
    )


def test_99_9_percent_of_30_days_are_43_minutes_and_12_seconds(status):
    assert status("steady-up", columns="state, budget_total, minutes_left") == ("ok", 2592, pytest.approx(43.2))


def test_one_failed_check_of_five_minutes_burns_at_83_and_is_too_little_evidence(built):
    found = judged(built, "blip-works", "long_window_s = 3600 and evaluated_at = '2026-11-02 11:05:00'")
    assert found == [("critical", at(11, 2, 11, 5), pytest.approx(1 / 12 / 0.001, abs=1e-6), False, True)]
    assert judged(built, "blip-works", "is_met") == []


def test_one_failed_check_is_no_down_time_where_two_confirm_an_outage(built, status):
    assert status("blip-up", columns="budget_spent") == (0,)
    assert judged(built, "blip-up", "long_burn_rate > 0") == []


def test_the_second_failed_check_is_evidence(built):
    met = judged(built, "pair-works", "is_met and long_window_s = 3600")
    assert met[0][:3] == ("critical", at(11, 2, 11, 10), pytest.approx(2 / 12 / 0.001, abs=1e-6))


def test_a_budget_goes_in_one_hour_with_a_page_or_in_a_month_with_nothing_but_tickets(built, status):
    assert status("sudden-works", columns="state, budget_spent") == ("breached", 12)
    assert status("slow-works", columns="state, budget_spent") == ("breached", 20)
    assert {row[0] for row in judged(built, "sudden-works", "is_met")} == {"critical", "warning"}
    assert {row[0] for row in judged(built, "slow-works", "is_met")} == {"warning"}


def test_slices_forgive_a_bad_hour_and_not_many_slightly_bad_ones(status):
    columns = "state, unit, total_count, budget_spent"
    assert status("sudden-hours", columns=columns) == ("ok", "slices", 720, 1)
    assert status("flaky-hours", columns=columns) == ("breached", "slices", 720, 5)
    assert status("flaky-works", columns=columns) == ("ok", "checks", 8640, 5)


def test_a_month_of_berlin_begins_at_its_midnight_and_october_has_an_hour_more(built, status):
    columns = "budget_spent, window_starts_on, total_count"
    known = (date(2026, 10, 31) - date(2026, 10, 4)).days * 86400 + 86400 + 3600 - 2 * 3600
    assert status("berlin-up", date(2026, 10, 31), columns) == (0, date(2026, 10, 1), known)
    assert status("berlin-up", date(2026, 11, 1), columns) == (3600, date(2026, 11, 1), 86400)
    long_day = "select total_amount from intermediate.int_sli_days_summed where objective = 'berlin-up'"
    assert rows(built, f"{long_day} and event_date = '2026-10-25'") == [(90000,)]


def test_the_budget_of_a_month_that_goes_on_is_that_of_the_whole_month(status):
    total, minutes = status("berlin-up", date(2026, 11, 1), "budget_total, minutes_left")
    assert total == pytest.approx(0.001 * 30 * 86400)
    assert minutes == pytest.approx(43.2 - 60)


def test_a_composite_is_the_weighted_mean_of_shares_against_that_of_targets(status):
    share, target, remaining = status("slow-whole", columns="sli_share, target_share, budget_remaining_share")
    bad = 20 / 8640 / 4
    assert (share, target) == (pytest.approx(1 - bad), pytest.approx((3 * 0.999 + 0.995) / 4))
    assert remaining == pytest.approx(1 - bad / 0.002)


def test_what_is_corrected_counts_nowhere_and_is_shown(built, status):
    found = status("moved-up", columns="state, sli_share, total_count, excluded_amount")
    assert found == ("ok", 1, 29 * 86400, 86400)
    reasons = "select distinct excluded_reason from reliability.fct_sli_5m where excluded_amount > 0"
    assert rows(built, reasons) == [("the move to Leipzig",)]


def test_the_incident_has_what_its_outage_spent_and_the_policy_knows_since_when(built):
    spent = "select cause_kind, cause, spent_amount, round(spent_minutes, 6) from reliability.fct_budget_spent"
    assert rows(built, f"{spent} where objective = 'sudden-up'") == [("incident", "INC-1", 3600, 60)]
    policies = "select in_force_since_date, count(*) from reliability.fct_error_budget_policies"
    assert rows(built, f"{policies} where objective = 'sudden-up' and is_in_force group by all") == [
        (date(2026, 10, 20), 14)
    ]


def test_availability_is_that_of_the_contractual_method_in_every_five_minutes(built):
    different = """
        select count(*), count_if(sli.good_amount <> time.good_amount or sli.total_amount <> time.total_amount)
        from reliability.fct_sli_5m as sli
        inner join reliability.fct_availability as time
            on sli.service = time.service and sli.bucket_starts_at = time.period_starts_at
        where sli.indicator = 'availability' and time.is_contractual and time.grain = '5m'
    """
    assert rows(built, different) == [(8640 * 6, 0)]
