"""The claim that restoring got faster: formulas against hand-worked figures, verdicts on many seeds against truth."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models import restoration
from models.log_normal import Sample, fitted
from models.restoration import (
    COLUMNS,
    judge_restoration,
    luck_probability,
    needed_count,
    smallest_detectable_share,
)

FIRST, AS_OF = date(2026, 6, 1), date(2026, 11, 22)
BASELINE = (FIRST, date(2026, 8, 31))
SEEDS = 300


def incidents(before, after, is_open=()):
    """Incidents of that many seconds in the baseline and since; `is_open` are positions among those since."""
    days = [FIRST + timedelta(days=nth % 90) for nth in range(len(before))]
    days += [BASELINE[1] + timedelta(days=1 + nth % 80) for nth in range(len(after))]
    flags = [False] * len(before) + [nth in is_open for nth in range(len(after))]
    return pd.DataFrame(
        {"event_date": pd.to_datetime(days), "restore_s": [*map(float, before), *map(float, after)], "is_open": flags}
    )


def judged(*args, goal_share=0.5, **kwargs):
    """The one row of the verdict."""
    (row,) = judge_restoration(incidents(*args, **kwargs), AS_OF, BASELINE, goal_share).to_dict("records")
    return row


def drawn(rng, count, log_sd, mean=3600.0):
    """Log-normal durations with that mean."""
    return rng.lognormal(np.log(mean) - log_sd**2 / 2, log_sd, count)


@pytest.fixture
def quick(monkeypatch):
    """Fewer permutations and draws: rates are counted over seeds, not within one."""
    monkeypatch.setattr(restoration, "PERMUTATIONS", 399)
    monkeypatch.setattr(restoration, "DRAWS", 2000)


def claims(counts, log_sds, reduction):
    """How often the halving is called met and missed, and how often the interval covers the truth."""
    rng = np.random.default_rng(20261123)
    found = [
        judged(drawn(rng, counts[0], log_sds[0]), drawn(rng, counts[1], log_sds[1], 3600 * (1 - reduction)))
        for _ in range(SEEDS)
    ]
    verdicts = [row["verdict"] for row in found]
    covered = np.mean([row["reduction_lower"] <= reduction <= row["reduction_upper"] for row in found])
    return verdicts.count("met") / SEEDS, verdicts.count("missed") / SEEDS, covered


def test_ten_incidents_a_period_halve_by_luck_in_22_percent_of_the_cases():
    assert luck_probability((10, 10), 1.5) == pytest.approx(0.22, abs=0.006)


def test_luck_is_rarer_the_more_incidents_there_are():
    chances = [luck_probability((count, count), 1.5) for count in (5, 10, 20, 40)]
    assert chances == sorted(chances, reverse=True)
    assert chances[-1] < 0.11


def test_the_smallest_change_is_worked_out_by_hand():
    # v = 1, n = 21: variance 2 · (1/21 + 1/40) = 0.14524, its root 0.38110; t(40): 2.02108 + 0.85070.
    assert smallest_detectable_share((21, 21), 1.0) == pytest.approx(1 - np.exp(-2.87178 * 0.38110), abs=1e-4)


def test_the_needed_number_is_the_first_that_shows_the_goal():
    count = needed_count(1.0)
    assert (
        smallest_detectable_share((count, count), 1.0) <= 0.5 < smallest_detectable_share((count - 1, count - 1), 1.0)
    )


def test_without_open_incidents_the_fit_is_mean_and_variance():
    logs = np.random.default_rng(1).normal(8, 1.5, (3, 12))
    mean, spread = fitted(Sample(logs, np.zeros((3, 12), bool)))
    assert mean == pytest.approx(logs.mean(axis=1))
    assert spread == pytest.approx(logs.var(axis=1, ddof=1))


def test_the_fit_of_open_incidents_is_the_maximum_of_the_censored_likelihood():
    rng = np.random.default_rng(2)
    logs = rng.normal(8, 1.2, 40)
    limit = rng.normal(9, 1, 40)
    is_open, seen = logs > limit, np.minimum(logs, limit)
    ended = int((~is_open).sum())
    assert 5 < ended < 35
    mean, spread = fitted(Sample(seen, is_open))
    expected = stats.norm.fit(stats.CensoredData(uncensored=seen[~is_open], right=seen[is_open]))
    assert mean == pytest.approx(expected[0], abs=1e-3)
    assert np.sqrt(spread * (ended - 1) / ended) == pytest.approx(expected[1], abs=1e-3)


def test_dropping_open_incidents_would_flatter_and_censoring_them_does_not(quick):
    rng = np.random.default_rng(3)
    before = drawn(rng, 60, 1.0)
    after = drawn(rng, 60, 1.0)
    limit = np.exp(rng.normal(np.log(3600), 0.5, 60))
    is_open = {nth for nth in range(60) if after[nth] > limit[nth]}
    seen = np.minimum(after, limit)
    dropped = judged(before, [value for nth, value in enumerate(seen) if nth not in is_open])
    censored = judged(before, seen, is_open=is_open)
    assert censored["current_open_count"] == len(is_open) > 15
    assert dropped["reduction_share"] > 0.4
    samples = [Sample(np.log(before), np.zeros(60, bool)), Sample(np.log(seen), np.isin(np.arange(60), [*is_open]))]
    lower, upper = restoration._bootstrapped(*samples)
    assert lower < 0 < upper


@pytest.mark.slow
@pytest.mark.parametrize(
    ("counts", "log_sds"),
    [
        ((10, 10), (1.5, 1.5)),
        ((30, 30), (1.5, 1.5)),
        ((40, 12), (1.5, 1.5)),
        ((25, 25), (1.0, 1.5)),
        ((25, 25), (1.5, 1.0)),
    ],
)
def test_false_claims_are_at_most_five_percent_where_the_truth_is_the_goal_itself(quick, counts, log_sds):
    met, missed, covered = claims(counts, log_sds, reduction=0.5)
    assert met + missed <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / SEEDS)
    assert covered >= 0.95 - 2.5 * np.sqrt(0.05 * 0.95 / SEEDS)


@pytest.mark.slow
def test_no_reduction_at_all_is_called_a_halving_in_hardly_any_seed(quick):
    met, _, _ = claims((10, 10), (1.5, 1.5), reduction=0.0)
    assert met <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("count", "log_sd"), [(12, 1.0), (30, 1.5)])
def test_the_smallest_change_is_found_in_about_80_percent_of_the_seeds(quick, count, log_sd):
    rng = np.random.default_rng(7)
    reduction = smallest_detectable_share((count, count), log_sd)
    found = [
        judged(drawn(rng, count, log_sd), drawn(rng, count, log_sd, 3600 * (1 - reduction)))["p_value"] <= 0.05
        for _ in range(SEEDS)
    ]
    assert 0.72 <= np.mean(found) <= 0.90


@pytest.mark.slow
def test_a_large_reduction_with_many_incidents_is_met_and_none_is_missed(quick):
    met, _, _ = claims((80, 80), (1.0, 1.0), reduction=0.8)
    _, missed, _ = claims((80, 80), (1.0, 1.0), reduction=0.0)
    assert met > 0.95
    assert missed > 0.85


def test_an_observed_halving_of_ten_incidents_is_not_proven_and_says_what_could_be():
    row = judged(np.geomspace(300, 30000, 10), np.geomspace(150, 15000, 10))
    assert row["verdict"] == "not_proven"
    assert row["reduction_share"] == pytest.approx(0.5)
    assert row["reduction_lower"] < 0.5 < row["reduction_upper"]
    assert "10 incidents against 10" in row["reason"]
    assert "by luck" in row["reason"]


def test_a_usual_time_cut_to_a_quarter_by_a_longer_tail_is_no_halving(quick):
    """The geometric mean falls by 75 %, the mean does not: MTTR is the mean."""
    spread_out = stats.norm.ppf((np.arange(60) + 0.5) / 60)
    row = judged(np.exp(8 + 0.5 * spread_out), np.exp(8 - np.log(4) + 1.75 * spread_out))
    assert row["verdict"] != "met"
    assert row["reduction_lower"] < 0.2


@pytest.mark.parametrize(("before", "after"), [((100, 200), (100, 200, 300)), ((100, 200, 300), ())])
def test_too_few_incidents_are_no_evidence(before, after):
    row = judged(before, after)
    assert (row["verdict"], row["baseline_count"], row["current_count"]) == ("not_proven", len(before), len(after))
    assert "too few" in row["reason"]
    assert row["reduction_share"] is None


def test_every_verdict_says_how_many_incidents_are_still_open(quick):
    rng = np.random.default_rng(13)
    before, faster = drawn(rng, 40, 0.5), drawn(rng, 40, 0.5, 600)
    rows = [
        judged(before, faster, is_open={0}),
        judged(before, drawn(rng, 40, 0.5), is_open={0}),
        judged(before[:5], faster[:5], goal_share=0.8, is_open={0}),
    ]
    assert [row["verdict"] for row in rows] == ["met", "missed", "not_proven"]
    assert all("1 still open" in row["reason"] for row in rows)
    assert "still open" not in judged(before, faster)["reason"]


def test_one_open_incident_decides_no_verdict_that_those_that_ended_do_not_give(quick):
    """The mean of the ended fell from 23 to 19 minutes; one ticket that nobody closed would make it a longer one."""
    rng = np.random.default_rng(14)
    before, after = drawn(rng, 10, 1.0, 1400), drawn(rng, 9, 1.0, 1150)
    alone, with_open = judged(before, after), judged(before, [*after, 40 * 86400.0], is_open={9})
    assert alone["verdict"] == "not_proven"
    assert (with_open["verdict"], with_open["reduction_share"]) == ("not_proven", None)
    assert with_open["reduction_lower"] is with_open["reduction_upper"] is None
    assert "1 still open" in with_open["reason"]
    assert (with_open["current_mttr_s"], with_open["current_open_count"]) == (alone["current_mttr_s"], 1)


def test_an_open_incident_leaves_no_size_that_those_that_ended_do_not_give(quick):
    """Times that hardly vary prove by themselves that nothing halved, yet 5 times as long is one ticket's doing."""
    rng = np.random.default_rng(15)
    before, after = drawn(rng, 10, 0.3, 1400), drawn(rng, 10, 0.3, 1150)
    alone, with_open = judged(before, after), judged(before, [*after, 9 * 3600.0], is_open={10})
    assert alone["verdict"] == "missed" and alone["reduction_share"] > 0
    assert (with_open["verdict"], with_open["reduction_share"]) == ("not_proven", None)


