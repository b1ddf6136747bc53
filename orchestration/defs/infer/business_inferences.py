"""What is inferred about business: what speed, failures and releases go along with; called by `predictions`.

Reads frames by SQL, calls a pure function of `models`, and writes what that gives.
"""

from datetime import date, timedelta

import pandas as pd

from orchestration import warehouse
from orchestration.settings import Settings

EFFECT_DAYS = 90
KPI_DAYS = 180
# Releases are judged for five weeks; what they are held against reaches eight weeks and one further back.
RELEASE_DAYS, BEFORE_RELEASE_DAYS = 35, 70
# Outcomes of which only orders tell.
OF_ORDERS = ["conversion", "revenue"]

Rows = dict[str, int]


def estimate_effects(settings: Settings, as_of: date) -> Rows:
    """How outcomes of sessions move with speed and failures, and what that is in money."""
    from models.effects import estimate_effects
    from models.impact_scores import score_impacts

    span = [as_of - timedelta(days=EFFECT_DAYS - 1), as_of]
    found = estimate_effects(
        warehouse.read_frame(settings, _SUMS, span), warehouse.read_frame(settings, _OVERLAPS, span), as_of
    )
    scores = score_impacts(warehouse.read_frame(settings, _SPEEDS, span))
    strata = found.strata.merge(scores, on=["exposure", "outcome", "dimension", "segment"], how="left")
    frames = {
        "business_effects": found.pairs,
        "business_effect_strata": strata,
        "business_effect_doses": found.doses,
    }
    # What never happened has no p-value, so that leaving it out afterwards changes no q-value.
    is_sold = has_orders(settings)
    told = {name: _told(frame, is_sold) for name, frame in frames.items()}
    return warehouse.write_inferences(settings, told, {"event_date": as_of})


def correlate_kpis(settings: Settings, as_of: date) -> Rows:
    """Which KPIs move together from day to day."""
    from models.kpi_correlations import correlate_kpis

    daily = warehouse.read_frame(settings, _KPIS, [as_of - timedelta(days=KPI_DAYS - 1), as_of])
    found = correlate_kpis(daily, as_of)
    return warehouse.write_inferences(settings, {"kpi_correlations": found}, {"event_date": as_of})


def judge_release_effects(settings: Settings, as_of: date) -> Rows:
    """Releases before and after, against page groups that they did not touch."""
    from models.release_effects import judge_release_effects

    since = as_of - timedelta(days=RELEASE_DAYS - 1)
    days = warehouse.read_frame(settings, _PAGE_GROUP_DAYS, [since - timedelta(days=BEFORE_RELEASE_DAYS), as_of])
    releases = warehouse.read_frame(settings, _RELEASES, [since, as_of])
    found = judge_release_effects(releases, _told(days, has_orders(settings)), as_of)
    return warehouse.write_inferences(settings, {"release_effects": found}, {"event_date": as_of})


def has_orders(settings: Settings) -> bool:
    """Whether orders are delivered: their KPIs have rows only then."""
    return len(warehouse.read_frame(settings, _ANY_ORDERS)) > 0


def _told(frame: pd.DataFrame, is_sold: bool) -> pd.DataFrame:
    """The rows of outcomes that are known."""
    return frame if is_sold else frame[~frame["outcome"].isin(OF_ORDERS)]


_ANY_ORDERS = "select 1 as found from executive.fct_kpi_daily where kpi = 'order_count' limit 1"
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
# Of requests, those that sessions begin with are known by their speed and by what came of them.
_SPEEDS = """
    select lower(metric) || if(metric = 'CLS', '', '_ms') as exposure, page_group as segment, value_from,
        cast(sum(session_count) as double) as session_count,
        cast(sum(converted_session_count) as double) as converted_session_count
    from business.fct_conversion_by_speed
    where event_date between ? and ?
    group by all
    order by all
"""
_KPIS = """
    select kpi, event_date, value from executive.fct_kpi_daily where event_date between ? and ? order by all
"""
# A release touches the page groups of journey steps that its service serves; those of other services it does not, and
# of the rest nobody knows. Without a service it may touch everything.
_RELEASES = """
    with releases as (
        select release, service, min(deployed_at)::date as released_on
        from dimensions.dim_releases where deployed_at::date between ? and ? group by all
    ),
    served as (select distinct page_group, service from config.journey_steps)
    select releases.release, min(releases.released_on) as released_on, served.page_group,
        bool_or(releases.service is null or releases.service = served.service) as is_touched
    from releases cross join served
    group by releases.release, served.page_group
    order by all
"""
_PAGE_GROUP_DAYS = """
    select page_group, unnest(['conversion', 'bounce']) as outcome, event_date,
        cast(unnest([converted_session_count, bounce_count]) as double) as hit_count,
        cast(session_count as double) as total_count
    from business.fct_business_roll_ups_daily
    where roll_up = 'page_group' and event_date between $1 and $2
    union all by name
    select page_group, 'good_lcp' as outcome, event_date, cast(good_count as double) as hit_count,
        cast(weight_sum as double) as total_count
    from experience.fct_vitals_roll_ups_daily
    where roll_up = 'page_group' and metric = 'LCP' and event_date between $1 and $2
    order by all
"""
