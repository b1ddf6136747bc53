"""From recorded incidents to the verdict that pages show: which incidents count, and what the baseline is."""

from dataclasses import replace
from datetime import date

import pytest

from models import restoration
from orchestration import warehouse
from orchestration.defs.infer.predictions import judge_restoration
from orchestration.settings import load_settings
from orchestration.settings.model import Period

AS_OF = date(2026, 11, 22)


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """Judge the incidents of this test's warehouse against a declared baseline; the row that is written."""

    monkeypatch.setattr(restoration, "PERMUTATIONS", 99)
    monkeypatch.setattr(restoration, "DRAWS", 500)

    def judge(baseline):
        settings = load_settings()
        baselines = settings.config.baselines.model_copy(update={"mttr": baseline})
        settings = replace(settings, home=tmp_path, config=settings.config.model_copy(update={"baselines": baselines}))
        with warehouse.connect(settings) as connection:
            connection.execute("create schema if not exists reliability")
            connection.execute(
                """
                create or replace table reliability.fct_incidents as
                select
                    'INC-' || n as incident_id, service, date '2026-09-01' + n::integer as event_date,
                    event_date + interval 12 hours as started_at, false as is_excluded,
                    if(service = 'api' or n < 79, 600.0 * (n % 4 + 1) * if(service = 'api', 1, 2), null) as restore_s
                from range(80) as days (n), (values ('api'), ('web')) as services (service)
                where service = 'api' or n % 2 = 1
                union all
                select 'INC-wrong', 'api', date '2026-09-03', timestamp '2026-09-03', true, null
                union all
                select 'INC-later', 'api', date '2026-11-23', timestamp '2026-11-23', false, 60
                """
            )
        assert judge_restoration(settings, AS_OF) == {"mttr_changes": 1}
        with warehouse.connect(settings) as connection:
            found = connection.execute("select * from predictions.mttr_changes")
            return dict(zip([column[0] for column in found.description], found.fetchall()[0], strict=True))

    return judge


def test_the_first_days_on_record_are_the_baseline_and_an_incident_of_two_services_is_one(judge):
    row = judge(Period(first_days=30))
    assert (row["baseline_starts_on"], row["baseline_ends_on"]) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (row["baseline_count"], row["current_count"]) == (30, 50)
    # The last began on 19 November; one of its services is restored, so it goes on: at noon three and a half days ago.
    assert row["current_open_count"] == 1
    assert row["event_date"] == AS_OF


def test_two_dates_are_the_baseline_and_what_was_before_counts_nowhere(judge):
    row = judge(Period(**{"from": date(2026, 9, 11), "to": date(2026, 9, 30)}))
    assert (row["baseline_count"], row["current_count"]) == (20, 50)
    # Every other incident took both services, the second twice as long: 600, 2400, 1800 and 4800 seconds in turn.
    assert row["baseline_mttr_s"] == pytest.approx((600 + 2400 + 1800 + 4800) / 4)


def test_judging_a_day_twice_leaves_one_row_and_no_baseline_is_no_verdict(judge):
    judge(Period(first_days=30))
    row = judge(None)
    assert (row["verdict"], row["reason"]) == ("not_proven", "No baseline period is declared.")
