"""Adoption of releases, and which of them brought errors."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.charts import SERIES_ROLES, Chart, Series
from orchestration.reports.content import Context, plural
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, aligned, grouped

MOST_SHOWN = 5


def page(context: Context) -> Page:
    """Return the page of releases."""
    rows = _releases(context)
    worse = [row["release"] for row in rows if row["verdict"] == "worse"]
    title = (
        f"{plural(len(worse), 'release')} of recent weeks increased errors: {', '.join(map(str, worse))}"
        if worse
        else "No recent release is proven to have increased errors"
    )
    return Page(
        "error-releases",
        "Releases",
        title if rows else "No page view names its release",
        "Each release against the one before, on the same page groups and browsers, one week each.",
        [_adoption(context), _judged(rows), _brought(context)],
        parent="errors",
    )


def _releases(context: Context) -> list[Row]:
    judged = {
        row["release"]: row
        for row in context.marts.rows_if(
            "predictions.release_errors", "select * from predictions.release_errors where event_date = $as_of"
        )
    }
    rows = context.marts.rows(
        """
        select release, min(daily.event_date) as first_date, max(daily.event_date) as last_date,
            sum(page_view_count)::bigint as view_count, sum(error_page_view_count)::bigint as error_view_count,
            sum(error_page_view_count) / nullif(sum(page_view_count), 0) as share,
            min(deployed_at) as deployed_at, coalesce(bool_or(is_rollback), false) as is_rollback,
            sum(page_view_count) filter (daily.event_date = $as_of) / nullif((
                select sum(page_view_count) from errors.fct_release_errors_daily where event_date = $as_of
            ), 0) as adoption_share
        from errors.fct_release_errors_daily as daily
        left join (
            select release, min(deployed_at) as deployed_at, bool_or(is_rollback) as is_rollback
            from dimensions.dim_releases group by release
        ) using (release)
        where daily.event_date between $first_day and $as_of and release <> 'unknown'
        group by release
        order by coalesce(min(deployed_at), min(daily.event_date)) desc, release desc
        """
    )
    none = {"verdict": None}
    return [row | (judged.get(row["release"]) or none) for row in rows]


def _adoption(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select release, event_date, sum(page_view_count)::double as view_count,
            sum(sum(page_view_count)) over (partition by event_date)::double as day_count,
            min(min(event_date)) over (partition by release) as first_date
        from errors.fct_release_errors_daily
        where event_date between $first_day and $as_of group by release, event_date order by event_date
        """
    )
    days = context.marts.days()
    for row in rows:
        row["share"] = row["view_count"] / row["day_count"] if row["day_count"] else None
    by_release = grouped([row for row in rows if row["release"] != "unknown"], "release")
    newest = sorted(by_release, key=lambda name: (by_release[name][0]["first_date"], str(name)))[-MOST_SHOWN:]
    if not newest:
        return Section("adoption", "No release is known", empty="Beacons carry it in the field `release`.")
    last = by_release[newest[-1]][-1]
    share = context.formats.value(last["share"], "share")
    title = f"{newest[-1]} had {share} of the page views of {day(last['event_date'])}"
    chart = Chart(
        id="release_adoption",
        kind="line",
        title=title,
        subtitle=f"Share of page views by release, the newest {len(newest)}, {day(days[0])} to {day(days[-1])}.",
        summary=f"Adoption of releases by day. {title}.",
        unit="share",
        definition="release_adoption",
        x=days,
        series=tuple(
            Series(str(name), aligned(by_release[name], days, "share"), role=SERIES_ROLES[at])
            for at, name in enumerate(newest)
        ),
    )
    return Section("adoption", "Adoption of releases", charts=[chart])


def _judged(rows: list[Row]) -> Section:
    columns = (
        Column("release", "Release"),
        Column("verdict", "Verdict", "verdict", "release_errors"),
        Column("ratio", "Error ratio", "ratio", "release_errors", "ratio_lower", "ratio_upper"),
        Column("previous_release", "Before"),
        Column("error_share", "First week", "share", "release_errors"),
        Column("previous_error_share", "Previous release", "share", "release_errors"),
        Column("page_view_count", "Page views, first week", "count", "page_view"),
        Column("share", "Error rate", "share", "error_rate"),
        Column("view_count", "Page views", "count", "page_view"),
        Column("adoption_share", "Adoption", "share", "release_adoption"),
        Column("deployed_at", "Deployed", "moment"),
        Column("first_date", "First seen", "date"),
        Column("last_date", "Last seen", "date"),
        Column("is_rollback", "Rollback", "flag"),
    )
    table = Table("error_releases", "", columns, rows, "No page view has a release.", shown=20)
    return Section("releases", "Each release against the one before", tables=[table])


def _brought(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select first_release as release, error_group_id, title, state, error_count_28d, session_count_28d,
            first_seen_date
        from errors.fct_error_groups
        where not is_ignored and first_release is not null and first_seen_date between $as_of - 27 and $as_of
            and greatest(session_count_28d, page_view_count_28d, user_count_28d) > 1
        order by first_seen_date desc, session_count_28d desc, error_group_id
        """
    )
    for row in rows:
        row["page"] = context.link("error", row["error_group_id"])
    columns = (
        Column("release", "First seen in"),
        Column("title", "Error", "code", "error_group", href="page"),
        Column("state", "State", "state", "error_state"),
        Column("error_count_28d", "Errors", "count", "error_group"),
        Column("session_count_28d", "Sessions", "count", "session"),
        Column("first_seen_date", "On", "date"),
    )
    title = f"{plural(len(rows), 'group')} first seen in the last 28 days" if rows else "No group is new in 28 days"
    empty = "Without groups of a single page view."
    return Section("brought", title[:1].upper() + title[1:], tables=[Table("errors_brought", "", columns, rows, empty)])
