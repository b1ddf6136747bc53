"""Whether services are up, how fast they answer, and what is left of their error budgets."""

from orchestration.reports.charts import Chart, Column, Page, Section, Series, Table, Threshold
from orchestration.reports.content import Context, listed, plural
from orchestration.reports.figures import lines_by, sentence
from orchestration.reports.formats import WORDS, day, short_day
from orchestration.reports.marts import aligned, grouped


def page(context: Context) -> Page:
    """Return the reliability page."""
    return Page(
        "reliability",
        "Reliability",
        _title(context),
        (
            "Time without a check is unknown: it counts neither as up nor as down, and its share stands "
            "beside each availability."
        ),
        [_services(context), _availability(context), _objectives(context), _responses(context), _requests(context)],
    )


def _title(context: Context) -> str:
    services = context.health["services"]
    if not services:
        return "No service is being checked"
    troubled = [service["name"] for service in services if service["status"] in ("critical", "degraded")]
    if not troubled:
        return f"All {plural(len(services), 'service')} are well" if len(services) > 1 else "The service is well"
    rest = len(services) - len(troubled)
    return f"{listed(troubled)} {'needs' if len(troubled) == 1 else 'need'} attention" + (
        f"; {plural(rest, 'other service')} well" if rest else ""
    )


def _services(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select *, if(is_critical, 'yes', 'no') as critical from reports.rpt_service_health
        order by is_critical desc, service
        """
    )
    columns = (
        Column("service", "Service"),
        Column("status", "Health", "state", "health"),
        Column("reason", "Why", "long"),
        Column("critical", "Critical"),
        Column("availability_share_28d", "28 days", "share", "availability"),
        Column("availability_share_90d", "90 days", "share", "availability"),
        Column("coverage_share_28d", "Known", "share", "availability_coverage"),
        Column("down_s_28d", "Down", "s", "outage"),
        Column("outage_count_28d", "Outages", "count", "outage"),
        Column("last_checked_at", "Last check", "moment", "check_state"),
    )
    empty = "No service is declared. Add services with their probe interval to beaconmart.yml."
    title = f"Services at the end of {day(context.marts.as_of)}"
    lead = "Known, down and outages are of the last 28 days."
    return Section("services", title, lead if rows else "", tables=[Table("services", "", columns, rows, empty)])


def _availability(context: Context) -> Section:
    days = context.marts.days()
    rows = context.marts.rows(
        """
        select service, event_date, availability_share::double as share, down_s, good_amount, total_amount
        from reliability.fct_availability_daily where is_contractual and event_date between $first_day and $as_of
        order by service, event_date
        """
    )
    series, notes = [], []
    for service, group in grouped(rows, "service").items():
        values = aligned(group, days, "share")
        series.append(Series(str(service), values))
        good, total = (sum(row[key] or 0 for row in group) for key in ("good_amount", "total_amount"))
        notes.append(context.formats.value(good / total, "share") if total else "unknown")
    if not series:
        return Section(
            "availability",
            "Availability is unknown",
            empty="No check has arrived in 90 days. A source of system probes brings them.",
        )
    target = context.target["availability"]
    chart = Chart(
        id="availability_days",
        kind="days",
        title=f"Availability by day, {len(days)} days to {day(days[-1])}",
        subtitle=(
            f"Green keeps {context.formats.goal(target, 'share')}; taller and darker bars had more down time; "
            "short grey ones are unknown."
        ),
        summary=" ".join(f"{s.name}: {sentence(days, s.values, 'share', context.formats)}" for s in series),
        unit="share",
        definition="availability",
        x=days,
        series=tuple(series),
        thresholds=(Threshold(target, "target"),),
        notes=tuple(notes),
        row_heading="Service",
        note_heading=f"{len(days)} days",
    )
    down_days = sum(1 for row in rows if row["down_s"])
    watched = sum(row["share"] is not None for row in rows)
    title = f"Down time on {down_days} of {watched:,} service days" if down_days else "No down time was seen"
    return Section("availability", title, charts=[chart], tables=_methods(context))


def _methods(context: Context) -> list[Table]:
    rows = context.marts.rows(
        """
        select service, method, is_contractual, sum(good_amount) / nullif(sum(total_amount), 0) as share
        from reliability.fct_availability_daily where event_date between $first_day and $as_of
        group by all order by service, is_contractual desc, method
        """
    )
    methods = list(dict.fromkeys((row["method"], row["is_contractual"]) for row in rows))
    if len(methods) < 2:
        return []
    columns = [Column("service", "Service")]
    for method, is_contractual in methods:
        label = method.replace("_", " ") + (" (ours)" if is_contractual else "")
        columns.append(Column(method, label, "share", "accounting_method"))
    by_service = [
        {"service": service} | {row["method"]: row["share"] for row in group}
        for service, group in grouped(rows, "service").items()
    ]
    note = "The checks of 90 days as other tools would count them. Ours is what targets and objectives use."
    return [Table("availability_methods", "Counted by other methods", tuple(columns), by_service, note=note)]


def _objectives(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select objective as slo, service, indicator, state, target_share, sli_share, sli_lower, sli_upper,
            budget_remaining_share, burn_rate, total_count, window_days
        from reliability.fct_slo_daily where event_date = $as_of order by budget_remaining_share, objective
        """
    )
    columns = (
        Column("slo", "Objective"),
        Column("service", "Service"),
        Column("indicator", "Of what"),
        Column("state", "State", "state", "slo"),
        Column("target_share", "Target", "goal", "slo"),
        Column("sli_share", "Is", "share", "sli", "sli_lower", "sli_upper"),
        Column("budget_remaining_share", "Budget left", "share", "error_budget"),
        Column("burn_rate", "Burn", "ratio", "burn_rate"),
        Column("total_count", "Events", "count", "sli"),
        Column("window_days", "Window, days", "count", "slo"),
    )
    for row in rows:
        row["indicator"] = row["indicator"].replace("_", " ")
    counts = {
        state: sum(row["state"] == state for row in rows)
        for state in ("breached", "warning", "ok", "insufficient_data")
    }
    words = ", ".join(f"{count} {WORDS.get(state, state)}" for state, count in counts.items() if count)
    history = context.marts.rows(
        """
        select objective as slo, event_date, budget_remaining_share::double as budget_remaining_share from reliability.fct_slo_daily
        where event_date between $first_day and $as_of order by objective, event_date
        """
    )
    days = context.marts.days()
    # The fullest budgets are the least news: keep the five that are lowest now.
    lowest = [row["slo"] for row in rows if row["budget_remaining_share"] is not None][:5]
    series = lines_by([row for row in history if row["slo"] in lowest], "slo", "budget_remaining_share", days)
    charts = []
    if series:
        charts.append(
            Chart(
                id="error_budgets",
                kind="line",
                title="Error budget left, the lowest objectives",
                subtitle="By day, of each objective's own window. Below zero the promise is broken.",
                summary=" ".join(f"{s.name}: {sentence(days, s.values, 'share', context.formats)}" for s in series),
                unit="share",
                definition="error_budget",
                x=days,
                series=series,
                thresholds=(Threshold(0.0, "spent"),),
            )
        )
    title = f"Of {plural(len(rows), 'objective')}: {words}" if rows else "No objective is declared"
    empty = "" if rows else "Objectives are OpenSLO documents in config/slos. None has data yet."
    table = [Table("objectives", "", columns, rows)] if rows else []
    return Section("objectives", title, empty=empty, charts=charts, tables=table)


