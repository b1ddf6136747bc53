"""Sections of the availability page about the checks behind it: ways of counting, gaps, locations, speed."""

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart
from orchestration.reports.content import Context, begun, plural
from orchestration.reports.figures import how_expected, lines_by, sentence
from orchestration.reports.formats import day, duration
from orchestration.reports.marts import grouped


def methods(context: Context) -> Section:
    """Return the section of every way of counting side by side, the contractual one named."""
    rows = context.marts.rows(
        """
        select service, method, is_contractual, availability_share from reliability.fct_availability
        where grain = '90d' order by service, is_contractual desc, method
        """
    )
    methods = {row["method"]: row["is_contractual"] for row in rows}
    ours = next((method for method, is_contractual in methods.items() if is_contractual), "")
    columns = [Column("service", "Service")]
    for method, is_contractual in methods.items():
        label = method.replace("_", " ") + (" (contractual)" if is_contractual else "")
        columns.append(Column(method, label, "share", "accounting_method"))
    by_service = [
        {"service": service} | {row["method"]: row["availability_share"] for row in group}
        for service, group in grouped(rows, "service").items()
    ]
    rules = context.marts.rows(
        """
        select *, replace(method, '_', ' ') as name,
            if(is_contractual, 'contractual', if(is_own, 'own', 'preset')) as whose,
            replace(pending_as, '_', ' ') as pending, replace(maintenance_as, '_', ' ') as maintenance,
            replace(outage_counts_on, '_', ' ') as counts_on
        from dimensions.dim_accounting_methods order by is_contractual desc, is_own desc, method
        """
    )
    about = (
        Column("name", "Method", "text", "accounting_method"),
        Column("whose", "Source"),
        Column("unit", "Unit"),
        Column("failures_to_go_down", "Failures until down", "count"),
        Column("successes_to_come_back", "Successes until up", "count"),
        Column("location_rule", "Locations"),
        Column("pending", "Pending is"),
        Column("maintenance", "Maintenance is"),
        Column("no_data_as", "No data is"),
        Column("speaks_for_intervals", "Check validity, intervals", "ratio"),
        Column("shortest_outage_s", "Shortest outage", "s"),
        Column("degraded_weight", "Degraded counts as down", "ratio"),
        Column("counts_on", "Outage counted on"),
    )
    return Section(
        "methods",
        begun(f"{plural(len(methods), 'accounting method')} compared; contractual: {ours.replace('_', ' ')}"),
        "Over 90 days. The contractual method is used everywhere else.",
        tables=[
            Table("availability_methods", "Side by side", tuple(columns), by_service),
            Table("accounting_methods", "What each does", about, rules),
        ],
    )


def unknown(context: Context) -> Section:
    """Return the section of unknown time and its reasons."""
    rows = context.marts.rows(
        """
        select * from reliability.fct_availability where grain = '90d' and is_contractual
        order by coverage_share nulls first, service
        """
    )
    columns = (
        Column("service", "Service"),
        Column("coverage_share", "Coverage", "share", "availability_coverage"),
        Column("unknown_s", "Unknown", "s", "unknown_time"),
        Column("unknown_no_check_s", "No check", "s", "unknown_time"),
        Column("unknown_unconfirmed_s", "Not confirmed", "s", "unknown_time"),
        Column("unknown_pending_s", "Pending", "s", "unknown_time"),
        Column("maintenance_s", "Excluded", "s", "exclusion"),
        Column("corrected_s", "Corrections", "s", "exclusion"),
    )
    unknown = sum(row["unknown_s"] or 0 for row in rows)
    title = f"{duration(unknown)} of 90 days is unknown" if unknown else "No unknown time in 90 days"
    table = Table("unknown_time", "", columns, rows)
    return Section("unknown", title, "By the contractual method.", tables=[table])


