"""The first page: is the site well, are the targets of the mission met, what needs attention, where is it going."""

from typing import Any

from orchestration.reports.charts import Item, Page, Section, Tile
from orchestration.reports.content import Context, change_text, plural, reasoned, sure
from orchestration.reports.content.attention import TARGETS, attention
from orchestration.reports.content.outlook import kpi_notes, target_notes
from orchestration.reports.figures import KPIS, kpi_chart, sentence
from orchestration.reports.formats import WORDS, day
from orchestration.reports.marts import Row

# Where the pages tell more of a target.
MORE = {
    "journeys_monitored_share": "data-quality.html#coverage",
    "alert_false_positive_share": "alerts.html#accuracy",
    "alert_latency_s": "alerts.html#clocks",
    "mttr_reduction_share": "incidents.html#halved",
    "ux_score": "experience.html",
    "availability": "availability.html",
}
HEADLINES = [
    "page_view_count",
    "session_count",
    "conversion_share",
    "revenue_net",
    "lcp_p75_ms",
    "inp_p75_ms",
    "cls_p75",
    "error_page_view_share",
    "incident_count",
    "downtime_s",
]
TRENDS = ["ux_score", "availability_share", "lcp_p75_ms", "conversion_share", "page_view_count", "revenue_net"]


def page(context: Context) -> Page:
    """Return the executive page."""
    targets, notes = _targets(context), target_notes(context)
    items = attention(context, targets)
    verdicts = {v: sum(row["verdict"] == v for row in targets) for v in ("met", "missed", "not_proven")}
    words = ", ".join(f"{count} {WORDS.get(v, v)}" for v, count in verdicts.items() if count)
    return Page(
        "index",
        "Overview",
        f"{context.site_name} is {context.health['status']}",
        reasoned(context.health["status"], context.health["reason"]),
        [
            Section(
                "targets",
                f"Of {plural(len(targets), 'target')}: {words}" if targets else "Targets have not been judged yet",
                "A target is met or missed only when its whole 95 % interval says so; otherwise it is not proven.",
                tiles=[_target_tile(context, row, notes.get(row["target"], "")) for row in targets],
                empty="" if targets else "reports.rpt_mission_targets has no row: run the daily job once more.",
            ),
            _now(context),
            Section(
                "attention",
                f"{plural(len(items), 'thing needs', 'things need')} attention".capitalize()
                if items
                else "Nothing needs attention",
                items=items[:12],
                lead=f"The first 12 of {len(items)}; the pages have the rest." if len(items) > 12 else "",
            ),
            Section(
                "headlines",
                f"The 28 days to {day(context.marts.as_of)}",
                "Each against the 28 days before. The last week is held against the one before it, weekday by weekday; "
                "named is who carries more of the change than its volume explains. What could be chance is not proven.",
                tiles=_headlines(context),
            ),
            Section("trends", f"How the last {context.marts.span} days went", charts=_trends(context)),
        ],
    )


def _now(context: Context) -> Section:
    """Return the section with the health of each service and journey, and the way to its page."""
    services = [
        Item(service["status"], f"{service['name']}: {service['reason']}", context.link("service", service["name"]))
        for service in context.health["services"]
    ]
    found = [
        Item(
            journey["status"],
            f"{journey['name']}, a journey: {journey['reason']}",
            context.link("journey", journey["name"]),
        )
        for journey in context.health.get("journeys", [])
    ]
    well = sum(item.state == "healthy" for item in services + found)
    title = (
        f"{well or 'None'} of {len(services) + len(found)} services and journeys {'is' if well == 1 else 'are'} well"
    )
    return Section("now", title if services else "No service is declared", items=services + found)


def _targets(context: Context) -> list[Row]:
    rows = context.marts.rows(
        """
        select * from reports.rpt_mission_targets where event_date <= $as_of
        """
    )
    order = list(TARGETS)
    return sorted((row for row in rows if row["target"] in TARGETS), key=lambda row: order.index(row["target"]))


def _target_tile(context: Context, row: Row, note: str) -> Tile:
    label, unit, definition = TARGETS[row["target"]]
    formats = context.formats
    trend = _target_trend(context, row["target"])
    sign = {">=": "at least", "<=": "at most"}[row["comparison"]]
    if row["target"] in ("ux_score", "alert_false_positive_share", "alert_latency_s"):
        sign = {">=": "over", "<=": "under"}[row["comparison"]]
    bounds = formats.bounds(row["value_lower"], row["value_upper"], unit)
    known = [value for value in trend if value is not None]
    return Tile(
        label=label,
        value=formats.value(row["value"], unit),
        definition=definition,
        bounds=sure(bounds, row),
        goal=f"{sign} {formats.goal(row['goal'], unit)}",
        detail=row["reason"] or "",
        notes=(note,) if note else (),
        verdict=row["verdict"],
        href=MORE.get(row["target"], ""),
        spark=trend if len(known) > 1 else (),
        spark_goal=row["goal"],
        spark_text=f"Trend of {label}. {sentence(context.marts.days(len(trend)), trend, unit, formats)}"
        if trend
        else "",
    )


def _target_trend(context: Context, target: str) -> tuple[Any, ...]:
    kpi = {"ux_score": "ux_score", "availability": "availability_share"}.get(target)
    if kpi:
        return context.marts.kpi(kpi)["value"]
    if target == "journeys_monitored_share":
        rows = context.marts.rows(
            """
            select avg(is_covered::integer) as share from executive.fct_journey_coverage_daily
            where is_critical and event_date between $first_day and $as_of group by event_date order by event_date
            """
        )
        return tuple(row["share"] for row in rows)
    return ()


def _headlines(context: Context) -> list[Tile]:
    formats = context.formats
    scores = {row["kpi"]: row for row in context.marts.rows("select * from reports.rpt_kpi_scorecard")}
    tiles, notes = [], kpi_notes(context)
    for kpi in HEADLINES:
        row, about = scores.get(kpi), KPIS[kpi]
        if row is None:
            continue
        bounds = formats.bounds(row["value_lower"], row["value_upper"], about.unit)
        tiles.append(
            Tile(
                label=about.label,
                value=formats.value(row["value"], about.unit),
                definition=about.definition,
                bounds=sure(bounds, row) if bounds else "",
                change=change_text(row, formats, about.is_better_high),
                notes=notes.get(kpi, ()),
            )
        )
    return tiles


def _trends(context: Context) -> list[Any]:
    goals = {"ux_score": context.target["ux_score"], "availability_share": context.target["availability"]}
    charts = [kpi_chart(context.marts, context.formats, kpi, goal=goals.get(kpi)) for kpi in TRENDS]
    return [chart for chart in charts if chart]
