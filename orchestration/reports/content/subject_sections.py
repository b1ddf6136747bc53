"""Sections that pages of single services and journeys share."""

from typing import Any

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart, Role, Series
from orchestration.reports.content import Context
from orchestration.reports.figures import expected_line, how_expected, sentence
from orchestration.reports.marts import aligned
from orchestration.reports.reliability_figures import health_bars

SHOWN_CHANGES = 15
LATENCIES = (("response_p50_ms", "p50"), ("response_p95_ms", "p95"), ("response_p99_ms", "p99"))


def health_section(context: Context, kind: str, subject: str, name: str) -> list[Section]:
    """Return the history of health of a service or journey, as bars and as its newest changes."""
    chart = health_bars(context.marts, (kind,), subject, f"health_{name}")
    if chart is None:
        return []
    rows = context.marts.rows(
        """
        select health, reason, started_at, ended_at, date_diff('second', started_at, coalesce(ended_at, $as_of::date +
            interval 1 day))::double as lasted_s
        from reliability.fct_health_changes
        where subject_kind = $kind and subject = $subject and event_date between $first_day and $as_of
        order by started_at desc
        """,
        kind=kind,
        subject=subject,
    )
    columns = (
        Column("started_at", "From", "moment", "health"),
        Column("health", "Health", "state", "health"),
        Column("lasted_s", "Duration", "s", "health"),
        Column("ended_at", "To", "moment"),
        Column("reason", "Reason", "long", "health"),
    )
    table = Table(f"health_changes_{name}", "Changes, newest first", columns, rows, shown=SHOWN_CHANGES)
    well = chart.notes[0]
    return [Section(f"{name}-health", f"Healthy all day on {well} days", charts=[chart], tables=[table])]


def requests(context: Context, service: str, name: str) -> Section:
    """Return the section of a service's requests: how many, how many failed, how long they took."""
    days = context.marts.days()
    rows = context.marts.rows(
        """
        select * from reliability.fct_requests_daily
        where service = $service and event_date between $before_day and $as_of order by event_date
        """,
        service=service,
    )
    shown = [row for row in rows if row["event_date"] >= days[0]]
    if not shown:
        empty = "Add a requests feed, or name page groups."
        return Section(f"{name}-requests", "No requests", empty=empty, needs="requests page_views")

    def line(key: str, label: str, role: Any = "c1") -> Series:
        has_bounds = key == "error_share"
        lower = aligned(rows, days, "error_share_lower") if has_bounds else None
        upper = aligned(rows, days, "error_share_upper") if has_bounds else None
        return Series(label, aligned(rows, days, key), lower, upper, role)

    def chart(key: str, title: str, unit: str, definition: str, series: tuple[Series, ...]) -> Chart:
        told = " ".join(f"{s.name}: {sentence(days, s.values, unit, context.formats)}" for s in series)
        return Chart(
            f"{key}_{name}", "line", title, "By day." + how_expected(series), told, unit, definition, days, series
        )

    def usually(key: str, label: str = "expected", role: Role = "c2") -> tuple[Series, ...]:
        return expected_line(rows, context.marts, key, label, role)

    latencies = [key for key, _ in LATENCIES if any(row[key] is not None for row in shown)]
    throughput = (line("throughput_per_minute", "all"), *usually("throughput_per_minute"))
    charts = [
        chart("errors", "Error rate", "share", "error_rate", (line("error_share", "failed"), *usually("error_share"))),
        chart("throughput", "Throughput, per minute", "per_minute", "throughput", throughput),
    ]
    if latencies:
        roles: tuple[Role, ...] = ("c3", "c1", "c2")
        series = tuple(line(k, label, roles[i]) for i, (k, label) in enumerate(LATENCIES) if k in latencies)
        for i, (key, label) in enumerate(LATENCIES):
            series += usually(key, f"{label}, expected", roles[i])
        charts.append(chart("latency", "Response time of requests", "ms", "response_time", series))
    failed, total = (sum(row[key] or 0 for row in shown) for key in ("error_count", "request_count"))
    share = context.formats.value(failed / total if total else None, "share")
    what = "requests" if rows[-1]["source"] == "requests" else "page views"
    return Section(f"{name}-requests", f"{share} of {total:,} {what} failed in {len(days)} days", charts=charts)
