"""What somebody should look at now, worst first: the list of the first page and of status.json."""

from orchestration.reports.charts import Item
from orchestration.reports.content import Context, degradations
from orchestration.reports.formats import day
from orchestration.reports.marts import Row

# label, unit, definition
TARGETS = {
    "journeys_monitored_share": ("Critical journeys monitored", "share", "journey_coverage"),
    "alert_false_positive_share": ("False positives among alerts", "share", "alert_accuracy"),
    "alert_latency_s": ("From landing to a critical alert", "s", "alert_latency"),
    "history_days": ("History kept", "days", "history"),
    "mttr_reduction_share": ("Reduction of MTTR (restore)", "reduction", "mttr_halved"),
    "ux_score": ("UX score", "score", "ux_score"),
    "availability": ("Availability", "share", "availability"),
}
WORST_FIRST = ("critical", "failing", "missed", "open", "degraded", "unknown")


def attention(context: Context, targets: list[Row]) -> list[Item]:
    """Return what somebody should look at, worst first: services, blocking checks, objectives, slow pages, targets."""
    marts = context.marts
    items = [
        Item(
            service["status"],
            f"{service['name']}: {service['reason']}",
            context.link("service", service["name"]) or "reliability.html#services",
        )
        for service in context.health["services"]
        if service["status"] != "healthy"
    ]
    items += [
        Item("failing", f"{check['check_name'].replace('_', ' ')} ({check['asset']})", "data-quality.html#checks")
        for check in context.quality
        if not check["is_passed"]
    ]
    items += [
        Item("open", f"Incident still open: {row['title']} ({row['services']})", "incidents.html#list")
        for row in marts.rows(
            """
            select any_value(coalesce(title, incident_id)) as title, string_agg(distinct service, ', ' order by
                service) as services
            from reliability.fct_incidents where is_open and not is_excluded and event_date between $first_day and
                $as_of
            group by incident_id order by min(started_at) desc, incident_id
            """
        )
    ]
    items += _promises(context)
    items += [
        Item(
            "degraded",
            f"{row['metric']} on {degradations.where(row)} is {context.formats.value(row['change_share'], 'share')} "
            f"over its baseline, since {day(row['started_on'])}",
            f"degradations.html#d-{row['degradation_id']}",
        )
        for row in marts.rows(
            """
            select * from reports.rpt_degradations where last_on between $as_of::date - 6 and $as_of
            order by change_share desc, degradation_id
            """
        )
    ]
    items += [
        Item("missed", f"{TARGETS[row['target']][0]}: {row['reason']}", "index.html#targets")
        for row in targets
        if row["verdict"] == "missed"
    ]
    return sorted(items, key=lambda item: WORST_FIRST.index(item.state))


def _promises(context: Context) -> list[Item]:
    """Return open critical alerts, and what was agreed to follow on spent budgets."""
    marts, formats = context.marts, context.formats
    alerts = marts.rows(
        """
        select replace(kind, '_', ' ') as kind, subject, opened_at from alerts.alerts
        where state = 'open' and severity = 'critical' and not is_silenced order by opened_at desc, alert_id
        """
    )
    policies = marts.rows(
        """
        select objective, replace(arg_min(consequence, remaining_share_below), '_', ' ') as consequence,
            arg_min(description, remaining_share_below) as description, min(remaining_share_below) as below
        from reliability.fct_error_budget_policies
        where is_in_force and event_date = (
            select max(event_date) from reliability.fct_error_budget_policies where event_date <= $as_of
        )
        group by objective order by below, objective
        """
    )
    return [
        Item(
            "critical",
            f"Alert: {row['kind']} of {row['subject']}, since {formats.moment(row['opened_at'])}",
            "alerts.html#open",
        )
        for row in alerts
    ] + [
        Item(
            "missed" if row["consequence"] == "freeze" else "degraded",
            f"{row['objective']} has less than {formats.goal(row['below'], 'share')} of its budget left, "
            f"{row['consequence']}: {row['description']}",
            "objectives.html#policies",
        )
        for row in policies
    ]
