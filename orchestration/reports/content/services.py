"""A page for each service: its health, availability, objectives, outages, incidents, alerts and who depends on it."""

from orchestration.reports.blocks import Column, Figure, Page, Section, Table, Tile
from orchestration.reports.content import Context, begun, listed, objectives, plural, reasoned
from orchestration.reports.content.alert_ledger import LEDGER, alert_rows
from orchestration.reports.content.subject_sections import health_section, requests
from orchestration.reports.content.subjects import slugs
from orchestration.reports.delivered import known, needs
from orchestration.reports.formats import Formats, day
from orchestration.reports.marts import Row
from orchestration.reports.reliability_figures import availability_bars, burn_downs


def pages(context: Context) -> list[Page]:
    """Return the page of each configured service."""
    rows = context.marts.rows("select * from reports.rpt_service_health order by service")
    return [_page(context, row) for row in rows]


def _page(context: Context, row: Row) -> Page:
    service = row["service"]
    name = context.subjects["service", service]
    sections = [
        _now(context, row, name),
        *health_section(context, "service", service, name),
        _availability(context, row, name),
        _objectives(context, service, name),
        _broken(context, service, name),
        _alerts(context, service, name),
        requests(context, service, name),
        _journeys(context, service, name),
    ]
    critical = (
        "The application's status depends on it."
        if row["is_critical"]
        else "The application's status does not depend on it."
    )
    lead = reasoned(row["status"], row["reason"]) if row["reason"] else ""
    title = f"{service} is {row['status']}"
    owner = f" Owner: {row['owner']}." if row.get("owner") else ""
    return Page(name, str(service), title, f"{lead} {critical}{owner}".strip(), sections, parent="reliability")


def _now(context: Context, row: Row, name: str) -> Section:
    formats = context.formats
    lowest = next(iter(objectives.objective_rows(context, row["service"])), None)
    tiles = [
        _share_tile(formats, row, 28),
        _share_tile(formats, row, 90),
        Tile(
            "Downtime, 28 days",
            formats.value(row["down_s_28d"], "s"),
            "outage",
            detail=plural(int(row["outage_count_28d"] or 0), "outage"),
            figure=Figure("downtime_s", "28 days", row["down_s_28d"], row["service"]),
        ),
    ]
    if lowest and lowest["budget_remaining_share"] is not None:
        tiles.append(
            Tile(
                "Lowest budget left",
                formats.value(lowest["budget_remaining_share"], "share"),
                "error_budget",
                detail=str(lowest["objective"]),
                verdict=lowest["state"],
            )
        )
    (alerts,) = context.marts.rows(
        """
        select count_if(state = 'open') as open_count, count(*) as alert_count from alerts.alerts
        where service = $service and (event_date between $first_day and $as_of or state = 'open')
        """,
        service=row["service"],
    )
    tiles.append(
        Tile(
            "Open alerts",
            f"{alerts['open_count']}",
            "alert",
            detail=f"{plural(alerts['alert_count'], 'alert')} in 90 days",
        )
    )
    return Section(f"{name}-now", f"At the end of {day(context.marts.as_of)}", tiles=tiles)


def _share_tile(formats: Formats, row: Row, days: int) -> Tile:
    known = formats.value(row[f"coverage_share_{days}d"], "share")
    share = row[f"availability_share_{days}d"]
    return Tile(
        f"Availability, {days} days",
        formats.value(share, "share"),
        "availability",
        detail=f"{known} coverage",
        figure=Figure("availability_share", f"{days} days", share, row["service"]),
    )


def _availability(context: Context, row: Row, name: str) -> Section:
    target = context.target["availability"]
    chart = availability_bars(context.marts, context.formats, target, row["service"], f"availability_{name}")
    if chart is None:
        empty = "No check of this service."
        return Section(f"{name}-availability", "Never checked", empty=empty, needs="probes")
    methods = context.marts.rows(
        """
        select replace(method, '_', ' ') || if(is_contractual, ' (contractual)', '') as name, availability_share,
            coverage_share, down_s, degraded_s, maintenance_s, unknown_s, outage_count
        from reliability.fct_availability where grain = '90d' and service = $service
        order by is_contractual desc, method
        """,
        service=row["service"],
    )
    columns = (
        Column("name", "Method", "text", "accounting_method"),
        Column("availability_share", "Availability", "share", "availability"),
        Column("coverage_share", "Coverage", "share", "availability_coverage"),
        Column("down_s", "Downtime", "s", "outage"),
        Column("degraded_s", "Degraded", "s", "check_state"),
        Column("maintenance_s", "Excluded", "s", "exclusion"),
        Column("unknown_s", "Unknown", "s", "unknown_time"),
        Column("outage_count", "Outages", "count", "outage"),
    )
    table = Table(f"methods_{name}", "90 days by every method", columns, methods)
    title = f"Up {chart.notes[0]} of the known time of 90 days" if chart.notes[0] != "unknown" else "Not known"
    return Section(f"{name}-availability", title, charts=[chart], tables=[table])


