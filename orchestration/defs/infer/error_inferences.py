"""What is inferred about errors: what they cost, and which release brought them; called by `predictions`.

Reads frames by SQL, calls a pure function of `models`, and writes what that gives.
"""

from datetime import date, timedelta

from orchestration import warehouse
from orchestration.defs.infer.business_inferences import has_orders
from orchestration.settings import Settings

COST_DAYS = 28
# A release is looked at for as long as pages name it, and judged by its first week against the week before it.
RELEASE_DAYS = 35

Rows = dict[str, int]


def cost_errors(settings: Settings, as_of: date) -> Rows:
    """What each error group cost in the last four weeks, in conversion."""
    from models.error_costs import estimate_costs

    cells = warehouse.read_frame(settings, _EXPOSURES, [as_of - timedelta(days=COST_DAYS - 1), as_of])
    # Without a feed of orders nothing is known of what errors cost.
    found = estimate_costs(cells if has_orders(settings) else cells[:0], as_of)
    return warehouse.write_inferences(settings, {"error_costs": found}, {"event_date": as_of})


def judge_releases(settings: Settings, as_of: date) -> Rows:
    """Whether the releases of the last weeks brought errors."""
    from models.release_errors import judge_releases

    cells = warehouse.read_frame(settings, _RELEASES, [as_of - timedelta(days=RELEASE_DAYS - 1), as_of])
    return warehouse.write_inferences(settings, {"release_errors": judge_releases(cells, as_of)}, {"event_date": as_of})


_EXPOSURES = """
    select * exclude (event_date, session_count, converted_session_count), sum(session_count)::bigint as session_count,
        sum(converted_session_count)::bigint as converted_session_count
    from intermediate.int_error_exposures_counted
    where event_date between ? and ?
    group by all
    order by all
"""
# Where both run on a day, each is judged by its own page views. A release begins when it was deployed, else when it was
# first seen.
_RELEASES = """
    with seen as (
        select release, min(event_date) as event_date from errors.fct_release_errors_daily
        where release <> 'unknown' group by release
    ),
    begun as (
        select seen.release, least(coalesce(min(deployed_at)::date, seen.event_date), seen.event_date) as starts_on,
            coalesce(min(deployed_at), seen.event_date::timestamp) as starts_at
        from seen left join dimensions.dim_releases using (release) group by seen.release, seen.event_date
    ),
    pairs as (
        select release, starts_on, lag(release) over w as previous_release, lead(starts_on) over w as next_starts_on
        from begun window w as (order by starts_at, release)
    ),
    wanted as (
        select release, previous_release, false as is_previous, release as of_release, starts_on as first_day,
            least(starts_on + 6, coalesce(next_starts_on, starts_on + 6)) as last_day
        from pairs
        where previous_release is not null and starts_on between $1 and $2
        union all
        select release, previous_release, true as is_previous, previous_release as of_release,
            starts_on - 7 as first_day, starts_on as last_day
        from pairs
        where previous_release is not null and starts_on between $1 and $2
    )
    select wanted.release, wanted.previous_release, daily.page_group, daily.browser, wanted.is_previous,
        sum(page_view_count)::bigint as page_view_count, sum(error_page_view_count)::bigint as error_page_view_count,
        sum(session_count)::bigint as session_count
    from wanted
    inner join errors.fct_release_errors_daily as daily
        on daily.release = wanted.of_release and daily.event_date between wanted.first_day and wanted.last_day
    where daily.event_date <= $2
    group by all
    order by all
"""
