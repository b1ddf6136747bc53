"""How long it took to detect, acknowledge, restore and resolve, by month; and whether restoring takes half as long."""

from dataclasses import replace
from datetime import date

from orchestration.reports.blocks import Column, Figure, Section, Table, Tile
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, plural, sure
from orchestration.reports.content.targets import target_card, target_rows
from orchestration.reports.figures import sentence
from orchestration.reports.formats import day
from orchestration.reports.marts import Row

# key, label, definition, what it is
TIMES = (
    ("mttd", "MTTD", "mttd", "start to detection"),
    ("mtta", "MTTA", "mtta", "detection to acknowledgement"),
    ("mttr_restore", "MTTR (restore)", "mttr_restore", "start to the service working again"),
    ("mttr_resolve", "MTTR (resolve)", "mttr_resolve", "start to resolution"),
)
FEWEST_MONTHS = 3  # a line of fewer points says nothing that the table does not


def times(context: Context) -> Section:
    """Return the section of mean times by month, with their cut by service and severity."""
    cells = context.marts.rows(
        """
        select * from reliability.fct_mttr_monthly where month <= $as_of
        order by month desc, service <> 'all', service, severity <> 'all', severity
        """
    )
    months = [row for row in cells if row["service"] == row["severity"] == "all"]
    judged = [row for row in months if row["mttr_restore_mean_s"] is not None]
    if not judged:
        empty = "No incident has a restored or resolved time."
        return Section("times", "No MTTR yet", empty=empty)
    newest, formats = judged[0], context.formats
    name = f"{newest['month']:%B %Y}"
    title = f"Time to restore in {name}: {formats.value(newest['mttr_restore_mean_s'], 's')} on average"
    recent = [row | {"month_text": _month(row["month"])} for row in cells if row["month"] >= _back(newest["month"], 2)]
    cut = [row for row in recent if not (row["service"] == row["severity"] == "all") and row["incident_count"]]
    shown = [row | {"month_text": _month(row["month"])} for row in months]
    by = (Column("month_text", "Month"), Column("service", "Service"), Column("severity", "Severity"))
    return Section(
        "times",
        title,
        f"{name}, all services and severities; intervals at 95 %.",
        tiles=_tiles(context, newest),
        charts=_charts(context, judged[::-1]),
        tables=[
            Table("mttr_months", "By month", (by[0], *_columns()), shown, shown=13, is_folded=True),
            Table(
                "mttr_cut", "By service and severity, three months", (*by, *_columns()), cut, shown=25, is_folded=True
            ),
        ],
    )


def _tiles(context: Context, row: Row) -> list[Tile]:
    formats = context.formats
    tiles = []
    for key, label, definition, what in TIMES:
        bounds = formats.bounds(row[f"{key}_lower_s"], row[f"{key}_upper_s"], "s")
        median = formats.value(row[f"{key}_median_s"], "s")
        detail = f"{what}, mean; median {median}"
        value = formats.value(row[f"{key}_mean_s"], "s")
        tiles.append(Tile(label, value, definition, sure(bounds, row, f"{key}_count"), detail))
    bounds = formats.bounds(row["mtbf_lower_s"], row["mtbf_upper_s"], "s")
    between = "operating time between failures"
    tiles.append(Tile("MTBF", formats.value(row["mtbf_s"], "s"), "mtbf", sure(bounds, row, "failure_count"), between))
    tiles.append(
        Tile(
            "Downtime", formats.value(row["downtime_s"], "s"), "outage", detail="all incidents, overlaps merged",
            figure=Figure("downtime_s", f"{row['month']:%b %Y}", row["downtime_s"], "incidents"),
        )
    )  # fmt: skip
    return tiles


