"""How far the browser's figures can be trusted: what was lost, repeated, late, invalid or a robot's on its way here."""

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, sure
from orchestration.reports.content.vitals import cells
from orchestration.reports.figures import expected_line, how_expected, sentence
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, aligned

_COUNTS = """
    sum(report_count)::bigint as report_count, sum(duplicate_count)::bigint as duplicate_count,
    sum(late_count)::bigint as late_count, sum(follow_up_count)::bigint as follow_up_count,
    sum(broken_chain_count)::bigint as broken_chain_count, sum(bot_count)::bigint as bot_count,
    sum(invalid_negative_count)::bigint as invalid_negative_count,
    sum(invalid_too_large_count)::bigint as invalid_too_large_count,
    sum(invalid_missing_count)::bigint as invalid_missing_count,
    sum(clock_skew_count)::bigint as clock_skew_count, sum(orphan_count)::bigint as orphan_count,
    sum(broken_chain_count) / nullif(sum(follow_up_count), 0)::double as lost_share
"""

_REQUESTED = """
    select {columns} as page_group, sum(expected_page_view_count)::bigint as expected,
        sum(received_weight_sum)::double as received, received / nullif(expected, 0) as received_share
    from experience.fct_page_requests_daily where event_date between $as_of::date - 27 and $as_of
    group by all having expected > 0 order by received_share, page_group
"""


def page(context: Context) -> Page:
    """Return the page of beacon integrity."""
    (total,) = context.marts.rows(
        f"select {_COUNTS} from experience.fct_beacon_integrity_daily "  # noqa: S608 - our own columns
        "where event_date between $as_of::date - 27 and $as_of"
    )
    site = next(iter(cells(context, "site")), None)
    title = "No beacon has arrived in 28 days"
    if total["report_count"]:
        title = "Too few reports to estimate beacon loss"
    if site and site["lost_share"] is not None:
        title = f"{context.formats.value(site['lost_share'], 'share')} of beacons are lost"
    return Page(
        "beacon-integrity",
        "Beacon integrity",
        title,
        "Duplicates, invalid reports and bots are excluded from all figures. Beacon loss is estimated.",
        [
            Section("integrity", f"28 days to {day(context.marts.as_of)}", tiles=_tiles(context, total, site)),
            _by_day(context),
            _by("metric", "Beacon", "By kind of report", context),
            _by("library", "Library", "By library and major version", context),
            _by_page_group(context),
            *_requested(context),
        ],
        parent="experience",
    )


def _tiles(context: Context, total: Row, site: Row | None) -> list[Tile]:
    formats = context.formats
    if not total["report_count"]:
        return []
    tiles = []
    if site and site["lost_share"] is not None:
        bounds = formats.bounds(site["lost_share_lower"], site["lost_share_upper"], "share")
        value = formats.value(site["lost_share"], "share")
        tiles.append(Tile("Beacon loss", value, "lost_beacons", sure(bounds, site, "follow_up_count")))
    (arrived,) = context.marts.rows(
        """
        select sum(received_page_view_count)::double / nullif(sum(expected_page_view_count), 0) as share,
            sum(expected_page_view_count)::bigint as expected, sum(session_count)::bigint as sessions,
            sum(silent_session_count)::bigint as silent
        from experience.fct_page_view_arrivals_daily where event_date between $as_of::date - 27 and $as_of
        """
    )
    if arrived["share"] is not None:
        silent = f"{arrived['silent']:,} of {arrived['sessions']:,} sessions silent"
        detail = f"of {arrived['expected']:,} that another tool counted (feed sessions); {silent}"
        tiles.append(
            Tile("Page views received", formats.value(arrived["share"], "share"), "expected_views", detail=detail)
        )
    for asked in context.marts.rows(_REQUESTED.format(columns="'all'")):
        detail = f"of {asked['expected']:,} served to people (access log)"
        tiles.append(
            Tile("Pages received", formats.value(asked["received_share"], "share"), "expected_views", detail=detail)
        )
    n = total["report_count"]
    for key, label in (
        ("duplicate_count", "Repeated"),
        ("late_count", "Late"),
        ("bot_count", "From bots"),
        ("clock_skew_count", "Clock skew"),
    ):
        value = formats.value(total[key] / n, "share")
        tiles.append(Tile(label, value, "beacon_integrity", detail=f"{total[key]:,} of {n:,} reports"))
    return tiles


