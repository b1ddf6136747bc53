"""How far the figures can be trusted: checks, what journeys are covered, what was read and what was rejected."""

from orchestration.reports.blocks import Column, Item, Page, Section, Table
from orchestration.reports.content import Context, plural
from orchestration.reports.formats import day
from orchestration.reports.intake import newest_intake
from orchestration.sources.reasons import cause


def page(context: Context) -> Page:
    """Return the data-quality page."""
    failing = sum(not check["is_passed"] for check in context.quality)
    total = len(context.quality)
    title = (
        f"{plural(failing, 'check')} of {total} {'fails' if failing == 1 else 'fail'}"
        if failing
        else f"All {total} checks pass"
    )
    return Page(
        "data-quality",
        "Data quality",
        title.capitalize() if total else "No check has run yet",
        ("A failing check that would publish wrong figures blocks the release."),
        [_checks(context), _coverage(context), _intake(context), _rejects(context)],
    )


def _checks(context: Context) -> Section:
    rows = [
        check
        | {
            "state": "passed" if check["is_passed"] else "failing",
            "name": str(check["check_name"]).replace("_", " "),
            "blocking": "blocks" if check["is_blocking"] else "reports",
        }
        for check in sorted(
            context.quality,
            key=lambda c: (c["is_passed"], not c["is_blocking"], c["suite"], c["check_name"], c["asset"]),
        )
    ]
    columns = (
        Column("name", "Check", "long"),
        Column("state", "State", "state"),
        Column("missing", "Missing", "long"),
        Column("suite", "Suite"),
        Column("asset", "Table"),
        Column("blocking", "If it fails"),
        Column("observed", "Observed", "long"),
        Column("expected", "Expected", "long"),
    )
    table = Table("quality_checks", "", columns, rows, "Checks run with the daily job.", shown=80)
    return Section("checks", "Checks, failing first", tables=[table])


def _coverage(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select *, if(is_covered, 'covered', 'missing') as state, if(is_critical, 'yes', 'no') as critical
        from executive.fct_journey_coverage_daily
        where event_date = (select max(event_date) from executive.fct_journey_coverage_daily where event_date <= $as_of)
        order by is_critical desc, journey, step
        """
    )
    columns = (
        Column("journey", "Journey", "text", "journey_coverage"),
        Column("step", "Step"),
        Column("critical", "Critical"),
        Column("state", "State", "state", "journey_coverage"),
        Column("page_group", "Pages"),
        Column("page_view_count", "Page views", "count", "page_view"),
        Column("service", "Service"),
        Column("check_count", "Checks", "count", "check_state"),
        Column("objective", "Objective", "text", "slo"),
        Column("missing", "Missing", "long"),
    )
    critical = [row for row in rows if row["is_critical"]]
    covered = sum(row["is_covered"] for row in critical)
    title = (
        f"{covered} of {plural(len(critical), 'step')} of critical journeys are monitored"
        if critical
        else "No critical journey is declared"
    )
    table = Table("journey_coverage", "", columns, rows, "Declare journeys and their steps in beaconmart.yml.")
    return Section(
        "coverage",
        title,
        "Monitored: page views, a probe and an objective in 28 days.",
        tables=[table],
        needs="journeys",
    )


def _intake(context: Context) -> Section:
    rows = context.marts.rows("select * from reports.rpt_data_intake order by raw_table")
    columns = (
        Column("raw_table", "Raw table"),
        Column("file_count", "Files", "count"),
        Column("rows_read", "Rows read", "count", "rows_read"),
        Column("rows_kept", "Kept", "count", "rows_read"),
        Column("rows_rejected", "Rejected", "count", "reject"),
        Column("rejected_share", "Rejected", "share", "reject"),
        Column("rows_after_close", "After close", "count", "after_close"),
        Column("bytes", "Size", "bytes"),
        Column("first_export_date", "Oldest export", "date"),
        Column("newest_export_date", "Newest export", "date"),
    )
    read, kept, rejected = (sum(row[key] or 0 for row in rows) for key in ("rows_read", "rows_kept", "rows_rejected"))
    late = sum(row["rows_after_close"] or 0 for row in rows)
    parts = f"{read:,} rows read: {kept:,} kept, {rejected:,} rejected" + (f", {late:,} too late" if late else "")
    title = parts if rows else "No file has been read yet"
    return Section(
        "intake",
        title,
        f"Ingested up to {day(context.marts.as_of)}.",
        items=[
            Item("failing" if found.alarm else "degraded", found.alarm or found.message, "#rejects")
            for found in newest_intake(context.marts)
            if found.has_many_rejects
        ]
        + [Item("unknown", message, "#intake") for message in context.unmatched],
        tables=[Table("data_intake", "", columns, rows, "Add exports to the landing folder and run the daily job.")],
    )


def _rejects(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select raw_table, reason, field, sum(reject_count)::bigint as reject_count, max(export_date) as newest
        from operations.fct_rejects_daily where export_date between $as_of::date - 27 and $as_of
        group by all order by reject_count desc, raw_table, reason, field
        """
    )
    for row in rows:
        row["reason_text"] = cause(row["reason"])
    columns = (
        Column("reason_text", "Reason", "long", "reject"),
        Column("field", "Field"),
        Column("raw_table", "Raw table"),
        Column("reject_count", "Rows", "count", "reject"),
        Column("newest", "Newest export", "date"),
    )
    title = f"{plural(sum(row['reject_count'] for row in rows), 'row')} rejected in 28 days of exports".capitalize()
    return Section("rejects", title, tables=[Table("rejects", "", columns, rows, "No row was rejected.", shown=30)])