def _responses(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select service, location, event_date, response_p95_ms::double as value from reliability.fct_checks_daily
        where event_date between $first_day and $as_of and response_p95_ms is not null order by service, location,
            event_date
        """
    )
    days = context.marts.days()
    charts = []
    for i, (service, group) in enumerate(grouped(rows, "service").items()):
        series = lines_by(group, "location", "value", days)
        charts.append(
            Chart(
                id=f"response_time_{i + 1}",
                kind="line",
                title=f"{service}: response time of checks, p95",
                subtitle="By day and by the location of the check. Failed checks are left out.",
                summary=" ".join(f"From {s.name}: {sentence(days, s.values, 'ms', context.formats)}" for s in series),
                unit="ms",
                definition="response_time",
                x=days,
                series=series,
            )
        )
    title = "How long checks took to answer"
    return Section("responses", title, charts=charts, empty="" if charts else "No check carries a response time.")


def _requests(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select service, source, event_date, error_share::double as error_share, throughput_per_minute::double as
            throughput, request_count, error_count
        from reliability.fct_requests_daily where event_date between $first_day and $as_of order by service, event_date
        """
    )
    if not rows:
        return Section(
            "requests",
            "No request has been counted",
            empty=(
                "Land a requests feed (one row a minute and service), or beacons: page views stand in for "
                "requests then."
            ),
        )
    days = context.marts.days()
    is_feed = any(row["source"] == "requests" for row in rows)
    source = (
        "From the requests feed."
        if is_feed
        else "No requests feed has landed: page views stand in, and failed means a page view with an error."
    )
    charts = []
    for name, value, unit, anchor, what in (
        ("error_rates", "error_share", "share", "error_rate", "Error rate"),
        ("throughput", "throughput", "per_minute", "throughput", "Throughput, per minute"),
    ):
        series = lines_by(rows, "service", value, days)
        summary = " ".join(f"{s.name}: {sentence(days, s.values, unit, context.formats)}" for s in series)
        charts.append(Chart(name, "line", what, "By day and service.", summary, unit, anchor, days, series))
    failed, total = (sum(row[key] or 0 for row in rows) for key in ("error_count", "request_count"))
    last = short_day(days[-1])
    title = (
        f"{context.formats.value(failed / total if total else None, 'share')} of {total:,} requests "
        f"failed in {len(days)} days to {last}"
    )
    return Section("requests", title, source, charts=charts)
