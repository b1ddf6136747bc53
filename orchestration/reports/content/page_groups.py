"""A page for each page group: its vitals day by day, what they are made of, who is slow, and its single pages."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.content import Context
from orchestration.reports.content.attribution import elements_table, parts_chart
from orchestration.reports.content.subjects import slugs
from orchestration.reports.content.vitals import (
    DIMENSIONS,
    VITALS,
    cell_table,
    cells,
    lost_text,
    score_tiles,
    trends,
)
from orchestration.reports.formats import day
from orchestration.reports.marts import Row

_BY_METRIC = ", ".join(
    f"max(p75_{key}) filter (where metric = '{metric}') as {metric.lower()}{'' if key == 'value' else '_' + key}"
    for metric in ("LCP", "INP", "CLS")
    for key in ("value", "lower", "upper")
)


def pages(context: Context) -> list[Page]:
    """Return the page of each page group that has one: those with the most page views."""
    rows = cells(context, "page_group")
    return [_page(context, row) for row in rows if context.link("page_group", row["page_group"])]


def _page(context: Context, row: Row) -> Page:
    group = row["page_group"]
    name = context.subjects["page_group", group]
    key = slugs([group])[group]
    failing = [m for m in ("LCP", "INP", "CLS") if row.get(f"{m.lower()}_rating") in ("poor", "needs_improvement")]
    words = "no page view has a score" if row["ux_score"] is None else f"UX score {row['ux_score']:.1f}"
    title = f"{group}: {words}" + (f"; {' and '.join(failing)} not good" if failing else "")
    return Page(
        name,
        str(group),
        title,
        f"28 days to {day(context.marts.as_of)}, no bots, no soft navigations; {lost_text(row, context)}.",
        [
            Section(f"{name}-now", "Vitals and score", tiles=score_tiles(context, row)),
            Section(
                f"{name}-trends", "Day by day", charts=trends(context, "page_group", f"trend_{key}", page_group=group)
            ),
            _parts(context, name, key, group),
            Section(
                f"{name}-elements",
                "Elements with the highest cost",
                tables=[elements_table(context, f"elements_{key}", group)],
            ),
            *_slices(context, name, key, group),
            _single_pages(context, name, key, group),
        ],
        parent="experience",
    )


def _parts(context: Context, name: str, key: str, group: str) -> Section:
    charts = [parts_chart(context, metric, key, group) for metric in ("LCP", "INP", "TTFB")]
    found = [chart for chart in charts if chart]
    empty = "" if found else "No beacon has timing parts: use the attribution build of web-vitals."
    return Section(f"{name}-parts", "Where the time goes", charts=found, empty=empty)


def _slices(context: Context, name: str, key: str, group: str) -> list[Section]:
    """Return a section for each roll-up of the configuration that parts page groups further."""
    found = context.marts.rows("select distinct roll_up from reports.rpt_experience_by_cell order by roll_up")
    sections = []
    for roll_up in (row["roll_up"] for row in found if row["roll_up"].startswith("page_group, ")):
        others = roll_up.split(", ")[1:]
        label = " and ".join(DIMENSIONS[other].lower() for other in others)
        table = cell_table(context, f"vitals_{key}_by_{'_'.join(others)}", "", roll_up, shown=10, page_group=group)
        sections.append(Section(f"{name}-by-{'-'.join(others).replace('_', '-')}", f"By {label}", tables=[table]))
    return sections


def _single_pages(context: Context, name: str, key: str, group: str) -> Section:
    rows = context.marts.rows(
        f"""
        select page_path, max(own_page_view_count) as own_page_view_count,
            first(level order by metric = 'LCP' desc, metric) as level, {_BY_METRIC}
        from reports.rpt_vitals_by_page where page_group = $page_group
        group by page_path order by own_page_view_count desc, page_path limit 500
        """,  # noqa: S608 - our own columns
        page_group=group,
    )
    own = sum(row["level"] == "page" for row in rows)
    for row in rows:
        row["level"] = {"page": "the page", "page_group": "its page group", "site": "the site"}[row["level"]]
    columns = (
        Column("page_path", "Page", "code"),
        Column("own_page_view_count", "Page views", "count", "page_view"),
        Column("level", "LCP based on", "text", "quoted_cell"),
        *(
            Column(m.lower(), f"{m} p75", VITALS[m], m.lower(), f"{m.lower()}_lower", f"{m.lower()}_upper")
            for m in ("LCP", "INP", "CLS")
        ),
    )
    title = f"{own} of {len(rows)} pages have enough page views for their own figures" if rows else "Single pages"
    table = Table(f"pages_{key}", "", columns, rows, "No page view of 28 days.", shown=15)
    return Section(f"{name}-pages", title, tables=[table])
