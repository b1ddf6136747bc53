"""Alerts as rows: the ledger that several pages show, what became of each, and who was told."""

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart, Role, Series, Span
from orchestration.reports.content import Context, begun, plural
from orchestration.reports.formats import duration
from orchestration.reports.marts import Row, grouped

SEVERITY_ROLES: dict[str, Role] = {"critical": "bad", "warning": "middling"}
TIMELINE_KEYS: tuple[tuple[Role, str], ...] = (("bad", "critical"), ("middling", "warning"), ("c1", "silenced"))
SHOWN_RULES = 12


def alert_rows(context: Context, service: str | None = None) -> list[Row]:
    """Return the alerts of 90 days and those still open, newest first, with words for their value and their end."""
    rows = context.marts.rows(
        """
        select *, coalesce(date_diff('second', opened_at, resolved_at), date_diff('second', opened_at, $as_of::date +
            interval 1 day))::double as duration_s
        from alerts.alerts
        where (event_date between $first_day and $as_of or state = 'open') and ($service is null or service = $service)
        order by opened_at desc, rule, subject, alert_id
        """,
        service=service,
    )
    for row in rows:
        row["kind_text"] = str(row["kind"]).replace("_", " ")
        row["service_page"] = context.link("service", row["service"])
        row["told"] = "silenced" if row["is_silenced"] else "notified" if row["is_notified"] else "not notified"
    return rows


LEDGER = (
    Column("subject", "Subject"),
    Column("state", "State", "state", "alert"),
    Column("severity", "Severity", "state", "alert"),
    Column("kind_text", "Kind", "text", "alert"),
    Column("service", "Service", href="service_page"),
    Column("opened_at", "Opened", "moment", "alert"),
    Column("resolved_at", "Resolved", "moment", "alert"),
    Column("duration_s", "Duration", "s", "alert"),
    Column("told", "Notified", "text", "alert_notification"),
    Column("value", "Value", "burn", "alert"),
    Column("threshold", "Threshold", "burn", "alert"),
    Column("event_count", "Events", "count", "alert"),
    Column("path", "Path", "text", "alert_clocks"),
    Column("resolution", "Resolution", "text", "alert"),
    Column("rule", "Rule"),
    Column("cascade_id", "Cascade", "text", "alert_cascade"),
)


def ledger(context: Context, rows: list[Row]) -> Section:
    """Return the section of all alerts, drawn and listed."""
    chart = timeline(context, rows, "rule", "alert_timeline", "Alerts by rule")
    counts = {path: sum(row["path"] == path for row in rows) for path in ("fast", "batch")}
    silenced = sum(row["is_silenced"] for row in rows)
    parts = [f"{count} by the {path} path" for path, count in counts.items() if count]
    parts += [f"{silenced} silenced by maintenance"] if silenced else []
    title = begun(f"{plural(len(rows), 'alert')} in 90 days")
    table = Table("alert_ledger", "", LEDGER, rows, "No alert has opened.", shown=40)
    lead = begun(", ".join(parts)) + "." if parts else ""
    return Section("ledger", title, lead, charts=[chart] if chart else [], tables=[table])


def timeline(context: Context, rows: list[Row], key: str, name: str, what: str) -> Chart | None:
    """Return the alerts of 90 days as stretches of time, a row for each value of `key`, or None without an alert."""
    if not rows:
        return None
    (ends,) = context.marts.rows("select $first_day::timestamp as first, $as_of::date + interval 1 day as last")
    groups = grouped(sorted(rows, key=lambda row: (str(row[key]), row["opened_at"], row["alert_id"])), key)
    busiest = sorted(groups, key=lambda value: (-len(groups[value]), str(value)))[:SHOWN_RULES]
    series = tuple(
        Series(str(value), (), spans=tuple(_span(context, row, ends) for row in groups[value])) for value in busiest
    )
    return Chart(
        id=name,
        kind="spans",
        title=f"{what}, 90 days",
        subtitle="From opening to resolution. Short alerts are drawn wider than they lasted.",
        summary=" ".join(f"{s.name}: {plural(len(s.spans), 'alert')}." for s in series),
        unit="",
        definition="alert",
        x=(ends["first"], ends["last"]),
        series=series,
        notes=tuple(str(len(s.spans)) for s in series),
        row_heading=key.capitalize(),
        note_heading="Alerts",
        keys=TIMELINE_KEYS,
    )


def _span(context: Context, row: Row, ends: Row) -> Span:
    role: Role = "c1" if row["is_silenced"] else SEVERITY_ROLES.get(row["severity"], "unknown")
    until = row["resolved_at"] or ends["last"]
    lasted = f"for {duration(row['duration_s'])}" if row["resolved_at"] else "still open"
    words = f"{context.formats.moment(row['opened_at'])}: {row['subject']}, {row['severity']}, {lasted}"
    return Span(max(row["opened_at"], ends["first"]), until, role, words)


def events(context: Context) -> Section:
    """Return the section of what became of alerts, change by change."""
    rows = context.marts.rows(
        """
        select events.*, alerts.subject, alerts.rule, alerts.service from alerts.alert_events as events
        inner join alerts.alerts as alerts using (alert_id)
        where events.event_date between $first_day and $as_of order by events.sequence desc
        """
    )
    columns = (
        Column("event_at", "Time", "moment"),
        Column("subject", "Subject"),
        Column("event", "Event", "text", "alert"),
        Column("severity", "Severity", "state"),
        Column("rule", "Rule"),
        Column("service", "Service"),
        Column("path", "Path", "text", "alert_clocks"),
        Column("written_at", "Written", "moment", "alert_clocks"),
        Column("run_id", "Run"),
    )
    title = begun(f"{plural(len(rows), 'change')} of alerts, newest first")
    return Section("events", title, tables=[Table("alert_events", "", columns, rows, "No alert changed.", shown=25)])


def notifications(context: Context) -> Section:
    """Return the section of who was told: delivered, failed, given up."""
    rows = context.marts.rows(
        """
        select notification_id, target, notice, any_value(severity) as severity, arg_max(status, sequence) as status,
            arg_max(error, sequence) as error, max(attempt) as attempt, max(title) as title,
            min(written_at) as planned_at,
            max(written_at) as written_at, max(event_date) as event_date
        from alerts.notifications group by notification_id, target, notice
        having max(event_date) is null or max(event_date) between $first_day and $as_of
        order by planned_at desc, notification_id, target
        """
    )
    counts = {
        status: sum(row["status"] == status for row in rows) for status in dict.fromkeys(row["status"] for row in rows)
    }
    columns = (
        Column("title", "Notification", "long", "alert_notification"),
        Column("status", "Status", "state", "alert_notification"),
        Column("target", "To"),
        Column("notice", "Reason", "text", "alert_notification"),
        Column("severity", "Severity", "state"),
        Column("attempt", "Attempts", "count", "alert_notification"),
        Column("planned_at", "Planned", "moment"),
        Column("written_at", "Last change", "moment"),
        Column("error", "Error", "long"),
    )
    words = ", ".join(f"{count} {str(status).replace('_', ' ')}" for status, count in sorted(counts.items()))
    empty = "Name who is notified under alerts.targets in beaconmart.yml."
    title = begun(f"{plural(len(rows), 'notification')}: {words}") if rows else "No notification was sent"
    table = Table("alert_notifications", "", columns, rows, empty, shown=30)
    return Section("notifications", title, tables=[table])
