"""What broke, how long it took to notice and to restore, and which outages nobody recorded."""

from datetime import date

from orchestration.reports.charts import Chart, Column, Page, Section, Series, Table, Tile
from orchestration.reports.content import Context, plural, sure
from orchestration.reports.figures import sentence
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
            any_value(exclusion_reason) as exclusion_reason
        from reliability.fct_incidents where event_date between $first_day and $as_of
        group by incident_id order by started_at desc, incident_id
        """
    )
    months = context.marts.rows(
        """
        select * from reliability.fct_mttr_monthly where service = 'all' and severity = 'all' and month <= $as_of
            order by month
        """
    )
    outages = context.marts.rows(
        """
        select * from reliability.fct_outages
        where event_date between $first_day and $as_of and not is_in_maintenance order by started_at desc, service
        """
    )
    return Page(
        "incidents",
        "Incidents",
        _title(incidents),
        (
            "Recorded by people, and found by checks: the two are matched. MTTR here means restore: from the "
            "start to the service working again."
        ),
        [_times(context, months), _list(context, incidents), _outages(context, outages), _excluded(incidents)],
    )


def _title(incidents: list[Row]) -> str:
    if not incidents:
        return "No incident was recorded in 90 days"
    still_open = sum(row["is_open"] for row in incidents)
    return f"{plural(len(incidents), 'incident')} in 90 days, {still_open or 'none'} still open"


def _times(context: Context, months: list[Row]) -> Section:
    formats = context.formats
    judged = [row for row in months if row["mttr_restore_mean_s"] is not None]
    if not judged:
        return Section(
            "times",
            "No time to restore is known yet",
            empty="Incidents with a start and a restored or resolved time make this section.",
        )
    newest = judged[-1]
    bounds = formats.bounds(newest["mttr_restore_lower_s"], newest["mttr_restore_upper_s"], "s")
    name = f"{newest['month']:%B %Y}"
    tiles = [
        Tile("MTTD", formats.value(newest["mttd_mean_s"], "s"), "mttd", detail="start to detection, mean"),
        Tile("MTTA", formats.value(newest["mtta_mean_s"], "s"), "mtta", detail="detection to acknowledgement, mean"),
        Tile(
            "MTTR (restore)",
            formats.value(newest["mttr_restore_mean_s"], "s"),
            "mttr_restore",
            sure(bounds, newest, "incident_count"),
            f"median {formats.value(newest['mttr_restore_median_s'], 's')}, open incidents censored",
        ),
        Tile(
            "MTTR (resolve)",
            formats.value(newest["mttr_resolve_mean_s"], "s"),
            "mttr_resolve",
            detail="start to resolution, mean",
        ),
        Tile("MTBF", formats.value(newest["mtbf_s"], "s"), "mtbf", detail="operating time between failures"),
        Tile("Down time", formats.value(newest["downtime_s"], "s"), "outage", detail="overlaps merged"),
    ]
    months_x = tuple(_month(row["month"]) for row in judged)
    values = tuple(_number(row["mttr_restore_mean_s"]) for row in judged)
    chart = Chart(
        id="mttr_by_month",
        kind="line",
        title="MTTR (restore) by month",
        subtitle="Mean; band: 95 % interval.",
        summary=f"MTTR (restore) by month. {sentence([row['month'] for row in judged], values, 's', formats)}",
        unit="s",
        definition="mttr_restore",
        x=months_x,
        series=(
            Series(
                "MTTR (restore)",
                values,
                tuple(_number(r["mttr_restore_lower_s"]) for r in judged),
                tuple(_number(r["mttr_restore_upper_s"]) for r in judged),
            ),
        ),
    )
    columns = (
        Column("month_text", "Month"),
        Column("incident_count", "Incidents", "count", "incident"),
        Column("open_count", "Open", "count", "incident"),
        Column("excluded_count", "Excluded", "count", "incident_exclusion"),
        Column("mttd_mean_s", "MTTD", "s", "mttd"),
        Column("mtta_mean_s", "MTTA", "s", "mtta"),
        Column(
            "mttr_restore_mean_s", "MTTR (restore)", "s", "mttr_restore", "mttr_restore_lower_s", "mttr_restore_upper_s"
        ),
        Column("mttr_restore_median_s", "Median", "s", "mttr_restore"),
        Column("mttr_resolve_mean_s", "MTTR (resolve)", "s", "mttr_resolve"),
        Column("mtbf_s", "MTBF", "s", "mtbf"),
        Column("downtime_s", "Down time", "s", "outage"),
    )
    rows = [row | {"month_text": _month(row["month"])} for row in reversed(months)]
    table = Table("mttr_months", "Month by month", columns, rows, shown=13)
    title = f"In {name} service was restored after {formats.value(newest['mttr_restore_mean_s'], 's')} on average"
    # A line needs at least three points to say anything that the table does not.
    return Section(
        "times",
        title,
        f"Tiles are {name}, all services and severities.",
        tiles=tiles,
        charts=[chart] if len(judged) > 2 else [],
        tables=[table],
    )


def _list(context: Context, incidents: list[Row]) -> Section:
    rows = [
        row | {"state": "open" if row["is_open"] else "excluded" if row["is_excluded"] else "closed"}
        for row in incidents
    ]
    columns = (
        Column("title", "Incident", "long"),
        Column("services", "Services"),
        Column("severity", "Severity"),
        Column("state", "State", "state", "incident"),
        Column("started_at", "Started", "moment", "incident"),
        Column("mttd_s", "To detect", "s", "mttd"),
        Column("mtta_s", "To acknowledge", "s", "mtta"),
        Column("restore_s", "To restore", "s", "mttr_restore"),
        Column("resolve_s", "To resolve", "s", "mttr_resolve"),
        Column("cause", "Cause", "long"),
    )
    empty = "No incident was recorded in the 90 days shown. A source of system incidents brings them."
    return Section(
        "list", "The incidents", tables=[Table("incidents", "", columns, rows, empty, shown=SHOWN_INCIDENTS)]
    )


def _outages(context: Context, outages: list[Row]) -> Section:
    rows = [
        row
        | {
            "state": "open" if row["is_open"] else "closed",
            "recorded": row["incident_id"] or "never recorded",
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
    title = (
        (
            f"{plural(len(rows), 'confirmed outage')}, {missing or 'none'} of them never recorded as an incident"
        ).capitalize()
        if rows
        else "Checks found no outage in 90 days"
    )
    return Section(
        "outages",
        title,
        tables=[
            Table("outages", "", columns, rows, "No service had two failed checks in a row.", shown=SHOWN_INCIDENTS)
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
    title = f"{plural(sum(reasons.values()), 'incident')} left out of the means".capitalize()
    return Section(
        "excluded", title, tables=[Table("excluded_incidents", "", columns, rows, "Every record's times are in order.")]
    )


def _month(value: date) -> str:
    return f"{value:%b %Y}"


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
