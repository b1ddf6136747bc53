"""Escalations of error groups on days whose truth is known: how often one is called that is none, and found that is."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest

PROJECT = Path(__file__).parents[2] / "dbt_project"
MARTS = PROJECT / "models" / "marts" / "errors"
FIRST = date(2026, 8, 1)
DAYS, GROUPS = 60, 40
MACROS = (PROJECT / "macros" / "ux_score.sql").read_text().replace("return(", "(")


def rendered(path):
    """The SQL of a table whose inputs are tables of their own names."""
    environment = jinja2.Environment()
    environment.globals |= {
        "config": lambda **_: "",
        "ref": lambda name: name,
        "source": lambda _, name: name,
        "as_of": lambda: f"date '{FIRST + timedelta(days=DAYS)}'",
    }
    return environment.from_string(MACROS + path.read_text()).render()


def judged(rng, burst=None):
    """States of every group and day; with `burst` each group has that many times its errors on one of the last days."""
    day = np.arange(DAYS)
    views = rng.poisson(5000 * (1 + 0.4 * (day % 7 < 5)))
    level = rng.uniform(5, 40, GROUPS)
    # Days differ by more than chance: a gamma of mean one makes the variance three times that of Poisson and more.
    swing = rng.gamma(level[:, None] / 2, 2 / level[:, None], (GROUPS, DAYS))
    expected = level[:, None] * views / views.mean() * swing
    planted = rng.integers(DAYS - 20, DAYS, GROUPS)
    if burst:
        expected[np.arange(GROUPS), planted] *= burst
    counts = rng.poisson(expected)
    group, at = np.nonzero(counts)
    errors = pd.DataFrame(
        {
            "error_group_id": [f"g{n:03}" for n in group],
            "event_date": [FIRST + timedelta(days=int(n)) for n in at],
            "error_count": counts[group, at],
        }
    )
    constant = {"category": "script", "type": "Error", "message": "m", "culprit": "", "release": "all"}
    met = {"page_view_count": errors["error_count"], "session_count": errors["error_count"], "user_count": 0}
    errors = errors.assign(**constant, **met, is_total=True)
    experience = pd.DataFrame({"event_date": [FIRST + timedelta(days=int(n)) for n in day], "page_view_count": views})
    with duckdb.connect() as connection:
        for name, frame in {"int_errors_counted": errors, "fct_experience_daily": experience}.items():
            connection.register("frame", frame)
            connection.execute(f"create table {name} as select * replace (event_date::date as event_date) from frame")
        connection.execute(
            """
            create table error_settings as select 14 as resolved_after_days, 0.02 as escalation_false_discovery_rate,
                0.5 as escalation_smallest_change_share, 5 as escalation_smallest_count;
            create table error_ignores (error_group_id varchar, pattern varchar);
            create table dim_releases (release varchar, deployed_at timestamp)
            """
        )
        connection.execute(
            f"create view int_error_days_predicted as {rendered(MARTS / 'steps' / 'int_error_days_predicted.sql')}"
        )
        found = connection.execute(rendered(MARTS / "fct_error_groups_daily.sql")).df()
    found["group"] = found["error_group_id"].str[1:].astype(int)
    found["at"] = (pd.to_datetime(found["event_date"]) - pd.Timestamp(FIRST)).dt.days
    found["is_planted"] = found["at"] == planted[found["group"]]
    return found


@pytest.mark.parametrize("seed", range(2))
def test_without_a_burst_a_day_has_a_false_escalation_in_at_most_six_percent(seed):
    found = judged(np.random.default_rng(seed))
    tested = found[found["q_value"].notna()]
    dates = tested.groupby("at")["state"].agg(lambda states: (states == "escalating").any())
    assert len(dates) > 45
    assert dates.mean() <= 0.06


@pytest.mark.parametrize("seed", [5])
def test_a_burst_of_six_times_the_errors_is_found_and_few_others_are(seed):
    found = judged(np.random.default_rng(seed), burst=6)
    called = found["state"] == "escalating"
    assert called[found["is_planted"]].mean() >= 0.9
    assert (called & ~found["is_planted"]).sum() <= 0.1 * called.sum()


def test_what_is_expected_follows_the_page_views_of_the_week_and_covers_most_days():
    found = judged(np.random.default_rng(9))
    known = found[found["expected_count"].notna()]
    weekend = known["at"] % 7 >= 5
    ratio = known.groupby(weekend)[["expected_count", "error_count"]].mean()
    assert (ratio["expected_count"] / ratio["error_count"]).between(0.95, 1.05).all()
    assert (known["error_count"] <= known["expected_upper"]).mean() >= 0.94
