"""What the configuration of the sample shop looks like as tables."""

from pathlib import Path

import duckdb
import pytest

from orchestration.settings import load_settings
from orchestration.warehouse.configuration import write_configuration

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tables():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACONMART_CONFIG", str(ROOT / "config"))
        settings = load_settings()
    connection = duckdb.connect()
    write_configuration(connection, settings)
    write_configuration(connection, settings)  # a run replaces what the run before has written
    return connection


def rows(tables, sql):
    return tables.execute(sql).fetchall()


def test_every_objective_has_one_row_and_no_target_is_rounded(tables):
    assert rows(tables, "select count(*), count(distinct objective) from config.objectives") == [(15, 15)]
    assert rows(
        tables,
        "select objective, slo, feed, target_share::varchar, window_kind, window_days, window_unit,"
        " window_starts_at::varchar from config.objectives where slo = 'checkout-requests' order by objective",
    ) == [
        ("checkout-requests.contract", "checkout-requests", "requests", "0.99000000", "calendar", 30, "month",
         "2025-12-31 23:00:00"),
        ("checkout-requests.our-own", "checkout-requests", "requests", "0.99500000", "calendar", 30, "month",
         "2025-12-31 23:00:00"),
    ]  # fmt: skip


def test_a_composite_has_a_row_beside_those_of_its_parts(tables):
    found = rows(
        tables,
        "select objective, is_composite, composite_slo, composite_weight, feed from config.objectives"
        " where slo = 'shopping' order by objective",
    )
    assert found == [
        ("shopping", True, None, None, None),
        ("shopping.pages-show-up", False, "shopping", 1, "beacons"),
        ("shopping.requests-succeed", False, "shopping", 3, "requests"),
    ]


def test_burn_rate_windows_say_which_policy_they_come_from_and_whether_they_can_fire(tables):
    found = rows(
        tables,
        "select policy, severity, long_window_s, short_window_s, round(factor, 2), can_fire"
        " from config.burn_rate_windows where objective in ('checkout-requests.contract', 'product-fast-lcp')"
        " order by policy, severity, long_window_s",
    )
    assert found == [
        ("default", "critical", 3600, 300, 13.44, False),
        ("default", "critical", 21600, 1800, 5.6, False),
        ("default", "warning", 86400, 7200, 2.8, True),
        ("default", "warning", 259200, 21600, 0.93, True),
        ("page-fast-burn", "critical", 3600, 300, 14.4, True),
        ("ticket-slow-burn", "warning", 86400, 7200, 1.3, True),
    ]


def test_the_factor_is_the_budget_share_times_the_period_over_the_long_window(tables):
    assert rows(
        tables,
        "select count(*) from config.burn_rate_windows join config.objectives using (objective)"
        " where abs(factor - budget_share * window_days * 86400 / long_window_s) > 1e-9",
    ) == [(0,)]


def test_a_correction_is_kept_in_utc(tables):
    assert rows(
        tables,
        "select * exclude (reason) replace (starts_at::varchar as starts_at, ends_at::varchar as ends_at)"
        " from config.corrections",
    ) == [("load-test-2026-10", "search-api", None, "2026-10-12 04:00:00", "2026-10-12 05:30:00")]


def test_a_policy_has_a_row_for_each_objective_and_consequence(tables):
    assert rows(
        tables,
        "select objective, list(consequence order by remaining_share_below) from config.error_budget_policies"
        " group by objective order by objective limit 1",
    ) == [("checkout-availability", ["freeze", "page", "reliability_work", "ticket"])]


def test_own_accounting_methods_have_the_columns_of_the_presets(tables):
    seed = (ROOT / "dbt_project/seeds/accounting_methods.csv").read_text().splitlines()[0].split(",")
    assert [row[0] for row in rows(tables, "describe config.accounting_methods")] == seed
    assert rows(
        tables,
        "select method, unit, maintenance_as, failures_to_go_down, degraded_weight from config.accounting_methods",
    ) == [("partner_contract", "time", "up", 2, 0.5)]


def test_every_kind_of_rule_has_a_row_with_its_defaults(tables):
    found = rows(tables, "select kind, severity, is_enabled from config.alert_rules order by kind")
    assert found == [
        ("burn_rate", None, True), ("data_quality", "warning", True), ("error_escalation", "warning", True),
        ("error_group_new", "warning", True), ("error_regression", "warning", True),
        ("health_critical", "critical", True),
        ("missing_data", "warning", True), ("outage", "critical", True), ("predicted_breach", "warning", True),
        ("predicted_exhaustion", "warning", True),
        ("request_error_rate", "critical", True), ("vitals_degradation", "warning", True),
    ]  # fmt: skip