def locations(context: Context) -> Section:
    """Return the section of locations: what each was to send and sent."""
    rows = context.marts.rows(
        """
        select
            service, location, sum(check_count)::bigint as check_count,
            least(1, sum(check_count) / nullif(sum(expected_count), 0)) as arrived_share,
            sum(up_count + degraded_count) / nullif(sum(up_count + degraded_count + down_count), 0) as good_share,
            sum(down_count)::bigint as down_count, sum(degraded_count)::bigint as degraded_count,
            max(last_checked_at) as last_checked_at
        from reliability.fct_checks_daily where event_date between $as_of::date - 27 and $as_of
        group by service, location order by service, location
        """
    )
    columns = (
        Column("service", "Service"),
        Column("location", "Location"),
        Column("check_count", "Checks", "count", "check_state"),
        Column("arrived_share", "Share of expected", "share", "checks_expected"),
        Column("good_share", "Good", "share", "check_state"),
        Column("down_count", "Failed", "count", "check_state"),
        Column("degraded_count", "Degraded", "count", "check_state"),
        Column("last_checked_at", "Last check", "moment", "check_state"),
    )
    silent = sum(not row["check_count"] for row in rows)
    title = begun(f"{plural(len({row['location'] for row in rows}), 'location')} sent checks in 28 days")
    if silent:
        title += f"; {plural(silent, 'pair')} of service and location sent nothing"
    table = Table("check_locations", "", columns, rows, "No check arrived in 28 days.", shown=80)
    return Section("locations", title, tables=[table])


def flapping(context: Context) -> Section:
    """Return the section of days on which a service came and went."""
    rows = context.marts.rows(
        """
        select event_date, service, count(*) as hour_count, sum(state_change_count)::bigint as state_change_count,
            sum(outage_count)::bigint as outage_count
        from reliability.fct_availability
        where grain = 'hour' and is_contractual and is_flapping and event_date between $first_day and $as_of
        group by all order by event_date desc, service
        """
    )
    columns = (
        Column("event_date", "Day", "date"),
        Column("service", "Service"),
        Column("hour_count", "Hours", "count", "flapping"),
        Column("state_change_count", "State changes", "count", "flapping"),
        Column("outage_count", "Outages", "count", "outage"),
    )
    days = len({row["event_date"] for row in rows})
    title = f"A service was flapping on {plural(days, 'day')}" if rows else "No service was flapping in 90 days"
    empty = "No service went down and up twice within an hour."
    return Section("flapping", title, tables=[Table("flapping", "", columns, rows, empty, shown=30)])


def responses(context: Context) -> Section:
    """Return the section of response times: percentiles of the newest day, and the p95 of the days before."""
    rows = context.marts.rows(
        """
        select service, location, event_date, response_p95_ms::double as value from reliability.fct_checks_daily
        where event_date between $before_day and $as_of and response_p95_ms is not null order by service, location,
            event_date
        """
    )
    newest = context.marts.rows(
        """
        select service, location, response_p50_ms, response_p75_ms, response_p95_ms, response_p99_ms,
            up_count + degraded_count as answered_count
        from reliability.fct_checks_daily where event_date = $as_of and response_p50_ms is not null
        order by service, location
        """
    )
    days = context.marts.days()
    charts = []
    for i, (service, group) in enumerate(grouped(rows, "service").items()):
        series = lines_by(group, "location", "value", context.marts)
        if not series:
            continue
        charts.append(
            Chart(
                id=f"response_time_{i + 1}",
                kind="line",
                title=f"{service}: response time of checks, p95",
                subtitle="By day and location, without failed checks." + how_expected(series),
                summary=" ".join(f"From {s.name}: {sentence(days, s.values, 'ms', context.formats)}" for s in series),
                unit="ms",
                definition="response_time",
                x=days,
                series=series,
            )
        )
    columns = (
        Column("service", "Service"),
        Column("location", "Location"),
        Column("response_p50_ms", "p50", "ms", "response_time"),
        Column("response_p75_ms", "p75", "ms", "response_time"),
        Column("response_p95_ms", "p95", "ms", "response_time"),
        Column("response_p99_ms", "p99", "ms", "response_time"),
        Column("answered_count", "Checks", "count", "check_state"),
    )
    tables = [Table("response_times", f"On {day(context.marts.as_of)}", columns, newest)] if newest else []
    empty = "" if charts else "No check has a response time."
    return Section("responses", "Response times of checks", charts=charts, empty=empty, tables=tables)
