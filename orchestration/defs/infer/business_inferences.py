"""What is inferred about business: what speed and failures go along with; called by `predictions`.

Reads frames by SQL, calls a pure function of `models`, and writes what that gives.
"""

from datetime import date, timedelta

import pandas as pd

from orchestration import warehouse
from orchestration.settings import Settings

EFFECT_DAYS = 90

Rows = dict[str, int]


def estimate_effects(settings: Settings, as_of: date) -> Rows:
    """How outcomes of sessions move with speed and failures, and what that is in money."""
    from models.effects import estimate_effects
    from models.impact_scores import score_impacts

    span = [as_of - timedelta(days=EFFECT_DAYS - 1), as_of]
    found = estimate_effects(_frame(settings, _SUMS, span), _frame(settings, _OVERLAPS, span), as_of)
    scores = score_impacts(_frame(settings, _SPEEDS, span))
    strata = found.strata.merge(scores, on=["exposure", "outcome", "dimension", "segment"], how="left")
    frames = {
        "business_effects": found.pairs,
        "business_effect_strata": strata,
        "business_effect_doses": found.doses,
    }
    return {
        table: warehouse.write_predictions(settings, f"predictions.{table}", frame, {"event_date": as_of})
        for table, frame in frames.items()
    }


# As doubles: pandas would add decimals one by one.
_SUMS = """
    select exposure, term, dimension, segment, event_date, session_count,
        cast(columns('.*(_sum|variation|_covariation)$') as double)
    from business.fct_effect_sums_daily
    where event_date between ? and ?
    order by all
"""
_OVERLAPS = """
    select exposure, segment, event_date, entry.segment as other_segment, cast(entry.overlap as double) as overlap
    from (
        select exposure, segment, event_date, unnest(bucket_overlaps) as entry
        from business.fct_effect_sums_daily
        where term = 'dose' and event_date between ? and ?
    )
    order by all
"""
# The share of requests is that of page views with the landing sessions' page group.
_SPEEDS = """
    select lower(metric) || if(metric = 'CLS', '', '_ms') as exposure, page_group as segment, value_from,
        cast(sum(session_count) as double) as session_count,
        cast(sum(converted_session_count) as double) as converted_session_count
    from business.fct_conversion_by_speed
    where event_date between ? and ?
    group by all
    order by all
"""


def _frame(settings: Settings, sql: str, parameters: list[date]) -> pd.DataFrame:
    with warehouse.connect(settings) as connection:
        return connection.execute(sql, parameters).df()
