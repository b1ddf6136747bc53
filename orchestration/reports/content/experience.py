"""How the site feels to real users: Core Web Vitals, the UX score, where it is slow, and how far the data hold."""

from orchestration.reports.charts import Chart, Column, Page, Section, Series, Table, Threshold, Tile
from orchestration.reports.content import Context, change_text, listed, plural, sure
from orchestration.reports.figures import kpi_chart
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, grouped

VITALS = {"LCP": "ms", "INP": "ms", "CLS": "", "FCP": "ms", "TTFB": "ms"}
SEGMENTS = {"page_group": "Page group", "device": "Device", "country": "Country"}
TRENDS = ("ux_score", "lcp_p75_ms", "inp_p75_ms", "cls_p75", "ttfb_p75_ms", "core_web_vitals_pass_share")


def page(context: Context) -> Page:
    """Return the experience page."""
    vitals = context.marts.rows(
        "select * from reports.rpt_vitals_by_segment order by page_view_count desc, segment, metric"
    )
    scores = context.marts.rows("select * from reports.rpt_ux_score_by_segment order by page_view_count desc, segment")
    overall = {row["metric"]: row for row in vitals if row["segment_kind"] == "all"}
    charts = [kpi_chart(context.marts, context.formats, kpi, goal=_goal(context, kpi)) for kpi in TRENDS]
    return Page(
        "experience",
        "Experience",
        _title(context, overall),
        (
            "What visitors' browsers measured, not what a laboratory did. Soft navigations and bots are not "
            "in these figures."
        ),
        [
            _vitals_section(context, overall, scores),
            Section("trends", f"Day by day, {context.marts.span} days", charts=[chart for chart in charts if chart]),
            *[_segment_section(context, kind, vitals, scores) for kind in SEGMENTS],
            _degradations(context),
            _soft_navigations(context),
            _integrity(context),
        ],
    )


def _title(context: Context, overall: dict[str, Row]) -> str:
    core = [overall[metric] for metric in ("LCP", "INP", "CLS") if metric in overall]
    if not core:
        return "No page view has reported a web vital in 28 days"
    good = [row["metric"] for row in core if row["rating"] == "good"]
    if core[0]["passes_core_web_vitals"]:
        return "The site passes Core Web Vitals"
    short = [row["metric"] for row in core if row["good_share"] < 0.75]
    return f"The site does not pass Core Web Vitals: {listed(short) or 'a vital'} is short of 75 % good" + (
        f"; {listed(good)} good" if good else ""
    )


def _goal(context: Context, kpi: str) -> float | None:
    return context.target["ux_score"] if kpi == "ux_score" else None


def _vitals_section(context: Context, overall: dict[str, Row], scores: list[Row]) -> Section:
    formats = context.formats
    tiles = []
    for row in (score for score in scores if score["segment_kind"] == "all"):
        row = row | {
            "change_share": row["ux_score"] / row["previous_ux_score"] - 1 if row["previous_ux_score"] else None
        }
        bounds = formats.bounds(row["ux_score_lower"], row["ux_score_upper"], "score")
        tiles.append(
            Tile(
                "UX score",
                formats.value(row["ux_score"], "score"),
                "ux_score",
                sure(bounds, row, "page_view_count"),
                change=change_text(row, formats, True),
            )
        )
    for metric, unit in VITALS.items():
        if metric in overall:
            row = overall[metric]
            bounds = formats.bounds(row["p75_lower"], row["p75_upper"], unit)
            tiles.append(
                Tile(
                    label=f"{metric}, p75",
                    value=formats.value(row["p75_value"], unit),
                    definition=metric.lower(),
                    bounds=sure(bounds, row, "page_view_count"),
                    verdict=row["rating"],
                    change=change_text(row, formats, False),
                )
            )
    metrics = [metric for metric in VITALS if metric in overall]
    chart = Chart(
        id="vitals_shares",
        kind="shares",
        title="Share of page views rated good, needs improvement and poor",
        subtitle="28 days. A vital is good for the site when at least 75 % of page views are good (dotted line).",
        summary="Shares of good, needs improvement and poor page views by metric.",
        unit="share",
        definition="rating",
        x=tuple(metrics),
        series=(
            Series("good", tuple(overall[m]["good_share"] for m in metrics), role="good"),
            Series("needs improvement", tuple(overall[m]["needs_improvement_share"] for m in metrics), role="middling"),
            Series("poor", tuple(overall[m]["poor_share"] for m in metrics), role="bad"),
        ),
        thresholds=(Threshold(0.75, "passes"),),
        notes=tuple(f"{formats.value(overall[m]['good_share'], 'share')} good" for m in metrics),
        row_heading="Metric",
        note_heading="Good",
    )
    return Section(
        "vitals",
        f"Web vitals of the 28 days to {day(context.marts.as_of)}",
        "p75: three quarters of page views were at least this fast. undecided: the interval crosses a limit.",
        tiles=tiles,
        charts=[chart] if metrics else [],
        empty=""
        if metrics
        else (
            "No beacon of these metrics was kept in 28 days. Is collect.js on the pages, and does a source "
            "of system web_vitals point at its files?"
        ),
    )


