"""What broke, how long it took to notice and to restore, and which outages nobody recorded."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.content import Context, begun, plural
from orchestration.reports.content.attention import statements
from orchestration.reports.content.detections import detections, timeline
from orchestration.reports.content.mttx import halved, times
from orchestration.reports.delivered import known
from orchestration.reports.marts import Row

SHOWN_INCIDENTS = 40


def page(context: Context) -> Page:
    """Return the incidents page."""
    incidents = context.marts.rows(
        """
        select
            incident_id, string_agg(distinct service, ', ' order by service) as services,
            any_value(severity) as severity, any_value(title) as title, any_value(cause) as cause,
            min(started_at) as started_at, max(mttd_s) as mttd_s, max(mtta_s) as mtta_s, max(restore_s) as restore_s,
            max(resolve_s) as resolve_s, bool_or(is_open) as is_open, bool_or(is_excluded) as is_excluded,
            any_value(exclusion_reason) as exclusion_reason,
            arg_max(budget_objective, fct_incidents.spent_budget_share) as budget_objective,
            max(fct_incidents.spent_budget_share) as spent_budget_share,
            arg_max(fct_incidents.spent_minutes, fct_incidents.spent_budget_share) as spent_minutes,
            if(count(distinct fct_incidents.detection) = 1, any_value(fct_incidents.detection), 'matched') as
                detection
        from reliability.fct_incidents where event_date between $first_day and $as_of or is_open and not is_excluded
        group by incident_id order by started_at desc, incident_id
        """
    )
    outages = context.marts.rows(
        """
        select * from reliability.fct_outages
        where event_date between $first_day and $as_of and not is_in_maintenance order by started_at desc, service
        """
    )
    is_recorded, is_checked = (known(feed, context.feeds) for feed in ("incidents", "probes"))
    return Page(
        "incidents",
        "Incidents" if is_recorded else "Outages",
        _title(incidents, len(statements(context, "incident")))
        if is_recorded
        else begun(f"{plural(len(outages), 'outage')} in 90 days"),
        "" if not is_recorded else "MTTR here is the time to restore: from the start to the service working again.",
        [
            *(timeline(context) if is_checked else []),
            *([times(context), halved(context), _list(context, incidents)] if is_recorded else []),
            *([detections(context)] if is_recorded and is_checked else []),
            *([_outages(context, outages)] if is_checked else []),
            *([_excluded(incidents)] if is_recorded else []),
        ],
        parent="reliability",
    )


def _title(incidents: list[Row], open_count: int) -> str:
    if not incidents:
        return "No incident was recorded in 90 days"
    return f"{plural(len(incidents), 'incident')} in 90 days, {open_count or 'none'} open"


def _list(context: Context, incidents: list[Row]) -> Section:
    rows = [
        row
        | {
            "state": "open" if row["is_open"] else "excluded" if row["is_excluded"] else "closed",
            "monitoring": str(row["detection"] or "not judged").replace("_", " "),
        }
        for row in incidents
    ]
    columns = (
        Column("title", "Incident", "long"),
        Column("services", "Services"),
        Column("severity", "Severity"),
        Column("state", "State", "state", "incident"),
        Column("started_at", "Started", "moment", "incident"),
        Column("mttd_s", "To detect", "s", "mttd"),
        Column("restore_s", "To restore", "s", "mttr_restore"),
        Column("spent_budget_share", "Budget spent", "share", "budget_cause"),
    )
    details = (
        Column("mtta_s", "To acknowledge", "s", "mtta"),
        Column("resolve_s", "To resolve", "s", "mttr_resolve"),
        Column("spent_minutes", "Budget spent", "minutes", "budget_minutes"),
        Column("budget_objective", "of objective", "text", "slo"),
        Column("monitoring", "Monitoring", "text", "detection"),
        Column("cause", "Cause", "long"),
    )
    empty = "No incident was recorded in 90 days."
    table = Table("incidents", "", columns, rows, empty, shown=SHOWN_INCIDENTS, details=details)
    return Section("list", "Incidents of 90 days", tables=[table])


def _outages(context: Context, outages: list[Row]) -> Section:
    rows = [
        row
        | {
            "state": "open" if row["is_open"] else "closed",
            "recorded": row["incident_id"] or "no record",
        }
        for row in outages
    ]
    columns = (
        Column("service", "Service"),
        Column("started_at", "First failed check", "moment", "outage"),
        Column("ended_at", "First good check", "moment", "outage"),
        Column("duration_s", "Duration", "s", "outage"),
        Column("state", "State", "state", "outage"),
        Column("location_count", "Locations", "count", "outage"),
        Column("check_count", "Checks", "count", "outage"),
        Column("recorded", "Incident", "text", "incident"),
    )
    missing = sum(row["incident_id"] is None for row in outages)
    title = f"{plural(len(rows), 'outage')}, {missing or 'none'} of them without an incident record"
    if not known("incidents", context.feeds):
        title = "Outages of 90 days"
    if not rows:
        title = "Checks found no outage in 90 days"
    return Section(
        "outages",
        title,
        tables=[
            Table(
                "outages",
                "Outages",
                columns,
                rows,
                "No service had two failed checks in a row.",
                shown=SHOWN_INCIDENTS,
                is_folded=True,
            )
        ],
    )


def _excluded(incidents: list[Row]) -> Section:
    reasons: dict[str, int] = {}
    for row in incidents:
        if row["is_excluded"]:
            reason = str(row["exclusion_reason"] or "unknown").replace("_", " ")
            reasons[reason] = reasons.get(reason, 0) + 1
    rows = [
        {"reason": reason, "count": count}
        for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    columns = (Column("reason", "Reason", "text", "incident_exclusion"), Column("count", "Incidents", "count"))
    title = f"{plural(sum(reasons.values()), 'incident')} excluded from the means".capitalize()
    return Section(
        "excluded", title, tables=[Table("excluded_incidents", "", columns, rows, "No incident is excluded.")]
    )
