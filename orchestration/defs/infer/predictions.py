"""What is inferred from the marts: one step, one asset for each table of schema `predictions`.

A function here reads a frame by SQL, calls a pure function of `models`, and writes what that gives. Statistics do not
belong here.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import dagster as dg

from orchestration import progress, warehouse
from orchestration.defs.infer import (
    business_inferences,
    error_inferences,
    forecast_inferences,
    traffic_inferences,
)
from orchestration.defs.resources import Site, readable_failures
from orchestration.settings import Settings

# A fault that lasts becomes what is usual after three weeks; a drift can go on for longer.
LONGEST_EPISODE_DAYS = 120

DEPS = {
    **forecast_inferences.DEPS,
    "vitals_degradations": [["experience", "fct_vitals_roll_ups_daily"]],
    "degradation_episodes": [["experience", "fct_vitals_roll_ups_daily"]],
    "degradation_segments": [["experience", "fct_page_views"]],
    "business_effects": [["business", "fct_effect_sums_daily"], ["executive", "fct_kpi_daily"]],
    "business_effect_strata": [
        ["business", "fct_effect_sums_daily"],
        ["business", "fct_conversion_by_speed"],
        ["executive", "fct_kpi_daily"],
    ],
    "business_effect_doses": [["business", "fct_effect_sums_daily"], ["executive", "fct_kpi_daily"]],
    "kpi_correlations": [["executive", "fct_kpi_daily"]],
    "release_effects": [
        ["business", "fct_business_roll_ups_daily"],
        ["experience", "fct_vitals_roll_ups_daily"],
        ["dimensions", "dim_releases"],
        ["executive", "fct_kpi_daily"],
    ],
    "mttr_changes": [["reliability", "fct_incidents"]],
    "error_costs": [["intermediate", "int_error_exposures_counted"], ["executive", "fct_kpi_daily"]],
    "release_errors": [["errors", "fct_release_errors_daily"], ["dimensions", "dim_releases"]],
    "traffic_anomalies": [["executive", "fct_traffic_hourly"]],
}
Rows = dict[str, int]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["predictions", table],
            deps=[*deps, ["dimensions", "dim_feeds"]],
            group_name="infer",
            kinds={"python", "duckdb"},
            skippable=True,
        )
        for table, deps in DEPS.items()
    ],
    can_subset=True,
)
def predictions(context: dg.AssetExecutionContext, site: Site) -> Iterator[dg.MaterializeResult]:
    """As of the day of the marts."""
    wanted = {key.path[-1] for key in context.selected_asset_keys}
    with readable_failures(context):
        as_of = site.as_of_marts()
        feeds = frozenset(warehouse.read_frame(site.settings, _DELIVERED)["feed"])
        for done, infer in enumerate(INFERENCES):
            progress.report(context.op_def.name, done, len(INFERENCES), infer.__name__.replace("_", " "))
            if wanted & INFERENCES[infer]:
                for table, count in infer_delivered(infer, site.settings, as_of, feeds).items():
                    yield dg.MaterializeResult(["predictions", table], metadata={"dagster/row_count": count})


def infer_delivered(
    infer: Callable[[Settings, date], Rows], settings: Settings, as_of: date, feeds: frozenset[str]
) -> Rows:
    """What an inference writes, by table; nothing where none of the feeds that it needs is among those delivered."""
    if infer in NEEDS and feeds.isdisjoint(NEEDS[infer]):
        return dict.fromkeys(INFERENCES[infer], 0)
    return infer(settings, as_of)


def find_degradations(settings: Settings, as_of: date) -> Rows:
    """Days on which web vitals are worse than the days before predicted, and the degradations that such days make."""
    from models.degradations import find_degradations
    from models.departures import LOOKBACK_DAYS

    size = settings.config.experience.degradation
    dates = _dates_to_test(settings, as_of)
    daily = warehouse.read_frame(settings, _VITALS, [dates[0] - timedelta(days=LOOKBACK_DAYS), as_of])
    found = find_degradations(
        daily,
        dates,
        min_change_share=size.smallest_change_share,
        q=size.false_discovery_rate,
        holidays={item.name: item.dates for item in settings.config.forecasts.holidays},
    )
    written = warehouse.write_predictions(settings, "predictions.vitals_degradations", found, {"event_date": dates})
    return {"vitals_degradations": written, **_tell_degradations(settings, dates[0], as_of)}


def _tell_degradations(settings: Settings, since: date, as_of: date) -> Rows:
    """Episodes that a day from `since` on can have changed, and what carries them."""
    from models.episodes import MAX_GAP_DAYS, find_episodes
    from models.mixes import split_changes

    changed = since - timedelta(days=MAX_GAP_DAYS + 1)
    told = find_episodes(warehouse.read_frame(settings, _JUDGED, [since - timedelta(days=LONGEST_EPISODE_DAYS), as_of]))
    told = told.loc[[last >= changed for last in told["last_on"]]]
    segments = told[["degradation_id", "last_on"]]
    if len(told):
        totals, carried = split_changes(warehouse.read_frame(settings, _SEGMENTS, [], told))
        told = told.drop(columns="within_change_share").merge(totals, on="degradation_id", how="left")
        segments = carried.merge(segments, on="degradation_id")
    span = {"last_on": [changed + timedelta(days=n) for n in range((as_of - changed).days + 1)]}
    frames = {"degradation_episodes": told, "degradation_segments": segments}
    return warehouse.write_inferences(settings, frames, span)


def judge_restoration(settings: Settings, as_of: date) -> Rows:
    """Whether the mean time to restore fell by the target against the declared baseline period."""
    from models.restoration import judge_restoration

    incidents = warehouse.read_frame(settings, _INCIDENTS, [as_of + timedelta(days=1), as_of])
    declared = settings.config.baselines.mttr
    baseline = None
    if declared and declared.from_ and declared.to:
        baseline = (declared.from_, declared.to)
    elif declared and declared.first_days and len(incidents):
        first = incidents["event_date"].min().date()
        baseline = (first, first + timedelta(days=declared.first_days - 1))
    found = judge_restoration(incidents, as_of, baseline, settings.config.targets.mttr_reduction_share)
    return warehouse.write_inferences(settings, {"mttr_changes": found}, {"event_date": as_of})


INFERENCES: dict[Callable[[Settings, date], Rows], set[str]] = {
    forecast_inferences.forecast: set(forecast_inferences.DEPS),
    find_degradations: {"vitals_degradations", "degradation_episodes", "degradation_segments"},
    business_inferences.estimate_effects: {"business_effects", "business_effect_strata", "business_effect_doses"},
    business_inferences.correlate_kpis: {"kpi_correlations"},
    business_inferences.judge_release_effects: {"release_effects"},
    judge_restoration: {"mttr_changes"},
    error_inferences.cost_errors: {"error_costs"},
    error_inferences.judge_releases: {"release_errors"},
    traffic_inferences.find_traffic_anomalies: {"traffic_anomalies"},
}
# One of these feeds has to be delivered. Forecasts and correlations take every KPI that there is.
NEEDS: dict[Callable[[Settings, date], Rows], set[str]] = {
    find_degradations: {"vitals"},
    business_inferences.estimate_effects: {"sessions"},
    business_inferences.judge_release_effects: {"page_views"},
    judge_restoration: {"incidents"},
    error_inferences.cost_errors: {"errors"},
    error_inferences.judge_releases: {"errors"},
    traffic_inferences.find_traffic_anomalies: {"page_views", "sessions", "errors", "requests"},
}

_DELIVERED = "select feed from dimensions.dim_feeds where is_delivered"
# Roll-ups too: a country or a page group that is slow as a whole shows in no cell of thirty page views.
_VITALS = """
    select metric, page_group, device, country, browser, event_date, p75_value as value,
        page_view_count as sample_count, p75_lower as lower, p75_upper as upper
    from experience.fct_vitals_roll_ups_daily
    where event_date between ? and ?
        and roll_up in ('site', 'page_group', 'device', 'country', 'browser', 'page_group, device',
            'page_group, country', 'page_group, browser', 'page_group, device, country')
    order by all