def _segment_section(context: Context, kind: str, vitals: list[Row], scores: list[Row]) -> Section:
    label = SEGMENTS[kind]
    by_segment = grouped((row for row in vitals if row["segment_kind"] == kind), "segment")
    score_of = {row["segment"]: row for row in scores if row["segment_kind"] == kind}
    rows = []
    for segment, metrics in by_segment.items():
        row: Row = {"segment": segment, "passes": metrics[0]["passes_core_web_vitals"], **score_of.get(segment, {})}
        row["passes"] = None if row["passes"] is None else "passes" if row["passes"] else "fails"
        row["page_view_count"] = max(cell["page_view_count"] for cell in metrics)
        for cell in metrics:
            for key in ("p75_value", "p75_lower", "p75_upper"):
                row[f"{cell['metric'].lower()}_{key}"] = cell[key]
        rows.append(row)
    worst = min((row for row in rows if row.get("ux_score") is not None), key=lambda row: row["ux_score"], default=None)
    title = (
        f"{label}: {worst['segment']} has the lowest UX score, {worst['ux_score']:.1f}"
        if worst
        else f"By {label.lower()}"
    )
    columns = [Column("segment", label), Column("page_view_count", "Page views", "count", "page_view")]
    columns.append(Column("ux_score", "UX score", "score", "ux_score", "ux_score_lower", "ux_score_upper"))
    for metric, unit in VITALS.items():
        m = metric.lower()
        columns.append(Column(f"{m}_p75_value", f"{metric} p75", unit, m, f"{m}_p75_lower", f"{m}_p75_upper"))
    columns.append(Column("passes", "Core Web Vitals", "state", "core_web_vitals"))
    table = Table(f"vitals_by_{kind}", "", tuple(columns), rows, f"No page view has a {label.lower()} yet.", shown=15)
    return Section(
        f"by-{kind.replace('_', '-')}", title, "28 days, with 95 % intervals below the values.", tables=[table]
    )


def _degradations(context: Context) -> Section:
    rows = context.marts.rows_if(
        "predictions.vitals_degradations",
        """
        select
            event_date, metric, page_group, device, country, value, baseline_forecast, baseline_lower, baseline_upper,
            change_share, q_value, sample_count, if(metric = 'CLS', '', 'ms') as unit
        from predictions.vitals_degradations where is_degraded and event_date between $as_of::date - 27 and $as_of
        order by event_date desc, change_share desc, metric, page_group, device, country
        """,
    )
    tested = context.marts.rows_if(
        "predictions.vitals_degradations",
        """
        select count(*)::bigint as n from predictions.vitals_degradations
        where event_date between $as_of::date - 27 and $as_of
        """,
    )
    count = tested[0]["n"] if tested else 0
    formats = context.formats
    for row in rows:
        row["value_text"] = formats.value(row["value"], row["unit"])
        row["baseline_text"] = formats.value(row["baseline_forecast"], row["unit"])
        row["bounds_text"] = formats.bounds(row["baseline_lower"], row["baseline_upper"], row["unit"])
    columns = (
        Column("event_date", "Day", "date"),
        Column("metric", "Metric"),
        Column("page_group", "Page group"),
        Column("device", "Device"),
        Column("country", "Country"),
        Column("value_text", "Was", "text", "p75"),
        Column("baseline_text", "Expected", "text", "baseline"),
        Column("bounds_text", "95 %", "text", "interval"),
        Column("change_share", "Worse by", "share", "degradation"),
        Column("q_value", "q", "p", "false_discovery_rate"),
        Column("sample_count", "Page views", "count", "page_view"),
    )
    title = f"{plural(len(rows), 'degradation')} in 28 days".capitalize()
    if not count:
        empty = "No series has been tested yet: a baseline needs a few weeks of days before it."
    else:
        empty = (
            f"{count:,} tests of a day against its own baseline found nothing that is both more than chance "
            "and large enough to matter."
        )
    lead = (
        f"Out of {count:,} tests of a day against its own baseline, chance controlled over all tests of a day."
        if rows
        else ""
    )
    return Section(
        "degradations", title, lead, tables=[Table("vitals_degradations", "", columns, rows, empty, shown=20)]
    )


