"""How services and journeys are now, how they were, and what their requests say; where the rest of it stands."""

from orchestration.reports.blocks import Column, Figure, Item, Page, Section, Table
from orchestration.reports.charts import Chart
from orchestration.reports.content import Context, begun, listed, plural, traffic
from orchestration.reports.delivered import exists, known
from orchestration.reports.figures import how_expected, lines_by, sentence
from orchestration.reports.formats import day, short_day
from orchestration.reports.reliability_figures import health_bars


def page(context: Context) -> Page:
    """Return the reliability page."""
    return Page(
        "reliability",
        "Reliability",
        _title(context),
        "",
        [_services(context), _journeys(context), _history(context), _requests(context), traffic.section(context)],
    )


def _title(context: Context) -> str:
    services = context.health["services"]
    if not services:
        return "No service is checked"
    troubled = [service["name"] for service in services if service["status"] in ("critical", "degraded")]
    unknown = [service["name"] for service in services if service["status"] == "unknown"]
    well = len(services) - len(troubled) - len(unknown)
    if well == len(services):
        return f"All {plural(well, 'service')} are healthy" if well > 1 else "The service is healthy"
    told = [f"{listed(troubled)} {'needs' if len(troubled) == 1 else 'need'} attention"] if troubled else []
    if unknown:
        count = f"{plural(len(unknown), 'service')}: " if len(unknown) > 1 else ""
        told.append(f"no data on {count}{listed(unknown)}")
    if well:
        told.append(f"{plural(well, 'other service')} healthy")
    return "; ".join(told) if troubled else begun("; ".join(told))


def _services(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select *, if(is_critical, 'yes', 'no') as critical from reports.rpt_service_health
        order by is_critical desc, service
        """
    )
    for row in rows:
        row["page"] = context.link("service", row["service"])
        for days in (28, 90):
            share = row[f"availability_share_{days}d"]
            row[f"up_{days}d"] = Figure("availability_share", f"{days} days", share, row["service"])
        row["down_28d"] = Figure("downtime_s", "28 days", row["down_s_28d"], row["service"])
    columns = (
        Column("service", "Service", href="page"),
        Column("status", "Health", "state", "health"),
        Column("reason", "Reason", "long"),
        Column("critical", "Critical"),
        Column("availability_share_28d", "28 days", "share", "availability", figure="up_28d"),
        Column("availability_share_90d", "90 days", "share", "availability", figure="up_90d"),
        Column("coverage_share_28d", "Coverage", "share", "availability_coverage"),
        Column("down_s_28d", "Downtime", "s", "outage", figure="down_28d"),
        Column("outage_count_28d", "Outages", "count", "outage"),
        Column("last_checked_at", "Last check", "moment", "check_state"),
    )
    empty = "No service is declared. Add services with their probe interval to beaconmart.yml."
    title = f"Services at the end of {day(context.marts.as_of)}"
    lead = "Coverage, downtime and outages: 28 days." if rows and known("probes", context.feeds) else ""
    return Section("services", title, lead, tables=[Table("services", "", columns, rows, empty)])


def _journeys(context: Context) -> Section:
    steps = context.marts.rows(
        """
        select journey, string_agg(step, ', ' order by position) as steps, string_agg(distinct service, ', ' order by
            service) as services, avg(is_covered::integer) as covered_share, bool_or(is_critical) as is_critical
        from reports.rpt_journey_steps group by journey order by is_critical desc, journey
        """
    )
    health = {journey["name"]: journey for journey in context.health.get("journeys", [])}
    rows = [
        row
        | {key: health.get(row["journey"], {}).get(key) for key in ("status", "reason", "since")}
        | {"page": context.link("journey", row["journey"]), "critical": "yes" if row["is_critical"] else "no"}
        for row in steps
    ]
    columns = (
        Column("journey", "Journey", "text", "journey", href="page"),
        Column("status", "Health", "state", "health"),
        Column("reason", "Reason", "long"),
        Column("since", "Since", "moment"),
        Column("critical", "Critical"),
        Column("steps", "Steps"),
        Column("services", "Services"),
        Column("covered_share", "Monitored", "share", "journey_coverage"),
    )
    well = sum(row["status"] == "healthy" for row in rows)
    verb = "is" if well == 1 else "are"
    title = f"{well or 'None'} of {plural(len(rows), 'journey')} {verb} well"
    if not rows:
        title = "No journey is declared"
    elif well == len(rows):
        title = f"All {plural(well, 'journey')} are healthy" if well > 1 else "The journey is healthy"
    empty = "Declare journeys and their steps in beaconmart.yml."
    return Section("journeys", title, tables=[Table("journeys", "", columns, rows, empty)], needs="journeys")


def _history(context: Context) -> Section:
    charts = [
        chart
        for kinds, name in ((("application", "service"), "health_services"), (("journey",), "health_journeys"))
        if (chart := health_bars(context.marts, kinds, name=name))
    ]
    pages = {
        "availability": "Availability by day, by five minutes and by method",
        "objectives": "Objectives, error budgets and burn rates",
        "incidents": listed(
            [name for name, feed in (("Incidents", "incidents"), ("outages", "probes")) if known(feed, context.feeds)]
        ).capitalize(),
        "alerts": "Alerts and notifications",
    }
    items = [Item("", text, f"{name}.html") for name, text in pages.items() if exists(name, context.feeds)]
    return Section("history", "History of health", items=items, charts=charts)


def _requests(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select service, source, event_date, error_share::double as error_share, throughput_per_minute::double as
            throughput, request_count, error_count
        from reliability.fct_requests_daily where event_date between $before_day and $as_of order by service, event_date
        """
    )
    days = context.marts.days()
    shown = [row for row in rows if row["event_date"] >= days[0]]
    if not shown:
        return Section(
            "requests",
            "No request has been counted",
            empty=(
                "Add a requests feed (one row a minute and service), or beacons, whose page views count as requests."
            ),
            needs="requests page_views",
        )
    is_feed = any(row["source"] == "requests" for row in shown)
    source = "" if is_feed else "Page views stand in for requests; failed: a page view with an error."
    charts = []
    for name, value, unit, anchor, what in (
        ("error_rates", "error_share", "share", "error_rate", "Error rate"),
        ("throughput", "throughput", "per_minute", "throughput", "Throughput, per minute"),
    ):
        series = lines_by(rows, "service", value, context.marts)
        summary = " ".join(f"{s.name}: {sentence(days, s.values, unit, context.formats)}" for s in series)
        subtitle = f"By day and service.{how_expected(series)}"
        charts.append(Chart(name, "line", what, subtitle, summary, unit, anchor, days, series))
    failed, total = (sum(row[key] or 0 for row in shown) for key in ("error_count", "request_count"))
    last = short_day(days[-1])
    title = (
        f"{context.formats.value(failed / total if total else None, 'share')} of {total:,} requests "
        f"failed in {len(days)} days to {last}"
    )
    return Section("requests", title, source, charts=charts)
