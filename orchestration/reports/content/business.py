"""What visits are worth: sessions, conversion, revenue, how far journeys get, and what sessions do by speed."""

from markupsafe import Markup

from orchestration.reports.blocks import Column, Figure, Page, Section, Table, Tile
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, change_text, funnels, marked, plural, sure
from orchestration.reports.delivered import known as has
from orchestration.reports.figures import KPIS, WHAT, kpi_chart
from orchestration.reports.formats import Formats, day
from orchestration.reports.marts import Row

TILES = ["session_count", "conversion_share", "bounce_share", "order_count", "revenue_net"]
KINDS = {
    "page_group": "Landing page group",
    "device": "Device",
    "country": "Country",
    "browser": "Browser",
    "connection": "Connection",
    "navigation_type": "Navigation",
    "channel": "Channel",
    "visitor_kind": "Kind of visitor",
}
METRICS = {"LCP": "ms", "INP": "ms", "CLS": "", "TTFB": "ms"}
# Columns and figures of which only orders tell.
OF_ORDERS = (
    "conversion_share",
    "previous_conversion_share",
    "change",
    "order_count",
    "order_value_mean",
    "revenue_net",
    "revenue_per_session",
)
TRENDS = ["conversion_share", "revenue_net", "session_count", "bounce_share"]


def page(context: Context) -> Page:
    """Return the business page."""
    segments = context.marts.rows("select * from reports.rpt_business_by_segment order by session_count desc, segment")
    scores = {row["kpi"]: row for row in context.marts.rows("select * from reports.rpt_kpi_scorecard")}
    charts = [kpi_chart(context.marts, context.formats, kpi) for kpi in TRENDS]
    has_orders = any(row["conversion_share"] is not None for row in segments)
    has_sessions = has("sessions", context.feeds)
    rule = "Cancelled orders do not convert, and revenue" if has_sessions else "Revenue"
    lead = f"{rule} is net of refunds.{_assumed(context)}"
    return Page(
        "business",
        "Business",
        _title(context, scores),
        "" if segments and not has_orders else lead,
        [
            Section("headlines", f"The 28 days to {day(context.marts.as_of)}", tiles=_tiles(context, scores)),
            *([funnels.section(context), _speeds(context, has_orders)] if has_sessions else []),
            Section("trends", f"Day by day, {context.marts.span} days", charts=[chart for chart in charts if chart]),
            *([_segments(context, segments, has_orders)] if has_sessions else []),
            _reconciled(context),
        ],
    )


def _assumed(context: Context) -> str:
    """Say how many refunds have no amount."""
    (row,) = context.marts.rows(
        """
        select count(*) as assumed from business.fct_orders
        where is_refund_assumed and event_date between $as_of - 27 and $as_of
        """
    )
    if not row["assumed"]:
        return ""
    orders, count = plural(row["assumed"], "refunded order"), row["assumed"]
    return f" {orders} in 28 days {'has' if count == 1 else 'have'} no refund amount, counted as fully refunded."


def _title(context: Context, scores: dict[str, Row]) -> str | Markup:
    def said(kpi: str) -> Markup:
        text = context.formats.value(scores[kpi]["value"], KPIS[kpi].unit)
        return marked(text, Figure(kpi, "28 days", scores[kpi]["value"]))

    if "session_count" not in scores:
        if "order_count" in scores and "revenue_net" in scores:
            return Markup("{} orders in 28 days, worth {}").format(said("order_count"), said("revenue_net"))
        return "No session was seen in 28 days" if context.delivers("sessions") else "No order came in 28 days"
    if "conversion_share" not in scores or "revenue_net" not in scores:
        return Markup("{} of {} sessions saw one page only").format(said("bounce_share"), said("session_count"))
    share, sessions, revenue = (said(kpi) for kpi in ("conversion_share", "session_count", "revenue_net"))
    return Markup("{} of {} sessions ended in an order, worth {}").format(share, sessions, revenue)


