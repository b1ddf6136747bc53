"""The first page: the worst that is true in one sentence, five cards, what needs attention, and where it is going."""

from typing import Any

from markupsafe import Markup

from orchestration.reports.blocks import Column, Figure, Page, Section, Table, Tile
from orchestration.reports.content import Context, begun, change_text, plural, sure
from orchestration.reports.content.attention import attention
from orchestration.reports.content.outlook import kpi_notes
from orchestration.reports.content.targets import counted, target_rows
from orchestration.reports.figures import KPIS, WHAT, kpi_chart, sentence
from orchestration.reports.formats import day
from orchestration.reports.marts import Row

WINDOW = "28 days"
PREVIOUS = "previous 28 days"
CARD_PAGES = {
    "experience": "experience.html",
    "availability": "availability.html",
    "business": "business.html",
    "errors": "errors.html",
    "incidents": "incidents.html",
}
HEADLINES = (
    "page_view_count",
    "session_count",
    "conversion_share",
    "revenue_net",
    "lcp_p75_ms",
    "inp_p75_ms",
    "cls_p75",
    "error_page_view_share",
    "incident_count",
    "mttr_restore_s",
    "downtime_s",
)
TRENDS = ("ux_score", "availability_share", "lcp_p75_ms", "conversion_share", "page_view_count", "revenue_net")


def page(context: Context) -> Page:
    """Return the first page."""
    items, cards = attention(context), _cards(context)
    charts = _trends(context)
    table = _kpis(context)
    title = f"{plural(len(items), 'thing needs', 'things need')} attention".capitalize()
    return Page(
        "index",
        "Overview",
        headline(context),
        "",
        [
            *([Section("cards", "", cards=cards)] if cards else []),
            Section("summary", "", lead=_lines(context)),
            Section("attention", title if items else "Nothing needs attention", items=items),
            *([Section("trends", f"The last {context.marts.span} days", charts=charts)] if charts else []),
            *([table] if table else []),
        ],
    )


def headline(context: Context) -> str:
    """Return the one sentence with the worst that is true."""
    (row,) = context.marts.rows("select sentence from reports.rpt_headline")
    return str(row["sentence"])


def _cards(context: Context) -> list[Tile]:
    notes = kpi_notes(context)
    rows = context.marts.rows("select * from reports.rpt_cards order by position")
    return [_card(context, row, notes.get(row["kpi"], ())) for row in rows]


def _card(context: Context, row: Row, notes: tuple[str, ...]) -> Tile:
    about, formats = KPIS[row["kpi"]], context.formats
    trend = context.marts.kpi(row["kpi"])["value"]
    told = sentence(context.marts.days(len(trend)), trend, about.unit, formats)
    return Tile(
        label=row["label"],
        value=formats.value(row["value"], about.unit),
        definition=about.definition,
        bounds=sure(formats.bounds(row["value_lower"], row["value_upper"], about.unit), row),
        change=change_text(row, formats, about.is_better_high),
        detail=row["verdict"] or "",
        verdict=row["state"] or "",
        goal=f"{begun(WHAT.get(row['kpi'], about.label))}, {WINDOW}",
        spark=trend if sum(value is not None for value in trend) > 1 else (),
        spark_text=f"{about.label} by day. {told}",
        href=CARD_PAGES[row["card"]],
        notes=notes,
        figure=Figure(row["kpi"], WINDOW, row["value"], WHAT.get(row["kpi"], "")),
    )


def _lines(context: Context) -> Markup:
    """Return one line for the targets and one for the services and journeys, each with the page that has the rest."""
    targets = target_rows(context)
    found = [("targets.html", f"{plural(len(targets), 'target')}: {counted(targets)}")] if targets else []
    for name in ("services", "journeys"):
        states = [part["status"] for part in context.health.get(name, [])]
        if any(state != "unknown" for state in states):
            healthy = sum(state == "healthy" for state in states)
            found.append((f"reliability.html#{name}", f"{healthy} of {plural(len(states), name[:-1])} healthy"))
    return Markup(" · ").join(Markup('<a href="{}">{}</a>').format(*line) for line in found)


def _kpis(context: Context) -> Section | None:
    formats, notes = context.formats, kpi_notes(context)
    scores = {row["kpi"]: row for row in context.marts.rows("select * from reports.rpt_kpi_scorecard")}
    rows: list[dict[str, Any]] = [
        scores[kpi]
        | {
            "label": KPIS[kpi].label + (f", {WHAT[kpi]}" if kpi in WHAT else ""),
            "unit": KPIS[kpi].unit,
            "change": change_text(scores[kpi], formats, KPIS[kpi].is_better_high),
            "moved": " ".join(notes.get(kpi, ())),
            "figure": Figure(kpi, WINDOW, scores[kpi]["value"], WHAT.get(kpi, "")),
        }
        for kpi in HEADLINES
        if kpi in scores
    ]
    columns = (
        Column("label", "KPI"),
        Column("value", "28 days", "count", "", "value_lower", "value_upper", unit_key="unit", figure="figure"),
        Column("change", f"Change vs. {PREVIOUS}"),
        Column("moved", "Last week and forecast", "long"),
    )
    if not rows:
        return None
    title = f"The 28 days to {day(context.marts.as_of)}"
    return Section("headlines", title, tables=[Table("kpis", "", columns, rows)])


def _trends(context: Context) -> list[Any]:
    goals = {"ux_score": context.target["ux_score"], "availability_share": context.target["availability"]}
    charts = [kpi_chart(context.marts, context.formats, kpi, goal=goals.get(kpi)) for kpi in TRENDS]
    return [chart for chart in charts if chart]
