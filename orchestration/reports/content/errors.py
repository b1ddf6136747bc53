"""Which errors visitors met, whether they are new, and how many page views they touched."""

from orchestration.reports.charts import SERIES_ROLES, Chart, Column, Page, Section, Series, Table
from orchestration.reports.content import Context, plural
from orchestration.reports.figures import kpi_chart, sentence
from orchestration.reports.formats import day
from orchestration.reports.marts import aligned, grouped


def page(context: Context) -> Page:
    """Return the errors page."""
    groups = context.marts.rows(
        """
        select * exclude (error_count), error_count_28d as error_count,
            error_count_28d / nullif(previous_error_count_28d, 0) - 1 as change_share
        from errors.fct_error_groups
        where error_count_28d > 0 and not is_ignored
        order by error_count_28d desc, error_group_id
        """
    )
    fresh = sum(row["state"] == "new" for row in groups)
    again = sum(row["state"] == "regressed" for row in groups)
    title = (
        f"{plural(len(groups), 'error group')} in 28 days: {fresh or 'none'} new, {again or 'none'} back "
        "after being resolved"
    )
    return Page(
        "errors",
        "Errors",
        title if groups else "No error was captured in 28 days",
        "One group is one cause: events with the same fingerprint. Text is masked before it is stored.",
        [_trend(context), _groups(context, groups)],
    )


def _trend(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select event_date, category, sum(error_count)::bigint as error_count from errors.fct_errors_daily
        where event_date between $first_day and $as_of group by all order by event_date, category
        """
    )
    charts = []
    days = context.marts.days()
    by_category = grouped(rows, "category")
    if by_category:
        # Five colours can be told apart: the four largest categories and the rest.
        order = sorted(by_category, key=lambda name: (-sum(row["error_count"] for row in by_category[name]), str(name)))
        named = {name: aligned(by_category[name], days, "error_count") for name in order[:4]}
        rest = [aligned(by_category[name], days, "error_count") for name in order[4:]]
        if rest:
            named["the rest"] = tuple(sum(v or 0 for v in values) for values in zip(*rest, strict=True))
        series = tuple(
            Series(str(n).replace("_", " "), v, role=SERIES_ROLES[i]) for i, (n, v) in enumerate(named.items())
        )
        totals = [sum(v or 0 for v in values) for values in zip(*named.values(), strict=True)]
        charts.append(
            Chart(
                id="errors_by_category",
                kind="bar",
                title="Errors by category",
                subtitle=f"Events by day, {day(days[0])} to {day(days[-1])}.",
                summary=f"Errors by day and category. {sentence(days, totals, 'count', context.formats)}",
                unit="count",
                definition="error_category",
                x=days,
                series=series,
            )
        )
    share = kpi_chart(context.marts, context.formats, "error_page_view_share")
    if share:
        charts.append(share)
    empty = "" if charts else "Errors appear once a source of system web_errors lands; collect.js sends uncaught ones."
    return Section("trend", "How many, day by day", charts=charts, empty=empty)


def _groups(context: Context, groups: list[dict]) -> Section:
    columns = (
        Column("title", "Message", "code", "error_group"),
        Column("type", "Type"),
        Column("category", "Category", "text", "error_category"),
        Column("state", "State", "state", "error_state"),
        Column("error_count", "Events", "count", "error_group"),
        Column("change_text", "Against 28 days before", "text"),
        Column("session_count_28d", "Sessions", "count", "session"),
        Column("most_hit_page_group", "Most on"),
        Column("most_hit_browser", "Browser"),
        Column("last_release", "Newest release"),
        Column("first_seen_date", "First seen", "date"),
        Column("last_seen_date", "Last seen", "date"),
    )
    rows = [
        row
        | {
            "change_text": context.formats.change(row["change_share"]) or "not seen then",
            "category": str(row["category"]).replace("_", " "),
        }
        for row in groups
    ]
    title = "The groups, most events first"
    if rows:
        total = sum(row["error_count"] for row in rows)
        title = (
            f"The largest group makes {context.formats.value(rows[0]['error_count'] / total, 'share')} of "
            f"{total:,} events"
        )
    return Section(
        "groups",
        title,
        tables=[Table("error_groups", "", columns, rows, "No group had an event in 28 days.", shown=30)],
    )
