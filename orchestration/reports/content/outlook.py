"""What the tiles of the first page add to a number: what moved it since last week, where it is going, and when.

Sentences only; weeks, drivers and windows are worked out in `reports.rpt_kpi_weeks` and `reports.rpt_target_outlook`.
"""

from datetime import date

from orchestration.reports.content import Context
from orchestration.reports.figures import KPIS
from orchestration.reports.formats import country_name, day, short_day
from orchestration.reports.marts import Row

# Why the other targets have no forecast.
UNFORESEEN = {
    "journeys_monitored_share": "No forecast for this target.",
    "alert_false_positive_share": "No forecast for this target.",
    "alert_latency_s": "No forecast for this target.",
    "mttr_reduction_share": "No forecast for this target.",
}
KPI_OF_TARGET = {"ux_score": "ux_score", "availability": "availability_share"}
DIMENSIONS = {"device": "", "country": "", "page_group": "the page group "}


def target_notes(context: Context) -> dict[str, str]:
    """For each target what moved it last week, whether it will keep to its goal, and the day on which that changes."""
    rows = context.marts.rows_if("reports.rpt_target_outlook", "select * from reports.rpt_target_outlook")
    weeks = {row["kpi"]: _week(row, context) for row in context.marts.rows_if("reports.rpt_kpi_weeks", _WEEKS)}
    told = {row["target"]: _outlook(row, context) for row in rows}
    moved = {target: weeks[kpi] for target, kpi in KPI_OF_TARGET.items() if kpi in weeks and target in told}
    return UNFORESEEN | told | {target: f"{week} {told[target]}" for target, week in moved.items()}


def kpi_notes(context: Context) -> dict[str, tuple[str, ...]]:
    """For each KPI the last week against the one before with what drove it, and the forecast of the next four weeks."""
    weeks = context.marts.rows_if("reports.rpt_kpi_weeks", _WEEKS)
    forecasts = context.marts.rows_if("reports.rpt_kpi_outlook", "select * from reports.rpt_kpi_outlook")
    found: dict[str, tuple[str, ...]] = {}
    for rows, say in ((weeks, _week), (forecasts, _forecast)):
        for row in rows:
            if row["kpi"] in KPIS:
                found[row["kpi"]] = (*found.get(row["kpi"], ()), say(row, context))
    return found


_WEEKS = "select * from reports.rpt_kpi_weeks"


def _outlook(row: Row, context: Context) -> str:
    if row["target"] == "history_days":
        return "" if row["is_met"] else f"Reached on {day(row['crosses_on'])} if deliveries continue."
    unit = {"ux_score": "score", "availability": "share"}[row["target"]]
    formats = context.formats
    span = formats.bounds(row["value_80_lower"], row["value_80_upper"], unit)
    then = f"Forecast for {day(row['ends_on'])}: {formats.value(row['value_forecast'], unit)}"
    return f"{then} (80 %: {span}). {_crossing(row)}"


def _crossing(row: Row) -> str:
    on: date | None = row["crosses_on"]
    earliest: date | None = row["crosses_earliest_on"]
    verb = "missed" if row["is_met"] else "met"
    if on:
        return f"Likely to be {verb} from {short_day(on)}" + (
            f", {short_day(earliest)} at the earliest." if earliest else "."
        )
    if earliest:
        return f"Not likely to be {verb} until then; possible from {short_day(earliest)}."
    return f"Not likely to be {verb} until then."


def _week(row: Row, context: Context) -> str:
    change = context.formats.change(row["change_share"])
    if not change:
        return "No previous week to compare with."
    if not row["is_change_proven"]:
        return f"Last week {change}, not proven."
    return f"Last week {change}{_driver(row, context)}."


def _driver(row: Row, context: Context) -> str:
    if row["driver"] is None:
        return ", spread over all segments"
    driver = country_name(row["driver"]) if row["driver_dimension"] == "country" else row["driver"]
    name = f"{DIMENSIONS[row['driver_dimension']]}{driver}"
    volume = context.formats.value(row["driver_volume_share"], "share")
    carried = context.formats.value(row["driver_carried_share"], "share")
    if row["driver_carried_share"] > 1:
        said = f", all of it from {name} ({volume} of the volume); others changed the other way"
    else:
        said = f", {carried} of it from {name} ({volume} of the volume)"
    return said + (", mostly from a change of mix" if abs(row["driver_mix_share"]) > 0.5 else "")


def _forecast(row: Row, context: Context) -> str:
    unit, formats = KPIS[row["kpi"]].unit, context.formats
    value = formats.value(row["value_forecast"], unit)
    bounds = formats.bounds(row["value_80_lower"], row["value_80_upper"], unit)
    last = short_day(row["ends_on"])
    when = "the next 28 days" if row["is_sum"] else f"the {'28 days to' if row['is_window'] else 'day of'} {last}"
    return f"Forecast for {when}: {value}" + (f" (80 %: {bounds})." if bounds else ".")