def _tiles(context: Context, scores: dict[str, Row]) -> list[Tile]:
    formats = context.formats
    tiles = []
    for kpi in TILES:
        if kpi in scores:
            row, about = scores[kpi], KPIS[kpi]
            bounds = formats.bounds(row["value_lower"], row["value_upper"], about.unit)
            tiles.append(
                Tile(
                    about.label,
                    formats.value(row["value"], about.unit),
                    about.definition,
                    sure(bounds, row) if bounds else "",
                    change=change_text(row, formats, about.is_better_high),
                    figure=Figure(kpi, "28 days", row["value"], WHAT.get(kpi, "")),
                )
            )
    return tiles


def _speeds(context: Context, has_orders: bool) -> Section:
    rows = context.marts.rows_if(
        "business.fct_conversion_by_speed",
        """
        with summed as (
            select metric, value_from, value_to, sum(sample_count)::bigint as sample_count,
                sum(session_count)::double as sessions, sessions ^ 2 / sum(session_square_sum)::double as n,
                sum(converted_session_count)::double / sessions as conversion_share,
                sum(bounce_count)::double / sessions as bounce_share,
                sum(revenue_net)::double / sessions as revenue_per_session
            from business.fct_conversion_by_speed
            where event_date between $as_of - 27 and $as_of
            group by metric, value_from, value_to
        ), told as (
            select *, unnest([{of: 'conversion', p: conversion_share}, {of: 'bounce', p: bounce_share}],
                recursive := true)
            from summed
        )
        select *, (p + 1.920729 / n) / (1 + 3.841459 / n) as middle,
            1.959964 * sqrt(p * (1 - p) / n + 0.960365 / n ^ 2) / (1 + 3.841459 / n) as reach
        from told order by metric, of, value_from
        """,
    )
    if not rows:
        return Section("speed", "Behaviour by speed is not known", empty="No session has a web vital.")
    outcomes = ("conversion", "bounce") if has_orders else ("bounce",)
    of_lcp = [row for row in rows if (row["metric"], row["of"]) == ("LCP", outcomes[0])]
    title = "Conversion and bounces by speed of the first page view"
    if len(of_lcp) > 1:
        fast, slow = (context.formats.value(of_lcp[end]["p"], "share") for end in (0, -1))
        did = "order" if has_orders else "leave after one page"
        title = f"{fast} of fast sessions {did}, and {slow} of the slowest"
    lead = "All sessions, with 95 % intervals; not adjusted for other differences."
    charts = [
        _speed(
            metric, outcome, [row for row in rows if (row["metric"], row["of"]) == (metric, outcome)], context.formats
        )
        for outcome in outcomes
        for metric in METRICS
        if any(row["metric"] == metric for row in rows)
    ]
    columns = (
        Column("metric", "Metric"),
        Column("bucket", "First page view"),
        Column("sample_count", "Sessions", "count", "session"),
        Column("conversion_share", "Conversion rate", "share", "conversion_rate"),
        Column("bounce_share", "Bounce rate", "share", "bounce"),
        Column("revenue_per_session", "Revenue per session", "money", "revenue_net"),
    )
    told = [row | {"bucket": _bucket(row)} for row in rows if row["of"] == "conversion"]
    told.sort(key=lambda row: list(METRICS).index(row["metric"]))
    table = Table("sessions_by_speed", "", _known(columns, has_orders), told, shown=8)
    return Section("speed", title, lead, charts=charts, tables=[table])


def _known(columns: tuple[Column, ...], has_orders: bool) -> tuple[Column, ...]:
    return tuple(column for column in columns if has_orders or column.key not in OF_ORDERS)


