"""What to make faster first: points of UX score by page group and metric, parts of values, and elements."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context
from orchestration.reports.content.attribution import elements_table, parts_chart
from orchestration.reports.content.vitals import VITALS, cells
from orchestration.reports.marts import Row


def page(context: Context) -> Page:
    """Return the page of opportunities."""
    rows = [row for row in cells(context, "page_group") if row["opportunity"] is not None]
    rows.sort(key=lambda row: (-row["opportunity"], row["page_group"]))
    site = next(iter(cells(context, "site")), None)
    title = "No page view of 28 days has a UX score"
    if rows and site and site["ux_score"] is not None:
        title = (
            f"{rows[0]['page_group']} is the largest opportunity: {rows[0]['opportunity']:.1f} of the "
            f"{100 - site['ux_score']:.1f} points missing"
        )
    return Page(
        "opportunities",
        "Opportunities",
        title,
        "UX score points the site would gain if these page views were perfect: an upper bound. 28 days.",
        [_groups(context, rows), _metrics(context, rows), _parts(context), _elements(context)],
        parent="experience",
    )


def _groups(context: Context, rows: list[Row]) -> Section:
    shown = rows[:20]
    chart = Chart(
        id="opportunities_by_page_group",
        kind="forest",
        title="Possible gain by page group",
        subtitle="28 days; the bar is the 95 % interval.",
        summary="Opportunity of each page group, in points of the site's UX score.",
        unit="score",
        definition="opportunity",
        x=tuple(row["page_group"] for row in shown),
        series=(
            Series(
                "points to gain",
                tuple(row["opportunity"] for row in shown),
                tuple(row["opportunity_lower"] for row in shown),
                tuple(row["opportunity_upper"] for row in shown),
            ),
        ),
        notes=tuple(context.formats.value(row["opportunity"], "ratio") for row in shown),
        row_heading="Page group",
        note_heading="Points",
    )
    empty = "" if rows else "No page view has LCP, INP or CLS."
    return Section("opportunities-page-groups", "By page group", charts=[chart] if rows else [], empty=empty)


def _metrics(context: Context, rows: list[Row]) -> Section:
    for row in rows:
        row["href"] = context.link("page_group", row["page_group"])
        for metric in VITALS:
            loss = row[f"{metric.lower()}_loss"]
            row[f"{metric.lower()}_gain"] = None if loss is None else loss * row["traffic_share"]
    totals = {m: sum(row[f"{m.lower()}_gain"] or 0 for row in rows) for m in VITALS}
    largest = max(totals, key=lambda metric: totals[metric])
    columns = (
        Column("page_group", "Page group", href="href"),
        Column("traffic_share", "Traffic", "share", "opportunity"),
        Column("ux_score", "UX score", "score", "ux_score", "ux_score_lower", "ux_score_upper"),
        Column("opportunity", "Points to gain", "ratio", "opportunity", "opportunity_lower", "opportunity_upper"),
        *(Column(f"{m.lower()}_gain", f"by {m}", "ratio", "ux_loss") for m in VITALS),
        Column("lost_share", "Beacons lost", "share", "lost_beacons", "lost_share_lower", "lost_share_upper"),
    )
    title = (
        f"{largest} has the largest potential: {totals[largest]:.1f} points of the site's score"
        if rows
        else "By metric"
    )
    table = Table("opportunities", "", columns, rows, "No page view of 28 days has a score.", shown=30)
    return Section("opportunities-metrics", title, "", tables=[table])


def _parts(context: Context) -> Section:
    charts = [parts_chart(context, metric, "site") for metric in ("LCP", "INP", "TTFB")]
    found = [chart for chart in charts if chart]
    empty = "" if found else "No beacon has timing parts: use the attribution build of web-vitals."
    return Section("opportunities-parts", "Where the time goes", charts=found, empty=empty)


def _elements(context: Context) -> Section:
    table = elements_table(context, "elements")
    first = table.rows[0] if table.rows else None
    share = context.formats.value(first["cost_share"], "share") if first else ""
    title = (
        f"{first['target'][:60]} on {first['page_group']} costs the most: {share}" if first else "No element is named"
    )
    return Section("opportunities-elements", title, tables=[table])