def test_without_a_baseline_nothing_is_claimed():
    (row,) = judge_restoration(incidents((100,), (100,)), AS_OF, None).to_dict("records")
    assert (row["verdict"], row["reason"]) == ("not_proven", "No baseline period is declared.")


def test_the_same_incidents_in_any_order_give_the_same_row(quick):
    rng = np.random.default_rng(11)
    frame = incidents(drawn(rng, 9, 1.2), drawn(rng, 14, 1.2), is_open={2})
    first = judge_restoration(frame, AS_OF, BASELINE)
    again = judge_restoration(frame.sample(frac=1, random_state=1), AS_OF, BASELINE)
    assert list(first.columns) == COLUMNS
    pd.testing.assert_frame_equal(first, again)


def test_incidents_before_the_baseline_and_after_as_of_count_nowhere():
    rng = np.random.default_rng(12)
    frame = incidents(drawn(rng, 9, 1.2), drawn(rng, 14, 1.2))
    outside = pd.DataFrame(
        {
            "event_date": pd.to_datetime([FIRST - timedelta(days=1), AS_OF + timedelta(days=1)]),
            "restore_s": [1e9, 1e9],
            "is_open": [False, False],
        }
    )
    pd.testing.assert_frame_equal(
        judge_restoration(frame, AS_OF, BASELINE), judge_restoration(pd.concat([frame, outside]), AS_OF, BASELINE)
    )


@pytest.mark.parametrize(("seconds", "goal", "said"), [(0.0, 0.5, "restore_s"), (60.0, 1.0, "goal_share")])
def test_what_cannot_be_is_refused(seconds, goal, said):
    with pytest.raises(ValueError, match=said):
        judge_restoration(incidents((seconds,), (60.0,)), AS_OF, BASELINE, goal)
