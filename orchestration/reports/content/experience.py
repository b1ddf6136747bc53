"""How the site feels to real users: Core Web Vitals, the UX score, where it is slow, and how far the data hold."""

from orchestration.reports.blocks import Column, Figure, Page, Section, Table, Tile
from orchestration.reports.charts import Chart, Series, Threshold
from orchestration.reports.content import Context, change_text, listed, sure
from orchestration.reports.content.vitals import DIMENSIONS, VITALS, cell_table, cells, distributions, lost_text
from orchestration.reports.figures import kpi_chart
from orchestration.reports.formats import day
from orchestration.reports.intake import why_empty
from orchestration.reports.marts import Row

TRENDS = ("ux_score", "lcp_p75_ms", "inp_p75_ms", "cls_p75", "fcp_p75_ms", "ttfb_p75_ms", "core_web_vitals_pass_share")


def page(context: Context) -> Page:
    """Return the experience page."""
    vitals = context.marts.rows(
        "select * from reports.rpt_vitals_by_segment order by page_view_count desc, segment, metric"
    )
    scores = context.marts.rows("select * from reports.rpt_ux_score_by_segment order by page_view_count desc, segment")
    overall = {row["metric"]: row for row in vitals if row["segment_kind"] == "all"}
    spread = distributions(context)
    charts = [kpi_chart(context.marts, context.formats, kpi, goal=_goal(context, kpi)) for kpi in TRENDS]
    return Page(
        "experience",
        "Experience",
        _title(context, overall),
        ("Measured by visitors' browsers, without bots and soft navigations."),
        [
            _vitals_section(context, overall, scores),
            *([Section("distributions", "Distributions", charts=spread)] if spread else []),
            Section(
                "trends",
                f"Day by day, {context.marts.span} days",
                "Vertical lines: browsers or the library changed what they measure.",
                charts=[chart for chart in charts if chart],
            ),
            _page_groups(context),
            *_roll_ups(context),
            _soft_navigations(context),
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
    if not any(row["rating"] in ("needs_improvement", "poor") for row in core if row["metric"] in short):
        return f"Whether the site passes Core Web Vitals is undecided: {listed(short) or 'a vital'} may be good or not"
    return f"The site does not pass Core Web Vitals: {listed(short) or 'a vital'} is under 75 % good" + (
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
                figure=Figure("ux_score", "28 days", row["ux_score"]),
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
                    figure=Figure(f"{metric.lower()}_p75{'_ms' if unit else ''}", "28 days", row["p75_value"]),
                )
            )
    metrics = [metric for metric in VITALS if metric in overall]
    site = cells(context, "site")
    lost = f" Beacon loss: {lost_text(site[0], context)}." if site else ""
    chart = Chart(
        id="vitals_shares",
        kind="shares",
        title="Share of page views rated good, needs improvement and poor",
        subtitle="28 days. Good for the site: at least 75 % of page views (dotted line).",
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
        f"p75: 75 % of page views are at least this fast. Undecided: the interval crosses a limit.{lost}",
        tiles=tiles,
        charts=[chart] if metrics else [],
        empty=""
        if metrics
        else why_empty(context.marts, "beacons")
        or (
            "No beacon of these metrics was kept in 28 days. Is collect.js on the pages, and does a source "
            "of system web_vitals point at its files?"
        ),
    )


def _page_groups(context: Context) -> Section:
    table = cell_table(context, "vitals_by_page_group", "", "page_group", shown=20)
    for row in table.rows:
        row["href"] = context.link("page_group", row["page_group"])
    columns = (Column("page_group", "Page group", href="href"), *table.columns[1:])
    worst = min(
        (row for row in table.rows if row["ux_score"] is not None), key=lambda row: row["ux_score"], default=None
    )
    title = f"{worst['page_group']} has the lowest UX score, {worst['ux_score']:.1f}" if worst else "By page group"
    return Section(
        "by-page-group",
        title,
        "28 days, with 95 % intervals.",
        tables=[Table(table.id, "", columns, table.rows, "No page view has a page group yet.", shown=20)],
    )


def _roll_ups(context: Context) -> list[Section]:
    """Return a section for each roll-up of the configuration that has no page of its own."""
    found = context.marts.rows("select distinct roll_up from reports.rpt_experience_by_cell order by roll_up")
    names = [row["roll_up"] for row in found if not {"page_group", "country"} & set(row["roll_up"].split(", "))]
    sections = []
    for roll_up in (name for name in names if name != "site"):
        slug = roll_up.replace(", ", "-").replace("_", "-")
        label = " and ".join(DIMENSIONS[name].lower() for name in roll_up.split(", "))
        table = cell_table(context, f"vitals_by_{roll_up.replace(', ', '_')}", "", roll_up, shown=12)
        sections.append(Section(f"by-{slug}", f"By {label}", tables=[table]))
    return sections


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
                note="Retired in March 2024; not a substitute for INP.",
            )
        )
    return Section("apart", "Counted separately", "Not included above.", tables=tables)