def _by_day(context: Context) -> Section:
    days = context.marts.days()
    rows = context.marts.rows(
        f"select event_date, {_COUNTS} from experience.fct_beacon_integrity_daily "  # noqa: S608 - our own columns
        "where event_date between $before_day and $as_of group by event_date",
    )
    arrivals = context.marts.rows(
        """
        select event_date, 1 - received_page_view_count::double / expected_page_view_count as missing_share
        from experience.fct_page_view_arrivals_daily where event_date between $first and $as_of
        """,
        first=days[0],
    )
    lost, missing = aligned(rows, days, "lost_share"), aligned(arrivals, days, "missing_share")
    if not any(value is not None for value in lost):
        return Section("integrity-days", "Day by day", empty="No report followed another one of its id yet.")
    expected = expected_line(rows, context.marts, "lost_share", role="c3")
    series = [Series("lost (broken chains)", lost), *expected]
    if any(value is not None for value in missing):
        series.append(Series("page views counted by another tool but not received", missing, role="c2"))
    chart = Chart(
        id="beacons_lost",
        kind="line",
        title="Share of beacons lost, by day",
        subtitle=f"{day(days[0])} to {day(days[-1])}. The newest days may still be incomplete."
        + how_expected(expected),
        summary=f"Share of beacons lost by day. {sentence(days, lost, 'share', context.formats)}",
        unit="share",
        definition="lost_beacons",
        x=days,
        series=tuple(series),
    )
    return Section("integrity-days", "Day by day", charts=[chart])


def _by(key: str, label: str, title: str, context: Context) -> Section:
    rows = context.marts.rows(
        f"select {key}, {_COUNTS} from experience.fct_beacon_integrity_daily "  # noqa: S608 - our own columns
        f"where event_date between $as_of::date - 27 and $as_of group by {key} order by report_count desc, {key}"
    )
    columns = (
        Column(key, label),
        Column("report_count", "Reports", "count", "beacon_integrity"),
        Column("lost_share", "Lost", "share", "lost_beacons"),
        Column("follow_up_count", "Chained reports", "count", "lost_beacons"),
        Column("duplicate_count", "Repeated", "count", "beacon_integrity"),
        Column("late_count", "Late", "count", "beacon_integrity"),
        Column("invalid_negative_count", "Negative", "count", "valid"),
        Column("invalid_too_large_count", "Too large", "count", "valid"),
        Column("invalid_missing_count", "Not a number", "count", "valid"),
        Column("bot_count", "From bots", "count", "beacon_integrity"),
        Column("clock_skew_count", "Clock skew", "count", "beacon_integrity"),
        Column("orphan_count", "Without page view", "count", "beacon_integrity"),
    )
    table = Table(f"beacon_integrity_by_{key}", "", columns, rows, "No beacon has been read yet.")
    return Section(f"integrity-{key}", title, tables=[table])


def _requested(context: Context) -> list[Section]:
    rows = context.marts.rows(_REQUESTED.format(columns="page_group"))
    if not rows:
        return []
    columns = (
        Column("page_group", "Page group"),
        Column("received_share", "Received", "share", "expected_views"),
        Column("received", "Page views received", "count", "page_view"),
        Column("expected", "Pages served", "count", "expected_views"),
    )
    table = Table("pages_requested", "", columns, rows, shown=30)
    lead = "Pages served to people (access log) and page views received as beacons."
    return [Section("integrity-requests", "Received, by page group", lead, tables=[table])]


def _by_page_group(context: Context) -> Section:
    rows = cells(context, "page_group")
    rows.sort(key=lambda row: (-(row["lost_share"] or 0), row["page_group"]))
    columns = (
        Column("page_group", "Page group"),
        Column("lost_share", "Lost", "share", "lost_beacons", "lost_share_lower", "lost_share_upper"),
        Column("broken_chain_count", "Broken chains", "count", "lost_beacons"),
        Column("follow_up_count", "of", "count", "lost_beacons"),
        Column("page_view_count", "Page views", "count", "page_view"),
    )
    table = Table("beacons_lost_by_page_group", "", columns, rows, "No page view of 28 days.", shown=30)
    return Section("integrity-page-groups", "Lost, by page group", tables=[table])
