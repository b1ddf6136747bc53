"""The metrics of the dbt project, asked for through MetricFlow as an analyst would, on a published site."""

import csv

import pytest

pytestmark = pytest.mark.slow
# That of checks stands in for it where a service has no feed of requests, which no metric can.
NOT_OF_SUMS = {"response_p95_ms"}


def test_each_kpi_asked_for_as_a_metric_is_the_kpi_of_every_day(small_site, tmp_path):
    kpis = {name for (name,) in small_site.rows("select distinct kpi from executive.fct_kpi_daily")} - NOT_OF_SUMS
    found = tmp_path / "found.csv"
    asked = ("--metrics", ",".join(sorted(kpis)), "--group-by", "metric_time", "--csv", str(found))
    small_site.command("metrics", "query", *asked)
    with found.open() as file:
        answers = {
            (kpi, row["metric_time__day"][:10]): float(row[kpi])
            for row in csv.DictReader(file)
            for kpi in kpis
            if row[kpi]
        }
    sql = "select kpi, event_date::varchar, value from executive.fct_kpi_daily where value is not null"
    expected = {(kpi, day): value for kpi, day, value in small_site.rows(sql) if kpi in kpis}
    assert len({kpi for kpi, _ in expected}) > 20
    assert {key: answers.get(key, 0.0) for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_sessions_are_asked_for_by_channel_and_budgets_by_objective(small_site, tmp_path):
    def asked(metric, dimension):
        found = tmp_path / f"{metric}.csv"
        small_site.command("metrics", "query", "--metrics", metric, "--group-by", dimension, "--csv", str(found))
        with found.open() as file:
            return {row[dimension]: float(row[metric]) for row in csv.DictReader(file)}

    channels = small_site.rows(
        """
        select coalesce(channel, ''), sum(if(is_converted, weight, 0)) / sum(weight)
        from business.fct_sessions group by channel
        """
    )
    assert len(channels) > 3
    assert asked("kept_conversion_share", "session__channel") == pytest.approx(dict(channels))
    budgets = small_site.rows(
        """
        select objective, min(budget_remaining_share) from reliability.fct_slo_daily
        where budget_remaining_share is not null group by objective, event_date
        qualify event_date = max(event_date) over ()
        """
    )
    answers = asked("budget_remaining_share", "objective")
    assert {name: answers.get(name) for name, _ in budgets} == pytest.approx(dict(budgets))


def test_without_a_published_site_the_command_says_what_to_do(small_site, tmp_path):
    said = type(small_site)(tmp_path).command("metrics", "list", "metrics", exits=1)
    assert "Run `beaconmart run` first" in said
