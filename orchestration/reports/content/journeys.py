"""A page for each journey: its steps, what each depends on, how they are, and how far sessions come."""

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.content import Context, begun, funnels, listed, plural, reasoned
from orchestration.reports.content.subject_sections import health_section
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, grouped

STEPS = (
    Column("step", "Step"),
    Column("health", "Health", "state", "health"),
    Column("service", "Service", href="service_page"),
    Column("reason", "Reason", "long", "health"),
    Column("page_group", "Pages"),
    Column("objective", "Objective", "text", "slo"),
    Column("objective_state", "State", "state", "slo"),
    Column("budget_remaining_share", "Budget left", "share", "error_budget"),
    Column("monitored", "Monitored", "state", "journey_coverage"),
    Column("missing", "Missing", "long", "journey_coverage"),
    Column("page_view_count", "Page views", "count", "page_view"),
    Column("check_count", "Checks", "count", "check_state"),
)


def pages(context: Context) -> list[Page]:
    """Return the page of each configured journey."""
    rows = context.marts.rows(
        """
        select steps.*, objectives.state as objective_state, objectives.budget_remaining_share,
            if(steps.is_covered, 'covered', 'missing') as monitored
        from reports.rpt_journey_steps as steps
        left join (
            select slo as objective, arg_min(state, budget_remaining_share) as state,
                min(budget_remaining_share) as budget_remaining_share
            from reports.rpt_objectives group by slo
            union by name
            select objective, state, budget_remaining_share from reports.rpt_objectives where objective <> slo
        ) as objectives using (objective)
        order by journey, position
        """
    )
    health = {journey["name"]: journey for journey in context.health.get("journeys", [])}
    return [_page(context, name, steps, health.get(name)) for name, steps in grouped(rows, "journey").items()]


def _page(context: Context, journey: str, steps: list[Row], health: Row | None) -> Page:
    name = context.subjects["journey", journey]
    status = health["status"] if health else "unknown"
    reason = reasoned(status, health["reason"]) if health else "No data on its services."
    critical = "A critical journey." if steps[0]["is_critical"] else "Not a critical journey."
    return Page(
        name,
        str(journey),
        f"{journey} is {status}",
        f"{reason} {critical}",
        [
            _steps(context, steps, name),
            *health_section(context, "journey", journey, name),
            funnels.section_of(context, steps, name),
        ],
        parent="reliability",
    )


def _steps(context: Context, steps: list[Row], name: str) -> Section:
    for row in steps:
        row["service_page"] = context.link("service", row["service"])
    covered = sum(row["is_covered"] for row in steps)
    services = list(dict.fromkeys(str(row["service"]) for row in steps))
    tiles = [
        Tile(
            "Steps monitored",
            f"{covered} of {len(steps)}",
            "journey_coverage",
            detail="page views, checks and an objective",
        ),
        Tile("Services", str(len(services)), "journey", detail=listed(services)),
    ]
    return Section(
        f"{name}-steps",
        begun(f"{plural(len(steps), 'step')}, at the end of {day(context.marts.as_of)}"),
        "Its health is that of its worst service.",
        tiles=tiles,
        tables=[Table(f"steps_{name}", "", STEPS, steps)],
    )
