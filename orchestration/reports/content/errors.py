"""Which errors visitors met, whether they are new, worse or back, whom they affected and what they cost."""

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.charts import SERIES_ROLES, Chart, Series
from orchestration.reports.content import Context, plural
from orchestration.reports.delivered import known as has
from orchestration.reports.digest import FEWEST_MET, headline, news, with_costs
from orchestration.reports.figures import kpi_chart, sentence
from orchestration.reports.formats import day
from orchestration.reports.intake import why_empty
from orchestration.reports.marts import Row, aligned, grouped

COLUMNS = (
    Column("title", "Error", "code", "error_group", href="page"),
    Column("state", "State", "state", "error_state"),
    Column("error_count_28d", "Errors", "count", "error_group"),
    Column("change_text", "vs. previous 28 days", "text"),
    Column("session_count_28d", "Sessions", "count", "session"),
    Column("session_share_28d", "Share of sessions", "share", "session"),
    Column("user_count_28d", "Users", "count", "error_impact"),
    Column("page_view_count_28d", "Page views", "count", "page_view"),
    Column("verdict", "Cost", "verdict", "error_cost"),
    Column("lost_order_count", "Orders lost", "count", "error_cost", "lost_order_lower", "lost_order_upper"),
    Column("type", "Type"),
    Column("category", "Category", "text", "error_category"),
    Column("culprit", "Where", "code", "error_group"),
    Column("most_hit_page_group", "Top page group"),
    Column("most_hit_browser", "Browser"),
    Column("last_release", "Newest release"),
    Column("first_seen_date", "First seen", "date"),
    Column("last_seen_date", "Last seen", "date"),
    Column("error_group_id", "Id", "code"),
)


def page(context: Context) -> Page:
    """Return the errors page."""
    rows = group_rows(context)
    groups = [row for row in rows if not row["is_ignored"] and row["error_count_28d"]]
    title = f"{plural(len(groups), 'error group')} in 28 days; last week: {_news(context, groups).lower()}"
    asked = "select distinct kpi from executive.fct_kpi_daily where kpi in ('error_page_view_share', 'order_count')"
    known = {row["kpi"] for row in context.marts.rows(asked)}
    none = "No error was captured in 28 days" if "error_page_view_share" in known else "No errors are delivered"
    return Page(
        "errors",
        "Errors",
        title if groups else none,
        "A group has one fingerprint, so one cause.",
        [_headline(context, groups, known), _trend(context), _groups(context, groups), *_ignored(rows)],
    )


def group_rows(context: Context) -> list[Row]:
    """Return every error group with its change, its page and what it cost, the most errors first."""
    rows = context.marts.rows(
        """
        select
            *,
            error_count_28d / nullif(previous_error_count_28d, 0) - 1 as change_share,
            (select min(event_date) from errors.fct_errors_daily) > $as_of - 55 as is_young
        from errors.fct_error_groups
        order by error_count_28d desc, error_count desc, error_group_id
        """
    )
    return [
        row
        | {
            "change_text": "not known"
            if row["is_young"]
            else context.formats.change(row["change_share"]) or "not seen then",
            "category": str(row["category"]).replace("_", " "),
            "page": context.link("error", row["error_group_id"]),
        }
        for row in with_costs(context.marts, rows)
    ]


def _news(context: Context, groups: list[Row]) -> str:
    """Say what is news; where only groups are that few met, which are none, say so, because the table shows them."""
    fresh = news(context.marts)
    small = [row for row in groups if row["state"] in ("new", "escalating", "regressed")]
    if fresh or not small:
        return headline(fresh)
    return f"{plural(len(small), 'group')} new, worse or back, met by fewer than {FEWEST_MET}".capitalize()


def _headline(context: Context, groups: list[Row], known: set[str]) -> Section:
    if not groups and "error_page_view_share" not in known:
        return Section(
            "whom", "Error-free sessions are not known", empty="No source of errors has delivered a file yet."
        )
    (whole,) = context.marts.rows(
        """
        select count(*) as session_count, count(*) filter (error_count = 0) as free_count,
            count(distinct visitor_id) as user_count,
            count(distinct visitor_id) - count(distinct visitor_id) filter (error_count > 0) as free_user_count
        from business.fct_sessions where event_date between $as_of - 27 and $as_of
        """
    )
    costly = [row for row in groups if row["verdict"] == "costs_orders"]

    def free(part: str, of: str, label: str, definition: str) -> Tile:
        total, good = whole[of], whole[part]
        share = context.formats.value(good / total if total else None, "share")
        return Tile(label, share, definition, detail=f"{good:,} of {total:,} in 28 days")

    fresh = news(context.marts)
    said = _news(context, groups)
    tiles = [
        free("free_count", "session_count", "Error-free sessions", "session"),
        free("free_user_count", "user_count", "Error-free users", "session"),
        Tile("Changes this week", f"{len(fresh):,}", "error_state", detail=said, href="errors-digest.html"),
    ]
    if "order_count" in known:
        lost = f"about {sum(row['lost_order_count'] for row in costly):,.0f} orders in 28 days"
        detail = lost if costly else "no loss is proven"
        tiles.append(Tile("Groups that cost orders", f"{len(costly):,}", "error_cost", detail=detail))
    title = "Error-free sessions and users" if has("sessions", context.feeds) else "Changes of the week"
    return Section("whom", title, tiles=tiles)


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
    rejected = why_empty(context.marts, "errors")
    lands = "collect.js sends uncaught errors; a source of system web_errors reads them."
    return Section("trend", "Errors by day", charts=charts, empty="" if charts else rejected or lands)


def _groups(context: Context, groups: list[Row]) -> Section:
    title = "Error groups"
    if groups:
        total = sum(row["error_count_28d"] for row in groups)
        title = (
            f"The largest group makes {context.formats.value(groups[0]['error_count_28d'] / total, 'share')} of "
            f"{total:,} errors"
        )
    table = Table("error_groups", "", COLUMNS, groups, "No group had an error in 28 days.", shown=30)
    return Section("groups", title, tables=[table])


def _ignored(rows: list[Row]) -> list[Section]:
    ignored = [row for row in rows if row["is_ignored"] and row["error_count_28d"]]
    if not ignored:
        return []
    total = sum(row["error_count_28d"] for row in ignored)
    table = Table("error_groups_ignored", "", COLUMNS, ignored, shown=10)
    title = f"{plural(len(ignored), 'group')} with {total:,} ignored errors"
    lead = "Listed under `errors.ignores`: counted, never notified."
    return [Section("ignored", title, lead.replace("`", ""), tables=[table])]
