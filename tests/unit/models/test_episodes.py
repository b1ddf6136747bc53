"""Episodes: degraded series that share page views are one degradation, from the first day to the last."""

from datetime import date, timedelta

import pandas as pd

from models.episodes import find_episodes

FIRST = date(2026, 11, 1)


def judged(*faults, days: int = 12) -> pd.DataFrame:
    """Tested series of LCP; `faults` are (scope, first day, last day, change, p-value)."""
    scopes = {scope for scope, *_ in faults} | {("product", "all", "all", "all"), ("all", "all", "all", "all")}
    rows = []
    for scope in sorted(scopes):
        for n in range(days):
            hit = [f for f in faults if f[0] == scope and f[1] <= n <= f[2]]
            change, p_value = (hit[0][3], hit[0][4]) if hit else (0.0, 0.5)
            rows.append(
                {
                    **dict(zip(("page_group", "device", "country", "browser"), scope, strict=True)),
                    "metric": "LCP", "event_date": FIRST + timedelta(days=n), "value": 2000 * (1 + change),
                    "baseline_forecast": 2000.0, "baseline_lower": 1900.0, "baseline_upper": 2100.0,
                    "change_share": change, "within_change_share": change, "p_value": p_value, "q_value": p_value,
                    "lone_q_value": p_value * 100,
                    "test": "two_days" if hit else "day", "is_degraded": bool(hit), "sample_count": 1000,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def scopes(episodes: pd.DataFrame) -> list[tuple]:
    return [tuple(row) for row in episodes[["page_group", "device", "country", "browser"]].to_numpy()]


def test_a_slow_page_group_and_its_segments_are_one_degradation():
    found = find_episodes(
        judged(
            (("product", "all", "all", "all"), 3, 6, 0.30, 1e-8),
            (("product", "mobile", "all", "all"), 3, 6, 0.31, 1e-9),
            (("product", "all", "all", "Safari"), 4, 5, 0.40, 1e-6),
            (("all", "all", "DE", "all"), 5, 6, 0.12, 1e-4),
            (("all", "all", "all", "all"), 4, 6, 0.11, 1e-5),
        )
    )
    assert scopes(found) == [("product", "all", "all", "all")]
    row = found.iloc[0]
    assert (row["started_on"], row["found_on"], row["last_on"]) == tuple(FIRST + timedelta(days=n) for n in (3, 3, 6))
    assert (row["day_count"], row["series_count"]) == (4, 5)
    assert round(row["change_share"], 6) == 0.30
    assert row["change_lower"] < row["change_share"] < row["change_upper"]


def test_a_slow_country_is_not_told_as_a_slow_site():
    found = find_episodes(
        judged(
            (("all", "all", "FR", "all"), 3, 4, 1.2, 1e-20),
            (("product", "all", "FR", "all"), 3, 4, 1.3, 1e-12),
            (("all", "all", "all", "all"), 3, 4, 0.08, 1e-5),
        )
    )
    assert scopes(found) == [("all", "all", "FR", "all")]


def test_two_page_groups_at_once_are_two_degradations_and_what_comes_again_later_is_another():
    found = find_episodes(
        judged(
            (("product", "all", "all", "all"), 1, 3, 0.3, 1e-8),
            (("cart", "all", "all", "all"), 2, 3, 0.3, 1e-7),
            (("cart", "mobile", "all", "all"), 9, 10, 0.3, 1e-7),
        )
    )
    assert scopes(found) == [
        ("product", "all", "all", "all"), ("cart", "all", "all", "all"), ("cart", "mobile", "all", "all")
    ]  # fmt: skip
    assert found["degradation_id"].is_unique


def test_a_quiet_day_does_not_end_a_degradation():
    scope = ("product", "all", "all", "all")
    found = find_episodes(judged((scope, 1, 2, 0.3, 1e-8), (scope, 4, 5, 0.3, 1e-8)))
    assert len(found) == 1
    assert found.iloc[0]["day_count"] == 4


def test_what_two_days_proved_began_on_the_first_if_that_was_nearly_as_bad():
    scope = ("product", "all", "all", "all")
    rows = judged((scope, 5, 6, 0.3, 1e-8))
    before = (rows["page_group"] == "product") & (rows["event_date"] == FIRST + timedelta(days=4))
    rows.loc[before, "change_share"] = 0.2
    assert find_episodes(rows).iloc[0]["started_on"] == FIRST + timedelta(days=4)


def test_nothing_degraded_gives_no_rows():
    assert find_episodes(judged()).empty


def test_a_slow_page_group_after_a_slow_country_is_another_degradation():
    found = find_episodes(
        judged((("all", "all", "GB", "all"), 1, 2, 0.9, 1e-20), (("product", "all", "all", "all"), 4, 6, 0.3, 1e-8))
    )
    assert scopes(found) == [("all", "all", "GB", "all"), ("product", "all", "all", "all")]


def test_a_lone_series_is_told_when_another_day_confirms_it_or_when_it_is_nearly_certain():
    scope = ("product", "all", "all", "all")
    assert find_episodes(judged((scope, 3, 3, 0.3, 2e-4))).empty
    assert len(find_episodes(judged((scope, 3, 3, 0.3, 1e-4)))) == 1
    (row,) = find_episodes(judged((scope, 3, 5, 0.3, 2e-4))).to_dict("records")
    assert (row["started_on"], row["found_on"]) == (FIRST + timedelta(days=3), FIRST + timedelta(days=4))
