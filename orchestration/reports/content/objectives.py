"""What was promised, whether it is kept, and how much of each error budget is left."""

from typing import Any

from orchestration.reports.blocks import Column, Figure, Page, Section, Table
from orchestration.reports.content import Context, begun, budgets, plural
from orchestration.reports.content.subjects import slugs
from orchestration.reports.formats import duration
from orchestration.reports.marts import Row
from orchestration.reports.reliability_figures import burn_downs

STATES = {"breached": "breached", "warning": "at risk", "ok": "met", "insufficient_data": "without enough data"}
OF_WHAT = {
    "availability": "time up",
    "check_success": "successful checks",
    "check_latency": "checks in time",
    "good_lcp": "page views with good LCP",
    "good_inp": "page views with good INP",
    "good_cls": "page views with good CLS",
    "error_free_sessions": "sessions without an error",
    "request_success": "successful requests",
    "request_latency": "requests in time",
    "order_success": "orders of attempts",
    "composite": "its parts",
}
COLUMNS = (
    Column("objective", "Objective"),
    Column("state", "State", "state", "slo"),
    Column("service", "Service", href="service_page"),
    Column("of_what", "Measures", "text", "sli"),
    Column("target_share", "Target", "goal", "slo"),
    Column("sli_share", "Actual", "share", "sli", "sli_lower", "sli_upper", figure="actual"),
    Column("budget_remaining_share", "Budget left", "share", "error_budget", figure="left"),
    Column("minutes_left", "As full outage", "minutes", "budget_minutes"),
    Column("burn_rate", "Burn rate today", "burn", "burn_rate"),
    Column("window", "Window", "text", "slo"),
)
DETAILS = (
    Column("budget_total", "Budget", "amount", "error_budget", unit_key="unit"),
    Column("budget_spent", "Spent", "amount", "error_budget", unit_key="unit"),
    Column("budget_remaining", "Left", "amount", "error_budget", unit_key="unit"),
    Column("window_starts_on", "Since", "date", "slo"),
    Column("method", "Counted by", "text", "sli"),
    Column("description", "Description"),
)


def page(context: Context) -> Page:
    """Return the objectives page."""
    rows = objective_rows(context)
    sections = [_table(rows)]
    if rows:
        sections += [
            _burn_downs(context, rows),
            *_composites(context, rows),
            budgets.burning(context),
            budgets.spent(context),
            budgets.policies(context),
            _exclusions(context),
            budgets.never(context),
        ]
    return Page(
        "objectives",
        "Objectives",
        _title(rows),
        "",
        sections,
        parent="reliability",
    )


def _title(rows: list[Row]) -> str:
    if not rows:
        return "No objective is declared"
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    said = [f"{count} {words}" for state, words in STATES.items() if (count := counts[state])]
    return f"{plural(len(rows), 'objective')}: {', '.join(said)}"


def objective_rows(context: Context, service: str | None = None) -> list[Row]:
    """Return the objectives as of the newest day, worst first, with words for what they count and their window."""
    rows = context.marts.rows(
        """
        select * from reports.rpt_objectives where $service is null or service = $service
        order by budget_remaining_share nulls last, objective
        """,
        service=service,
    )
    for row in rows:
        row["of_what"] = _of_what(row)
        row["window"] = _window(row)
        row["method"] = _method(row)
        row["service_page"] = context.link("service", row["service"])
        row["actual"] = Figure("sli_share", row["window"], row["sli_share"], row["objective"])
        row["left"] = Figure("budget_remaining_share", row["window"], row["budget_remaining_share"], row["objective"])
    return rows


def _of_what(row: Row) -> str:
    words = OF_WHAT.get(row["indicator"], str(row["indicator"]).replace("_", " "))
    if row["threshold_ms"] is not None:
        percentile = f"p{row['percentile']} " if row["percentile"] else ""
        words += f" ({percentile}{row['threshold_ms']:,.0f} ms)"
    if row["page_group"]:
        words += f" of {row['page_group']}"
    return words + (f" from {row['location']}" if row["location"] else "")


def _window(row: Row) -> str:
    if row["window_kind"] == "rolling":
        return f"rolling, {plural(row['window_days'], 'day')}"
    count = row["window_count"] or 1
    return (
        f"calendar {row['window_unit'] if count == 1 else plural(count, row['window_unit'])}, {row['window_timezone']}"
    )