def _charts(context: Context, months: list[Row]) -> list[Chart]:
    measures = [
        (f"{key}_mean_s", f"{key}_lower_s", f"{key}_upper_s", label, definition) for key, label, definition, _ in TIMES
    ]
    measures.append(("mtbf_s", "mtbf_lower_s", "mtbf_upper_s", "MTBF", "mtbf"))
    charts = []
    for key, lower, upper, label, definition in measures:
        known = [row for row in months if row[key] is not None]
        if len(known) < FEWEST_MONTHS:
            continue
        values = tuple(row[key] for row in known)
        bounds = [tuple(row[end] for row in known) for end in (lower, upper)]
        said = sentence([row["month"] for row in known], values, "s", context.formats, "month")
        charts.append(
            Chart(
                id=f"{key.removesuffix('_s').removesuffix('_mean')}_by_month",
                kind="line",
                title=f"{label} by month",
                subtitle="Mean; band: 95 % interval.",
                summary=f"{label} by month. {said}",
                unit="s",
                definition=definition,
                x=tuple(_month(row["month"]) for row in known),
                series=(Series(label, values, bounds[0], bounds[1]),),
                is_small=True,
            )
        )
    return charts


def _columns() -> tuple[Column, ...]:
    timed = tuple(
        Column(f"{key}_mean_s", label, "s", definition, f"{key}_lower_s", f"{key}_upper_s")
        for key, label, definition, _ in TIMES
    )
    return (
        Column("incident_count", "Incidents", "count", "incident"),
        Column("open_count", "Open", "count", "incident"),
        Column("excluded_count", "Excluded", "count", "incident_exclusion"),
        *timed,
        Column(
            "mttr_restore_median_s",
            "Restore, median",
            "s",
            "mttr_restore",
            "mttr_restore_median_lower_s",
            "mttr_restore_median_upper_s",
        ),
        Column("mtbf_s", "MTBF", "s", "mtbf", "mtbf_lower_s", "mtbf_upper_s"),
        Column("downtime_s", "Downtime of incidents", "s", "outage"),
    )


def halved(context: Context) -> Section:
    """Return the section that judges the claim that the time to restore was halved."""
    rows = context.marts.rows_if(
        "predictions.mttr_changes",
        "select * from predictions.mttr_changes where event_date <= $as_of order by event_date desc limit 1",
    )
    judged = {row["target"]: row for row in target_rows(context)}.get("mttr_reduction_share")
    if not rows or judged is None:
        empty = "Declare a baseline period under baselines.mttr in beaconmart.yml: the next daily run compares with it."
        return Section("halved", "MTTR has no baseline yet", empty=empty)
    (row,), formats = rows, context.formats
    goal = formats.goal(row["goal_share"], "share")
    notes = [
        f"Smallest detectable change: {formats.value(row['smallest_detectable_share'], 'share')}; "
        f"{goal} would need {plural(row['needed_count'] or 0, 'incident')} a period.",
        f"Probability of a {goal} fall by chance: {formats.value(row['luck_probability'], 'share')}.",
        f"Permutation test that nothing changed: p = {formats.value(row['p_value'], 'p')}.",
    ]
    card = replace(
        target_card(context, judged, ""), href="targets.html", notes=tuple(notes) if row["luck_probability"] else ()
    )
    title = {"met": f"MTTR fell by {goal} or more", "missed": f"MTTR did not fall by {goal}"}.get(
        row["verdict"], f"Whether MTTR fell by {goal} is not judgeable yet"
    )
    table = Table("mttr_change", "The two periods", _PERIODS, _periods(row))
    return Section("halved", title, cards=[card], tables=[table])


_PERIODS = (
    Column("period", "Period"),
    Column("starts_on", "From", "date"),
    Column("ends_on", "To", "date"),
    Column("incident_count", "Restored", "count", "incident"),
    Column("open_count", "Open", "count", "incident"),
    Column("mttr_s", "MTTR (restore)", "s", "mttr_restore"),
)


def _periods(row: Row) -> list[Row]:
    return [
        {
            "period": "Baseline",
            "starts_on": row["baseline_starts_on"],
            "ends_on": row["baseline_ends_on"],
            "incident_count": row["baseline_count"],
            "open_count": row["baseline_open_count"],
            "mttr_s": row["baseline_mttr_s"],
        },
        {
            "period": f"Since then, to {day(row['event_date'])}",
            "starts_on": None,
            "ends_on": row["event_date"],
            "incident_count": row["current_count"],
            "open_count": row["current_open_count"],
            "mttr_s": row["current_mttr_s"],
        },
    ]


def _month(value: date) -> str:
    return f"{value:%b %Y}"


def _back(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)