def _objectives(context: Context, service: str, name: str) -> Section:
    rows = objectives.objective_rows(context, service)
    if not rows:
        empty = "No objective names this service."
        return Section(f"{name}-objectives", "No objective", empty=empty, needs="objectives")
    every = context.marts.rows("select objective from reports.rpt_objectives")
    charts = burn_downs(context.marts, context.formats, slugs(row["objective"] for row in every))
    columns = tuple(column for column in objectives.COLUMNS if column.key != "service")
    return Section(
        f"{name}-objectives",
        begun(f"{plural(len(rows), 'objective')} of this service"),
        charts=[charts[row["objective"]] for row in rows if row["objective"] in charts],
        tables=[Table(f"objectives_{name}", "", columns, rows)],
    )


def _broken(context: Context, service: str, name: str) -> Section:
    incidents = context.marts.rows(
        """
        select *, if(is_open, 'open', if(is_excluded, 'excluded', 'closed')) as state from reliability.fct_incidents
        where service = $service and event_date between $first_day and $as_of order by started_at desc, incident_id
        """,
        service=service,
    )
    outages = context.marts.rows(
        """
        select *, if(is_open, 'open', 'closed') as state, coalesce(incident_id, 'never recorded') as recorded
        from reliability.fct_outages
        where service = $service and event_date between $first_day and $as_of and not is_in_maintenance
        order by started_at desc
        """,
        service=service,
    )
    of_incidents = (
        Column("title", "Incident", "long", "incident"),
        Column("severity", "Severity"),
        Column("state", "State", "state", "incident"),
        Column("started_at", "Started", "moment", "incident"),
        Column("mttd_s", "To detect", "s", "mttd"),
        Column("restore_s", "To restore", "s", "mttr_restore"),
        Column("cause", "Cause", "long"),
    )
    of_outages = (
        Column("started_at", "First failed check", "moment", "outage"),
        Column("ended_at", "First good check", "moment", "outage"),
        Column("duration_s", "Duration", "s", "outage"),
        Column("state", "State", "state", "outage"),
        Column("recorded", "Incident", "text", "incident"),
    )
    found = {
        "incidents": (
            plural(len(incidents), "incident"),
            Table(f"incidents_{name}", "Incidents", of_incidents, incidents, "No incident.", shown=20),
        ),
        "probes": (
            plural(len(outages), "confirmed outage"),
            Table(f"outages_{name}", "Outages", of_outages, outages, "No outage.", shown=20),
        ),
    }
    told = [part for feed, part in found.items() if known(feed, context.feeds)]
    title = begun(f"{listed([count for count, _ in told])} in 90 days")
    tables = [table for _, table in told]
    return Section(f"{name}-incidents", title, tables=tables, needs="incidents probes")


def _alerts(context: Context, service: str, name: str) -> Section:
    rows = alert_rows(context, service)
    columns = tuple(column for column in LEDGER if column.key != "service")
    title = begun(f"{plural(len(rows), 'alert')} in 90 days")
    table = Table(f"alerts_{name}", "", columns, rows, "No alert for this service.", shown=20)
    return Section(f"{name}-alerts", title, tables=[table], needs=needs("alerts"))


def _journeys(context: Context, service: str, name: str) -> Section:
    rows = context.marts.rows(
        """
        select journey, string_agg(step, ', ' order by position) as steps, bool_or(is_critical) as is_critical,
            min(session_count) as session_count
        from reports.rpt_journey_steps where service = $service group by journey order by journey
        """,
        service=service,
    )
    for row in rows:
        row["href"] = context.link("journey", row["journey"])
        row["critical"] = "yes" if row["is_critical"] else "no"
    columns = (
        Column("journey", "Journey", "text", "journey", href="href"),
        Column("steps", "Steps", "long", "journey"),
        Column("critical", "Critical"),
    )
    title = begun(f"{plural(len(rows), 'journey')} {'depends' if len(rows) == 1 else 'depend'} on it")
    table = Table(f"journeys_{name}", "", columns, rows, "No journey uses this service.")
    return Section(f"{name}-journeys", title, tables=[table], needs="journeys")