def _method(row: Row) -> str:
    if row["is_composite"]:
        return "weights of its parts"
    if row["budgeting_method"] == "Occurrences":
        return "events"
    length = duration(row["slice_s"]) if row["slice_s"] else "time"
    if row["budgeting_method"] == "RatioTimeslices":
        return f"mean of {length} slices"
    return f"{length} slices, good at {100 * (row['slice_target_share'] or 1):g} %"


def _table(rows: list[Row]) -> Section:
    empty = "No objective is defined yet: add OpenSLO documents to config/slos."
    lead = "Lowest budget first. Full outage: how long one could last until the budget is spent."
    table = Table("objectives", "", COLUMNS, rows, empty, shown=100, details=DETAILS)
    return Section("objectives", "Status of each objective", lead if rows else "", tables=[table])


def _burn_downs(context: Context, rows: list[Row]) -> Section:
    names = slugs(row["objective"] for row in rows)
    charts = burn_downs(context.marts, context.formats, names)
    low = sum((row["budget_remaining_share"] or 1) < 0.25 for row in rows)
    return Section(
        "burn-down",
        begun(f"{plural(low, 'budget')} of {len(rows)} {'has' if low == 1 else 'have'} less than a quarter left")
        if low
        else "Every budget has a quarter left or more",
        "Solid: budget left at the end of each day. Dashed: spending it evenly.",
        charts=[charts[row["objective"]] for row in rows if row["objective"] in charts],
        seen_charts=4,
    )


def _composites(context: Context, rows: list[Row]) -> list[Section]:
    wholes = {row["slo"]: row for row in rows if row["is_composite"]}
    parts: list[dict[str, Any]] = [
        row | {"whole": wholes[row["composite_slo"]]["objective"]}
        for row in sorted(rows, key=lambda row: (row["composite_slo"] or "", row["objective"]))
        if row["composite_slo"] in wholes
    ]
    if not parts:
        return []
    columns = (
        Column("objective", "Part"),
        Column("whole", "Of", "text", "composite"),
        Column("composite_weight", "Weight", "ratio", "composite"),
        Column("state", "State", "state", "slo"),
        Column("target_share", "Target", "goal", "slo"),
        Column("sli_share", "Actual", "share", "sli", "sli_lower", "sli_upper"),
        Column("budget_remaining_share", "Budget left", "share", "error_budget"),
    )
    told = "; ".join(
        f"{row['objective']} at {context.formats.value(row['sli_share'], 'share')} of "
        f"{context.formats.goal(row['target_share'], 'share')}"
        for row in wholes.values()
    )
    return [Section("composites", f"Composite objectives: {told}", tables=[Table("composites", "", columns, parts)])]


def _exclusions(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select
            objectives.objective, objectives.service, buckets.excluded_reason, objectives.unit,
            sum(buckets.excluded_amount)::double as excluded_amount,
            sum(buckets.excluded_amount)::double / nullif(sum(buckets.excluded_amount)::double
                + any_value(objectives.total_count), 0) as excluded_share,
            min(buckets.bucket_starts_at) as first_at, max(buckets.bucket_starts_at) + interval 5 minutes as last_at
        from reliability.fct_sli_5m as buckets
        inner join reports.rpt_objectives as objectives using (objective)
        where buckets.excluded_amount > 0 and buckets.event_date between objectives.window_starts_on and $as_of
        group by all order by objectives.objective, first_at
        """
    )
    columns = (
        Column("objective", "Objective"),
        Column("excluded_reason", "Why", "long", "exclusion"),
        Column("excluded_amount", "Left out", "amount", "exclusion", unit_key="unit"),
        Column("excluded_share", "Of all", "share", "exclusion"),
        Column("first_at", "First", "moment"),
        Column("last_at", "Last", "moment"),
        Column("service", "Service"),
    )
    touched = len({row["objective"] for row in rows})
    title = f"Maintenance and corrections changed {plural(touched, 'objective')}" if rows else "No exclusions"
    empty = "No maintenance and no correction falls into the window of an objective."
    table = Table("exclusions", "Excluded time and events", columns, rows, empty, is_folded=True)
    return Section("exclusions", title, tables=[table])
