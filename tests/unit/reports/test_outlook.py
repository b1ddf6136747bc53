"""What a tile says of last week, of the weeks to come, and of the day on which a target is met."""

from datetime import date
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.reports.content.outlook import kpi_notes, target_notes
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Marts

AS_OF = date(2026, 11, 1)


@pytest.fixture
def context():
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema executive; create schema reports;
            create table executive.fct_kpi_daily as select date '2026-11-01' as event_date;
            create table reports.rpt_kpi_outlook as
            select *, date '2026-11-29' as ends_on from (values
                ('revenue_net', 28028.0, 26000.0, 30000.0, true, true),
                ('ux_score', 91.0, 88.0, 93.0, true, false),
                ('conversion_share', 0.031, 0.03, 0.032, false, false)
            ) t (kpi, value_forecast, value_80_lower, value_80_upper, is_window, is_sum);
            create table reports.rpt_kpi_weeks as
            select * from (values
                ('revenue_net', -0.08, true, 'country', 'BR', 0.45, 0.08, 0.1),
                ('session_count', 0.02, false, 'device', 'mobile', 0.9, 0.5, 0.0),
                ('conversion_share', -0.1, true, 'page_group', 'cart', 1.4, 0.2, 0.7),
                ('ux_score', 0.03, true, null, null, null, null, null)
            ) t (kpi, change_share, is_change_proven, driver_dimension, driver, driver_carried_share,
                driver_volume_share, driver_mix_share);
            create table reports.rpt_target_outlook as
            select * from (values
                ('ux_score', true, null::date, date '2026-11-20', 91.0, 88.0, 93.0, date '2026-11-29'),
                ('availability', false, date '2026-11-12', date '2026-11-04', 0.9995, 0.998, 1.0, date '2026-11-29'),
                ('history_days', false, date '2026-12-01', date '2026-12-01', null, null, null, null)
            ) t (target, is_met, crosses_on, crosses_earliest_on, value_forecast, value_80_lower, value_80_upper,
                ends_on)
            """
        )
        yield SimpleNamespace(marts=Marts(connection, AS_OF), formats=Formats("EUR", "Europe/Berlin"))


def plain(text):
    return text.replace("\u00a0", " ")


def test_a_proven_change_names_who_carries_more_of_it_than_its_volume(context):
    said = {kpi: plain(notes[0]) for kpi, notes in kpi_notes(context).items()}
    assert said["revenue_net"] == "Last week ▼ 8.0 %, 45.0 % of it from Brazil (8.0 % of the volume)."
    assert said["ux_score"] == "Last week ▲ 3.0 %, spread over all segments."
    assert "all of it from the page group cart" in said["conversion_share"]
    assert said["conversion_share"].endswith("others changed the other way, mostly from a change of mix.")


def test_a_change_that_could_be_chance_names_nobody(context):
    assert plain(kpi_notes(context)["session_count"][0]) == "Last week ▲ 2.0 %, not proven."


def test_the_forecast_of_a_kpi_is_that_of_the_sum_of_the_mean_or_of_the_last_day_with_its_interval(context):
    said = {kpi: plain(notes[1]) for kpi, notes in kpi_notes(context).items() if len(notes) > 1}
    assert said["revenue_net"] == "Forecast for the next 28 days: 28,028 EUR (80 %: 26,000 to 30,000 EUR)."
    assert said["ux_score"] == "Forecast for the 28 days to 29 Nov: 91.0 (80 %: 88.0 to 93.0)."
    assert said["conversion_share"] == "Forecast for the day of 29 Nov: 3.10 % (80 %: 3.00 to 3.20 %)."


def test_a_target_says_when_it_will_be_met_or_missed(context):
    said = {target: plain(note) for target, note in target_notes(context).items()}
    assert said["ux_score"].startswith("Last week ▲ 3.0 %, spread over all segments. Forecast for 29 Nov")
    assert said["ux_score"].endswith("Not likely to be missed until then; possible from 20 Nov.")
    assert said["availability"].endswith("Likely to be met from 12 Nov, 4 Nov at the earliest.")
    assert said["history_days"] == "Reached on 1 Dec 2026 if deliveries continue."
    assert said["mttr_reduction_share"].startswith("No forecast")
