"""Outages, burning budgets and incidents beside each other: on one axis of time, and where they disagree."""

from orchestration.reports.blocks import Column, Section, Table, Tile
from orchestration.reports.charts import Chart, Role, Series, Span
from orchestration.reports.content import Context, begun, listed, plural
from orchestration.reports.delivered import known
from orchestration.reports.formats import duration
from orchestration.reports.marts import Row, grouped

ROLES: dict[str, Role] = {"critical": "bad", "major": "middling", "minor": "c1"}
KEYS: tuple[tuple[Role, str], ...] = (
    ("bad", "critical incident"),
    ("middling", "major incident"),
    ("c1", "minor incident"),
    ("unknown", "outage without an incident, or other"),
    ("good", "outage with an incident"),
)
OUTCOMES = {
    "matched": "detected and recorded",
    "missed_by_monitoring": "missed by monitoring",
    "never_recorded": "never recorded",
}


def timeline(context: Context) -> list[Section]:
    """Return the section that draws incidents and outages of 90 days, two rows for each service; none without any."""
    rows = context.marts.rows(
        """
        select service, 'incidents' as what, severity, coalesce(title, incident_id) as title, started_at,
            coalesce(started_at + to_microseconds((1e6 * restore_s)::bigint), resolved_at) as ended_at, is_open,
            true as is_matched
        from reliability.fct_incidents where event_date between $first_day and $as_of and not is_excluded
        union all
        select service, 'outages' as what, null, 'outage', started_at, ended_at, is_open, incident_id is not null
        from reliability.fct_outages where event_date between $first_day and $as_of and not is_in_maintenance
        order by service, what, started_at, title
        """
    )
    if not rows:
        return []
    (ends,) = context.marts.rows("select $first_day::timestamp as first, $as_of::date + interval 1 day as last")
    groups = grouped([row | {"row": f"{row['service']}: {row['what']}"} for row in rows], "row")
    series = tuple(Series(name, (), spans=tuple(_span(context, row, ends) for row in g)) for name, g in groups.items())
    chart = Chart(
        id="incident_timeline",
        kind="spans",
        title="Incidents and outages, 90 days",
        subtitle="Short ones are drawn wider than they lasted.",
        summary=" ".join(f"{s.name}: {len(s.spans)}." for s in series),
        unit="",
        definition="incident",
        x=(ends["first"], ends["last"]),
        series=series,
        notes=tuple(str(len(s.spans)) for s in series),
        row_heading="Service",
        note_heading="Count",
        keys=KEYS,
    )
    return [Section("timeline", "Timeline", charts=[chart])]


def _span(context: Context, row: Row, ends: Row) -> Span:
    until = ends["last"] if row["is_open"] else row["ended_at"] or row["started_at"]
    lasted = "still open" if row["is_open"] else f"for {duration((until - row['started_at']).total_seconds())}"
    if row["what"] == "outages":
        role: Role = "good" if row["is_matched"] else "unknown"
        words = f"outage {lasted}" + ("" if row["is_matched"] else ", no incident record")
    else:
        role = ROLES.get(row["severity"], "unknown")
        words = f"{row['title']}, {row['severity']}, {lasted}"
    return Span(
        row["started_at"], max(until, row["started_at"]), role, f"{context.formats.moment(row['started_at'])}: {words}"
    )


def detections(context: Context) -> Section:
    """Return the section that tells where monitoring and people agree, and where one of them saw nothing."""
    rows = context.marts.rows(
        """
        select found.*, incidents.title from reliability.fct_detections as found
        left join (select incident_id, min(title) as title from reliability.fct_incidents group by incident_id) as
            incidents using (incident_id)
        where found.event_date between $first_day and $as_of
        order by found.outcome = 'matched', found.started_at desc, found.detection_id
        """
    )
    incidents = [row for row in rows if row["kind"] == "incident"]
    seen = [row for row in incidents if row["outcome"] == "matched"]
    signals = [row for row in rows if row["kind"] != "incident"]
    unrecorded = sum(row["outcome"] == "never_recorded" for row in signals)
    delays = sorted(row["delay_s"] for row in seen if row["delay_s"] is not None)
    for row in rows:
        row["outcome_text"] = OUTCOMES.get(row["outcome"], row["outcome"])
        row["kind_text"] = str(row["kind"]).replace("_", " ")
        row["what"] = row["title"] or row["objective"] or "outage"
        row["by"] = str(row["detected_by"] or "nothing").replace("_", " ")
    columns = (
        Column("what", "Event", "long", "detection"),
        Column("outcome_text", "Match", "text", "detection"),
        Column("kind_text", "Kind", "text", "detection"),
        Column("service", "Service"),
        Column("severity", "Severity"),
        Column("started_at", "Began", "moment"),
        Column("detected_at", "Detected", "moment", "detection"),
        Column("by", "By", "text", "detection"),
        Column("delay_s", "Delay", "s", "detection"),
    )
    missed = len(incidents) - len(seen)
    title = (
        f"Monitoring detected {len(seen)} of {plural(len(incidents), 'recorded incident')}"
        if incidents
        else "No incident to match"
    )
    middle = context.formats.value(delays[(len(delays) - 1) // 2], "s") if delays else "–"
    tiles = [
        Tile("Detected", str(len(seen)), "detection", detail=f"after {middle} (median)"),
        Tile("Missed by monitoring", str(missed), "detection", detail="no outage and no burning budget at the time"),
        Tile(
            "No incident record",
            str(unrecorded),
            "detection",
            detail=f"of {plural(len(signals), 'outage or episode', 'outages and episodes')}",
        ),
    ]
    found = {"outages": "probes", "burn-rate episodes": "objectives"}
    signs = listed([words for words, feed in found.items() if known(feed, context.feeds)])
    lead = f"{begun(signs)} matched with recorded incidents."
    table = Table(
        "detections", "Matches and mismatches", columns, rows, "No outage and no incident.", shown=40,
        is_folded=True,
    )  # fmt: skip
    return Section("detections", title, lead, tiles=tiles if rows else [], tables=[table])
