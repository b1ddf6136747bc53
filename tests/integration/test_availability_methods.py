"""The arithmetic of each preset on figures that can be checked by hand, through a real dbt build."""

from datetime import date, timedelta

import duckdb
import pytest

from orchestration import lake
from orchestration.settings.reliability import PRESETS
from tests.integration.reliability_worlds import START, build, deliver, rows, site

DAYS, PROBE_S = 7, 300
AS_OF = date(2026, 11, 7)
OURS = {"name": "ours", "failures_to_go_down": 3, "maintenance_as": "down"}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


def checks(service, told, offset=0):
    """Every five minutes for a week; `told` says what a check says where that is not up, by minutes since the start."""
    for minute in range(offset, DAYS * 1440, PROBE_S // 60):
        status = next((status for begin, end, status in told if begin <= minute < end), "up")
        if status != "missing":
            moment = START + timedelta(minutes=minute)
            yield {"service": service, "location": "rome", "status": status, "checked_at": moment.isoformat()}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """One service an hour down and a day corrected, one degraded, one that flaps, one of which little is known."""
    names = ["shop", "slow", "shaky", "silent"]
    settings = site(
        tmp_path_factory.mktemp("site"),
        dict.fromkeys(names, PROBE_S),
        accounting={"method": "ours", "methods": [OURS]},
        corrections=[
            {"name": "fire-drill", "service": "shop", "from": "2026-11-06T00:00:00", "to": "2026-11-07T00:00:00"}
            | {"reason": "The data centre was switched off on purpose."}
        ],
    )
    hour = 60
    told = {
        "shop": [(30 * hour, 31 * hour, "down")],
        "slow": [(30 * hour, 40 * hour, "degraded"), (50 * hour, 52 * hour, "down")],
        "shaky": [(34 * hour + begin, 34 * hour + begin + 5, "down") for begin in range(0, 60, 10)],
        "silent": [
            (10 * hour, 12 * hour, "pending"),
            (20 * hour, 22 * hour, "missing"),
            (22 * hour, 22 * hour + 1, "down"),
            (22 * hour + 1, 23 * hour, "missing"),
        ],
    }
    exported = [row for name in names for row in checks(name, told[name], offset=2 if name == "shaky" else 0)]
    deliver(settings, f"{AS_OF}/probes.ndjson", exported)
    build(settings, AS_OF, "+fct_availability_daily +fct_outages")
    return settings


def shares(settings, service, grain="90d"):
    """Of the whole week: what each method makes unavailable."""
    found = rows(
        settings,
        f"select method, 1 - availability_share from reliability.fct_availability"
        f" where service = '{service}' and grain = '{grain}'",
    )
    return dict(found)


def test_an_hour_down_in_a_week_with_a_corrected_day_is_what_each_tool_makes_of_it(settings):
    down = shares(settings, "shop")
    assert round(100 * down["datadog_monitor"], 2) == 0.69
    assert round(100 * down["datadog_time_slice"], 2) == 0.60
    assert down == pytest.approx(
        {
            "default": 1 / (6 * 24),
            "uptime_kuma": 12 / (6 * 288),
            "gatus": 12 / (7 * 288),
            "upptime": 1 / (7 * 24),
            "datadog_monitor": 1 / (6 * 24),
            "datadog_time_slice": 1 / (7 * 24),
            "statuspage": 1 / (7 * 24),
            "ours": 25 / (7 * 24),
        }
    )
    assert shares(settings, "shop", "month") == down


def test_what_a_correction_takes_out_is_shown(settings):
    assert rows(
        settings,
        "select distinct maintenance_s, corrected_s, unknown_s from reliability.fct_availability"
        " where service = 'shop' and grain = 'day' and event_date = '2026-11-06' and method <> 'gatus'",
    ) == [(86400, 86400, 0)]


def test_degraded_time_is_worth_what_the_method_says(settings):
    down = shares(settings, "slow")
    assert down["statuspage"] == pytest.approx((2 + 0.3 * 10) / (7 * 24))
    assert down["default"] == pytest.approx(2 / (7 * 24))


def test_a_slice_that_is_down_for_an_instant_is_down(settings):
    """Six times five minutes, each of which begins two minutes after a slice does."""
    down = shares(settings, "shaky")
    assert down["datadog_monitor"] == pytest.approx(30 / (7 * 1440 - 2))
    assert down["datadog_time_slice"] == pytest.approx(60 / (7 * 1440 - 2))


def test_own_methods_stand_beside_the_presets_and_can_be_the_promise(settings):
    assert rows(settings, "select method, is_own from dimensions.dim_accounting_methods where is_contractual") == [
        ("ours", True)
    ]
    assert rows(settings, "select distinct method from reliability.fct_availability_daily where is_contractual") == [
        ("ours",)
    ]
    assert len(shares(settings, "shop")) == 8
    # Three failures confirm: the third check of the hour.
    assert rows(settings, "select confirmed_at - started_at from reliability.fct_outages where service = 'shop'") == [
        (timedelta(minutes=10),)
    ]


def test_methods_that_read_checks_alike_share_their_states(settings):
    rules = rows(settings, "select count(distinct confirmation_rule) from intermediate.int_location_states_confirmed")
    assert rules == [(5,)]
    assert rows(settings, "select count(distinct state_rule) from intermediate.int_service_states_merged") == [(5,)]


def test_a_service_that_goes_down_twice_within_an_hour_is_flapping(settings):
    flapping = rows(
        settings,
        "select method, sum(state_change_count)::int, count_if(is_flapping) from reliability.fct_availability"
        " where service = 'shaky' and grain = 'hour' group by method order by method",
    )
    # Six times down for one check: two and three failures do not confirm that.
    assert {method: found for method, *found in flapping} == {
        method: [0, 0] if method in ("default", "ours") else [12, 2] for method in (*PRESETS, "ours")
    }
    assert rows(
        settings,
        "select grain, count(distinct period_starts_at) from reliability.fct_availability"
        " where service = 'shaky' and is_flapping and grain <> '5m' group by grain order by grain",
    ) == [("90d", 1), ("day", 1), ("hour", 2), ("month", 1)]
    assert rows(settings, "from reliability.fct_availability where service = 'shop' and is_flapping") == []


def test_unknown_time_says_why(settings):
    """Pending from 10:00 to 12:00, from 20:00 to 23:00 only one check, which fails; a check speaks ten minutes."""
    assert rows(
        settings,
        "select unknown_no_check_s / 60, unknown_unconfirmed_s / 60, unknown_pending_s / 60, coverage_share"
        " from reliability.fct_availability"
        " where service = 'silent' and method = 'default' and grain = 'day' and event_date = '2026-11-01'",
    ) == [(115 + 50, 10, 115, pytest.approx(1 - 290 / 1440))]


def test_closed_days_that_name_their_method_count_beside_those_that_name_its_rule(tmp_path):
    settings = site(tmp_path, {"shop": PROBE_S})
    deliver(settings, f"{AS_OF}/probes.ndjson", list(checks("shop", [(600, 660, "down"), (2000, 2030, "down")])))
    build(settings, AS_OF, "+fct_availability_daily +fct_outages")
    accounts = (
        "select event_date, down_s, availability_share from reliability.fct_availability_daily"
        " where is_contractual order by all"
    )
    found = rows(settings, accounts)
    assert [down for _, down, _ in found] == [3600, 1800, 0, 0, 0, 0, 0]

    folder = settings.lake / "history" / "int_location_states_confirmed"
    folder.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse)) as connection:
        old = "select * exclude (confirmation_rule, confirmed_at), 'default' as method"
        for day, columns in (("2026-11-01", old), ("2026-11-02", "select *"), ("2026-11-03", "select *")):
            connection.execute(
                f"copy ({columns} from intermediate.int_location_states_confirmed"
                f" where event_date = '{day}' and (event_date > '2026-11-01' or confirmation_rule like '2-1-%'))"
                f" to '{folder}/{day}.parquet'"
            )
    lake.expire(settings, "raw_probes.checks", date(2026, 11, 1))
    build(settings, AS_OF, "+fct_availability_daily +fct_outages", full_refresh=True)
    assert rows(settings, accounts) == found
    assert rows(settings, "select confirmed_at - started_at from reliability.fct_outages order by started_at") == [
        (timedelta(0),),
        (timedelta(minutes=5),),
    ]
    assert not build(settings, AS_OF, "+fct_availability_daily +fct_outages").full_refresh
