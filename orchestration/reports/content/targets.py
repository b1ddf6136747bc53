"""The targets that the site is held to: what each is, whether it is met, and what is likely to come of it."""

from typing import Any

from orchestration.reports.blocks import Figure, Page, Section, Tile
from orchestration.reports.content import Context, plural, sure
from orchestration.reports.content.outlook import target_notes
from orchestration.reports.figures import WHAT, sentence
from orchestration.reports.formats import WORDS
from orchestration.reports.marts import Row

# unit, definition, the KPI and window that it shows, the page that has more; in the order of the page.
TARGETS = {
    "ux_score": ("score", "ux_score", "ux_score", "28 days", "experience.html"),
    "availability": ("share", "availability", "availability_share", "28 days", "availability.html"),
    "journeys_monitored_share": ("share", "journey_coverage", "journeys_monitored_share", "today", "data-quality.html"),
    "mttr_reduction_share": (
        "reduction",
        "mttr_halved",
        "mttr_reduction_share",
        "since the baseline",
        "incidents.html",
    ),
    "alert_false_positive_share": ("share", "alert_accuracy", "alert_false_positive_share", "all days", "alerts.html"),
    "alert_latency_s": ("s", "alert_latency", "alert_latency_p95_s", "all days", "alerts.html"),
    "history_days": ("days", "history", "history_days", "today", "data-quality.html"),
}
ANCHORS = {
    "journeys_monitored_share": "#coverage",
    "mttr_reduction_share": "#halved",
    "alert_false_positive_share": "#accuracy",
    "alert_latency_s": "#clocks",
}
# A target of a feed that the site does not deliver is none of its targets.
FEEDS = {"ux_score": ("page_views",), "availability": ("probes",), "mttr_reduction_share": ("incidents",)}
VERDICTS = ("missed", "not_proven", "met")
STRICT = ("ux_score", "alert_false_positive_share", "alert_latency_s")


def page(context: Context) -> Page:
    """Return the page of the targets."""
    rows, notes = target_rows(context), target_notes(context)
    return Page(
        "targets",
        "Targets",
        f"{plural(len(rows), 'target')}: {counted(rows)}" if rows else "Targets have not been judged yet",
        "A target is met or missed only if its whole 95 % interval says so.",
        [
            Section(
                "targets",
                "",
                cards=[target_card(context, row, notes.get(row["target"], "")) for row in rows],
                empty="" if rows else "Targets are judged with the first daily run.",
            )
        ],
    )


def target_rows(context: Context) -> list[Row]:
    """Return the judged targets of what the site delivers, in the order of the page."""
    rows = context.marts.rows("select * from reports.rpt_mission_targets where event_date <= $as_of")
    order = list(TARGETS)
    known = (row for row in rows if row["target"] in TARGETS)
    own = [row for row in known if row["target"] not in FEEDS or context.delivers(*FEEDS[row["target"]])]
    return sorted(own, key=lambda row: order.index(row["target"]))


def counted(rows: list[Row]) -> str:
    """Say how many targets are missed, not proven and met."""
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    return ", ".join(f"{count} {WORDS.get(verdict, verdict)}" for verdict, count in counts.items() if count)


def goal_text(context: Context, row: Row) -> str:
    """Write a target's goal with its side: over 90, at least 99.9 %."""
    unit, *_ = TARGETS[row["target"]]
    over = {">=": "over", "<=": "under"} if row["target"] in STRICT else {">=": "at least", "<=": "at most"}
    return f"{over[row['comparison']]} {context.formats.goal(row['goal'], unit)}"


def target_card(context: Context, row: Row, note: str) -> Tile:
    """Return a target as a card: where it stands, its goal and its verdict in one line."""
    unit, definition, kpi, window, href = TARGETS[row["target"]]
    formats, trend = context.formats, _trend(context, row["target"])
    bounds = formats.bounds(row["value_lower"], row["value_upper"], unit)
    told = sentence(context.marts.days(len(trend)), trend, unit, formats) if trend else ""
    return Tile(
        label=row["label"],
        value=row["figure"] if row["value"] is None and row["figure"] else formats.value(row["value"], unit),
        definition=definition,
        bounds=sure(bounds, row),
        goal=f"Target {goal_text(context, row)}",
        detail=_verdict(row),
        notes=tuple(text for text in (row["reason"] if row["verdict"] == "met" else "", note) if text),
        verdict=row["verdict"],
        href=href + ANCHORS.get(row["target"], ""),
        spark=trend if sum(value is not None for value in trend) > 1 else (),
        spark_goal=row["goal"],
        spark_text=f"{row['label']} by day. {told}" if trend else "",
        figure=Figure(kpi, window, row["value"], WHAT.get(kpi, "")),
    )


def _verdict(row: Row) -> str:
    if row["verdict"] == "met":
        return "Met"
    if row["verdict"] == "missed":
        return f"Missed: {row['reason']}"
    return str(row["reason"]) if row["figure"] else f"Not proven: {row['reason']}"


def _trend(context: Context, target: str) -> tuple[Any, ...]:
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
