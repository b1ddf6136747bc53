"""The bounds of alert accuracy, which SQL finds by halving, against the beta quantiles of scipy."""

import duckdb
import jinja2
import pytest
from scipy.stats import beta

from orchestration.dbt import PROJECT_DIR

BOUNDED = PROJECT_DIR / "models/marts/alerts/steps/accuracy/int_alert_shares_bounded.sql"
CASES = [(0, 1), (0, 58), (0, 59), (1, 1), (1, 100), (17, 400), (250, 500), (1999, 2000), (0, 3000)]


@pytest.fixture(scope="module")
def bounded():
    """By (hits, trials), the bounds of false alerts, incidents found and late alerts."""
    connection = duckdb.connect()
    counts = ("alert", "true", "false", "incident", "found", "timed", "late")
    connection.execute(f"create table counted (rule varchar, {', '.join(f'{name}_count bigint' for name in counts)})")
    connection.executemany(
        "insert into counted values (?, ?, ?, ?, ?, ?, ?, ?)",
        [(f"{hits}/{trials}", trials, trials - hits, hits, trials, hits, trials, hits) for hits, trials in CASES],
    )
    connection.execute(
        """
        insert into counted values
            ('none', 0, 0, 0, 0, 0, 0, 0), ('unreviewed', 2, 0, 0, 0, 0, 0, 0), ('one of 60', 60, 59, 0, 0, 0, 0, 0),
            ('two of three', 3, 0, 2, 0, 0, 0, 0)
        """
    )
    sql = jinja2.Template(BOUNDED.read_text()).render(ref=lambda name: "counted")
    rows = connection.execute(sql).fetchdf().set_index("rule")
    return rows


@pytest.mark.parametrize(("hits", "trials"), CASES)
def test_bounds_are_those_of_clopper_and_pearson(bounded, hits, trials):
    row = bounded.loc[f"{hits}/{trials}"]
    for bound, tail in (("false_positive", 0.05), ("recall", 0.025), ("late", 0.05)):
        lower = beta.ppf(tail, hits, trials - hits + 1) if hits else 0
        upper = beta.ppf(1 - tail, hits + 1, trials - hits) if hits < trials else 1
        assert (row[f"{bound}_lower"], row[f"{bound}_upper"]) == pytest.approx((lower, upper), abs=1e-9)


def test_59_alerts_without_a_false_one_are_the_fewest_that_prove_five_per_cent(bounded):
    upper = bounded["false_positive_upper"]
    assert upper["0/58"] > 0.05 > upper["0/59"]


def test_without_an_alert_there_is_no_bound(bounded):
    assert bounded.loc["none", ["false_positive_lower", "false_positive_upper", "recall_upper"]].isna().all()


def test_what_nobody_judged_is_false_in_the_upper_bound_and_true_in_the_lower(bounded):
    lower, upper = bounded["false_positive_lower"], bounded["false_positive_upper"]
    assert (lower["unreviewed"], upper["unreviewed"]) == (0, 1)
    assert (lower["one of 60"], upper["one of 60"]) == pytest.approx((0, beta.ppf(0.95, 2, 59)), abs=1e-9)
    assert (lower["two of three"], upper["two of three"]) == pytest.approx((beta.ppf(0.05, 2, 2), 1), abs=1e-9)
