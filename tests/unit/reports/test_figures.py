"""What charts expect of a day from the weeks before it."""

from datetime import date

import pytest

from orchestration.reports.figures import sentence, usual
from orchestration.reports.formats import NBSP, Formats

WEEKS = [week * 100.0 + weekday for week in range(6) for weekday in range(7)]


def test_what_is_usual_is_the_median_of_the_weekday_in_the_four_weeks_before_and_never_of_the_day_itself():
    assert usual(WEEKS, 7) == tuple(250.0 + weekday for weekday in range(7))
    changed = [*WEEKS[:-1], 1e9]
    assert usual(changed, 7) == usual(WEEKS, 7)


@pytest.mark.parametrize(("known", "expected"), [(0, None), (1, None), (2, None), (3, 300.0), (4, 250.0), (5, 250.0)])
def test_fewer_than_three_weeks_lead_to_no_expectation_and_older_than_four_count_no_more(known, expected):
    values = [None] * (35 - 7 * known) + WEEKS[35 - 7 * known : 36]
    assert usual(values, 1) == (expected,)


def test_a_series_by_month_is_told_in_months():
    months = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    told = sentence(months, [60.0, None, 300.0], "s", Formats("EUR", "UTC"), "month").replace(NBSP, " ")
    assert (
        told
        == "Newest 5 min in Nov 2026; lowest 60 s in Sep 2026, highest 5 min in Nov 2026; 2 of 3 months have a value."
    )