"""
# Of series that were degraded at some time, all days that were tested.
_JUDGED = """
    select *
    from predictions.vitals_degradations
    semi join (select distinct metric, page_group, device, country, browser from predictions.vitals_degradations
        where is_degraded) as hit using (metric, page_group, device, country, browser)
    where event_date between ? and ?
    order by all
"""
# Page views of the scopes of degradations by segment, since they began and in the four weeks before; values to 2 %.
_SEGMENTS = """
    select degradation_id, device, country, browser, is_since,
        if(is_cls, round(value / 0.002) * 0.002, power(1.02, round(ln(greatest(value, 1)) / ln(1.02)))) as value,
        cast(sum(weight) as double) as weight
    from (
        select told.degradation_id, views.device, views.country, views.browser, views.weight,
            views.event_date >= told.started_on as is_since, told.metric = 'CLS' as is_cls,
            case told.metric when 'LCP' then lcp_ms when 'INP' then inp_ms when 'CLS' then cls when 'FCP' then fcp_ms
                else ttfb_ms end as value
        from told
        inner join experience.fct_page_views as views
            on views.event_date between told.started_on - 28 and told.last_on
            and told.page_group in ('all', views.page_group) and told.device in ('all', views.device)
            and told.country in ('all', views.country) and told.browser in ('all', views.browser)
        where not views.is_soft_navigation
    )
    where value is not null
    group by all
    order by all
"""
# For the site an incident of three services is one, over when the last of them is; an open one has lasted until now.
_INCIDENTS = """
    select
        min(event_date) as event_date,
        if(count(restore_s) = count(*), max(restore_s), epoch($1) - epoch(min(started_at))) as restore_s,
        count(restore_s) < count(*) as is_open
    from reliability.fct_incidents
    where not is_excluded and event_date <= $2
    group by incident_id
    order by all
"""


def _dates_to_test(settings: Settings, as_of: date) -> list[date]:
    """Days whose own rows or whose past a run touched, and those that none tested yet."""
    with warehouse.connect(settings) as connection:
        days = connection.execute(
            """
            select distinct event_date
            from executive.fct_kpi_daily
            where event_date <= $as_of and event_date >= least(
                -- A beacon of a day can belong to a view that began the day before.
                (select min(event_date) - 1 from pipeline.touched_dates where raw_table = 'raw_web_vitals.beacons'),
                (select coalesce(max(event_date) + 1, date '1970-01-01') from predictions.vitals_degradations)
            )
            order by 1
            """,
            {"as_of": as_of},
        ).fetchall()
    return [day for (day,) in days] or [as_of]