def _soft_navigations(context: Context) -> Section:
    query = """
        select
            metric, sum(page_view_count)::bigint as page_view_count,
            sum(good_count)::double / nullif(sum(page_view_count), 0) as good_share,
            sum(needs_improvement_count)::double / nullif(sum(page_view_count), 0) as needs_improvement_share,
            sum(poor_count)::double / nullif(sum(page_view_count), 0) as poor_share
        from {table} where {filter} and event_date between $as_of::date - 27 and $as_of group by metric order by metric
    """
    columns = (
        Column("metric", "Metric"),
        Column("page_view_count", "Page views", "count", "page_view"),
        Column("good_share", "Good", "share", "rating"),
        Column("needs_improvement_share", "Needs improvement", "share", "rating"),
        Column("poor_share", "Poor", "share", "rating"),
    )
    soft = context.marts.rows(query.format(table="experience.fct_vitals_daily", filter="not is_headline"))
    fid = context.marts.rows(query.format(table="experience.fct_fid_daily", filter="true"))
    tables = [
        Table("soft_navigations", "Soft navigations", columns, soft, "No soft navigation was reported in 28 days.")
    ]
    if fid:
        tables.append(
            Table(
                "fid_history",
                "FID, for history",
                columns,
                fid,
                note="Retired in March 2024. It never stands in for INP.",
            )
        )
    return Section("apart", "Counted apart", "Not part of any figure above.", tables=tables)


def _integrity(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select
            metric, sum(report_count)::bigint as report_count, sum(duplicate_count)::bigint as duplicate_count,
            sum(broken_chain_count)::bigint as broken_chain_count, sum(bot_count)::bigint as bot_count,
            sum(invalid_negative_count + invalid_too_large_count + invalid_missing_count)::bigint as invalid_count,
            sum(clock_skew_count)::bigint as clock_skew_count, sum(orphan_count)::bigint as orphan_count
        from experience.fct_beacon_integrity_daily where event_date between $as_of::date - 27 and $as_of 
        group by metric order by report_count desc, metric
        """
    )
    columns = (
        Column("metric", "Beacon"),
        Column("report_count", "Reports", "count", "beacon_integrity"),
        Column("duplicate_count", "Repeated", "count", "beacon_integrity"),
        Column("broken_chain_count", "Lost before", "count", "beacon_integrity"),
        Column("invalid_count", "Invalid", "count", "valid"),
        Column("bot_count", "From bots", "count", "beacon_integrity"),
        Column("clock_skew_count", "Clock off", "count", "beacon_integrity"),
        Column("orphan_count", "Without page view", "count", "beacon_integrity"),
    )
    reports = sum(row["report_count"] for row in rows)
    lost = sum(row["broken_chain_count"] for row in rows)
    title = f"{lost:,} of {reports:,} reports prove a lost beacon" if reports else "No beacon has arrived in 28 days"
    lead = "Repeated, invalid and robots' reports are left out of every figure above." if rows else ""
    return Section(
        "integrity",
        title,
        lead,
        tables=[Table("beacon_integrity", "", columns, rows, "Beacons appear here once they land.")],
    )
