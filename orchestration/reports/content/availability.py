"""Whether services were up: by day, by five minutes, by every way of counting, and what is not known."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.charts import Chart, Role, Series
from orchestration.reports.content import Context, checks, plural
from orchestration.reports.formats import day, duration
from orchestration.reports.marts import Row, grouped
from orchestration.reports.reliability_figures import availability_bars

TODAY_KEYS: tuple[tuple[Role, str], ...] = (
    ("good", "up"),
    ("middling", "degraded"),
    ("bad", "down"),
    ("c1", "maintenance"),
    ("unknown", "unknown"),
)
# The worst that a stretch holds colours it.
STATES: tuple[tuple[str, Role, str], ...] = (
    ("down_s", "bad", "down"),
    ("degraded_s", "middling", "degraded"),
    ("maintenance_s", "c1", "maintenance"),
    ("unknown_s", "unknown", "unknown"),
    ("up_s", "good", "up"),
)


def page(context: Context) -> Page:
    """Return the availability page."""
    bars = availability_bars(context.marts, context.formats, context.target["availability"])
    if bars is None:
        empty = "No check arrived in 90 days."
        sections = [Section("availability", "No checks", empty=empty)]
    else:
        sections = [
            Section("availability", _finding(context), charts=[bars]),
            _today(context),
            checks.methods(context),
            checks.unknown(context),
            checks.locations(context),
            checks.flapping(context),
            checks.responses(context),
        ]
    lead = "Time without a check is unknown: neither up nor down."
    title = "Availability" if bars is None else _title(context)
    return Page("availability", "Availability", title, lead, sections, parent="reliability")


def _title(context: Context) -> str:
    rows = context.marts.rows(
        """
        select service, availability_share, day_count
        from reliability.fct_availability
        inner join (
            select service, count(distinct event_date) as day_count from reliability.fct_availability
            where grain = 'day' and is_contractual and availability_share is not null
                and event_date between $as_of::date - 89 and $as_of
            group by service
        ) using (service)
        where grain = '90d' and is_contractual order by availability_share nulls last, service
        """
    )
    if not rows:
        return "Availability is unknown"
    worst = rows[0]
    if worst["availability_share"] is None:
        return "Availability is unknown"
    share = context.formats.value(worst["availability_share"], "share")
    if len(rows) == 1:
        return f"{worst['service']} was up {share} of {_days(worst)}"
    return f"Lowest availability: {worst['service']}, {share} of {_days(worst)}"


def _days(row: Row) -> str:
    """Say of how many days an availability of 90 days is: of a young site they are fewer."""
    return plural(row["day_count"], "day")


def _finding(context: Context) -> str:
    (row,) = context.marts.rows(
        """
        select count_if(down_s > 0) as down_days, count(availability_share) as watched from reliability.fct_availability
        where grain = 'day' and is_contractual and event_date between $first_day and $as_of
        """
    )
    if not row["down_days"]:
        return "No downtime"
    return f"Downtime on {row['down_days']} of {row['watched']:,} service days"


def _today(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select * from reliability.fct_availability
        where grain in ('5m', 'hour') and is_contractual and event_date = $as_of order by service, period_starts_at
        """
    )
    title = f"{day(context.marts.as_of)} by five minutes"
    if not rows:
        return Section("today", title, empty="No check arrived on this day.")
    slices = [row for row in rows if row["grain"] == "5m"]
    hours = [row | {"state": _state(row)[2]} for row in rows if row["grain"] == "hour"]
    chart = _strip(context, slices)
    odd = [row for row in hours if row["state"] != "up"]
    columns = (
        Column("period_starts_at", "Hour from", "moment"),
        Column("service", "Service", href="page"),
        Column("availability_share", "Availability", "share", "availability"),
        Column("down_s", "Down", "s", "outage"),
        Column("degraded_s", "Degraded", "s", "check_state"),
        Column("maintenance_s", "Maintenance", "s", "exclusion"),
        Column("unknown_s", "Unknown", "s", "availability_coverage"),
        Column("outage_count", "Outages", "count", "outage"),
        Column("check_count", "Checks", "count", "check_state"),
    )
    rows = [row | {"page": context.link("service", row["service"])} for row in odd]
    table = Table("hours_today", "Hours that were not fully up", columns, rows, "All hours were up.")
    down = [row for row in slices if row["down_s"]]
    lead = f"{duration(sum(row['down_s'] for row in down))} of down time in all." if down else "No down time."
    return Section("today", title, lead, charts=[chart], tables=[table])


def _strip(context: Context, slices: list[Row]) -> Chart:
    series = []
    instants = sorted({row["period_starts_at"] for row in slices})
    labels = tuple(context.formats.moment(instant) for instant in instants)
    for service, group in grouped(slices, "service").items():
        by_instant = {row["period_starts_at"]: row for row in group}
        told = [_state(by_instant.get(instant)) for instant in instants]
        texts = tuple(f"{label}: {words}" for label, (_, _, words) in zip(labels, told, strict=True))
        shares = tuple(share for share, _, _ in told)
        series.append(Series(str(service), shares, roles=tuple(role for _, role, _ in told), texts=texts))
    lost = [sum(row["down_s"] for row in group) for group in grouped(slices, "service").values()]
    notes = tuple(duration(seconds) if seconds else "none" for seconds in lost)
    return Chart(
        id="availability_today",
        kind="days",
        title=f"Every five minutes of {day(context.marts.as_of)}",
        subtitle=f"From {labels[0]} to {context.formats.moment(instants[-1])}, {context.formats.timezone}.",
        summary=" ".join(f"{s.name}: {n} down." for s, n in zip(series, notes, strict=True)),
        unit="share",
        definition="availability",
        x=labels,
        series=tuple(series),
        notes=notes,
        row_heading="Service",
        note_heading="Down time",
        keys=TODAY_KEYS,
    )


def _state(row: Row | None) -> tuple[float | None, Role, str]:
    if row is None:
        return None, "unknown", "unknown"
    key, role, word = next(((k, r, w) for k, r, w in STATES if row[k]), ("", "unknown", "unknown"))
    if role != "good" and key:
        word += f" for {duration(row[key])}"
    return row["availability_share"], role, word