def _speed(metric: str, outcome: str, rows: list[Row], formats: Formats) -> Chart:
    label = {"conversion": "Conversion rate", "bounce": "Bounce rate"}[outcome]
    values = tuple(row["p"] for row in rows)
    buckets = tuple(_bucket(row) for row in rows)
    most = max(rows, key=lambda row: row["sample_count"])
    return Chart(
        id=f"{outcome}_by_{metric.lower()}",
        kind="line",
        title=f"{label} by {metric}",
        subtitle=f"Most sessions, {most['sample_count']:,}, are at {_bucket(most)}. Band: 95 % interval.",
        summary=f"{label} by {metric}: "
        + "; ".join(f"{b}: {formats.value(v, 'share')}" for b, v in zip(buckets, values, strict=True)),
        unit="share",
        definition="conversion_by_speed",
        x=buckets,
        series=(
            Series(
                label,
                values,
                tuple(max(0.0, row["middle"] - row["reach"]) for row in rows),
                tuple(min(1.0, row["middle"] + row["reach"]) for row in rows),
            ),
        ),
        is_small=True,
    )


def _bucket(row: Row) -> str:
    write, unit = Formats("", "UTC").goal, METRICS[row["metric"]]
    if row["value_to"] is None:
        return f"> {write(row['value_from'], unit)}"
    return f"≤ {write(row['value_to'], unit)}"


def _segments(context: Context, segments: list[Row], has_orders: bool) -> Section:
    tables = []
    for kind, label in KINDS.items():
        columns = (
            Column("segment", label, "country" if kind == "country" else "text"),
            Column("session_count", "Sessions", "count", "session"),
            Column(
                "conversion_share",
                "Conversion rate",
                "share",
                "conversion_rate",
                "conversion_lower",
                "conversion_upper",
            ),
            Column("previous_conversion_share", "Previous 28 days", "share", "conversion_rate"),
            Column("change", "Change"),
            Column("bounce_share", "Bounce rate", "share", "bounce"),
            Column("duration_mean_s", "Duration", "s", "session"),
            Column("pages_per_session", "Pages", "ratio", "page_view"),
            Column("order_count", "Orders", "count", "order"),
            Column("order_value_mean", "Order value", "money", "revenue_net"),
            Column("revenue_net", "Revenue, net", "money", "revenue_net"),
            Column("revenue_per_session", "Revenue per session", "money", "revenue_net"),
        )
        rows = [row | {"change": _moved(row, context.formats)} for row in segments if row["segment_kind"] == kind]
        tables.append(
            Table(
                f"business_by_{kind}",
                f"By {label.lower()}",
                _known(columns, has_orders),
                rows,
                "No session in 28 days.",
                shown=8,
            )
        )
    return Section("segments", "By segment" if has_orders else "Who visits", tables=tables)


def _reconciled(context: Context) -> Section:
    (row,) = context.marts.rows(
        """
        select sum(matched_session_count)::bigint as matched, sum(silent_session_count)::bigint as only_there,
            sum(unlisted_session_count)::bigint as only_here
        from experience.fct_page_view_arrivals_daily where event_date between $as_of - 27 and $as_of
        """
    )
    if not row["matched"] and not row["only_there"]:
        empty = "No sessions feed to compare with."
        title = "Sessions are counted from beacons only"
        return Section("reconciled", title, empty=empty, needs="session_lists+sessions")
    known = row["matched"] + row["only_there"] + row["only_here"]
    formats = context.formats

    def tile(label: str, key: str, detail: str) -> Tile:
        share = formats.value(row[key] / known, "share")
        return Tile(label, formats.value(row[key], "count"), "sessions_reconciled", detail=f"{share} of all; {detail}")

    tiles = [
        tile("In both", "matched", "in both"),
        tile("Only in beacons", "only_here", "not listed by the other tool"),
        tile("Only in the sessions feed", "only_there", "no beacon came"),
    ]
    title = (
        f"{formats.value(row['matched'] / known, 'share')} of sessions are known to beacons and to the sessions feed"
    )
    return Section("reconciled", title, "28 days, matched by session id within one day.", tiles=tiles)


def _moved(row: Row, formats: Formats) -> str:
    before = row["previous_conversion_share"]
    if not before or row["conversion_share"] is None:
        return "nothing before"
    change = formats.change(row["conversion_share"] / before - 1)
    return change if row["is_change_proven"] else f"{change}, not proven"
