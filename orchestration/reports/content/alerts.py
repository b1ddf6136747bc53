"""Which alerts are open, what was told to whom and how fast, and how often an alert was right."""

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.content import Context, alert_ledger, begun, plural, sized
from orchestration.reports.formats import WORDS
from orchestration.reports.marts import Row

CLOCKS = (
    ("event_to_landed_s", "Event to landing", "The delay of the source."),
    ("landed_to_written_s", "Landing to alert", "The delay of Beaconmart, which the target limits."),
    ("event_to_written_s", "Event to alert", "The sum of both."),
    ("landed_to_notified_s", "Landing to notification", "Until the first notification was accepted."),
)


def page(context: Context) -> Page:
    """Return the alerts page."""
    alerts = alert_ledger.alert_rows(context)
    still_open = [row for row in alerts if row["state"] == "open"]
    title = begun(f"{plural(len(still_open), 'alert')} {'is' if len(still_open) == 1 else 'are'} open")
    lead = "An alert opens when its rule is met, may escalate, and resolves when the rule is no longer met."
    sections = [
        _open(still_open),
        _clocks(context),
        _accuracy(context),
        alert_ledger.ledger(context, alerts),
        alert_ledger.events(context),
        alert_ledger.notifications(context),
    ]
    return Page("alerts", "Alerts", title, lead, sections, parent="reliability")


def _open(rows: list[Row]) -> Section:
    empty = "No alert rule is met."
    table = Table("open_alerts", "", alert_ledger.LEDGER, rows, empty, shown=60)
    return Section("open", "Open alerts" if rows else "No alert is open", tables=[table])


def _clocks(context: Context) -> Section:
    rows = context.marts.rows(
        """
        with critical as (
            select
                path, date_diff('millisecond', event_at, landed_at) / 1000.0 as event_to_landed_s,
                date_diff('millisecond', landed_at, written_at) / 1000.0 as landed_to_written_s,
                date_diff('millisecond', event_at, written_at) / 1000.0 as event_to_written_s,
                date_diff('millisecond', landed_at, notified_at) / 1000.0 as landed_to_notified_s
            from alerts.alerts
            where
                severity = 'critical' and event_date between $first_day and $as_of
                and landed_at <= event_at + interval 2 day  -- what lands later is history, as in fct_alert_accuracy
        ),
        long as (
            unpivot critical on event_to_landed_s, landed_to_written_s, event_to_written_s, landed_to_notified_s
            into name clock value seconds
        )
        select path, clock, count(*) as sample_count, quantile_disc(seconds, 0.5) as median_s,
            quantile_disc(seconds, 0.95) as p95_s, max(seconds) as longest_s, avg((seconds < 30)::integer) as in_time
        from long group by all order by path desc, clock
        """
    )
    target = next(iter(_target(context, "alert_latency_s")), None)
    tiles = [_target_tile(context, target, "Alert latency", "alert_latency", "s")] if target else []
    labels = {name: label for name, label, _ in CLOCKS}
    order = list(labels)
    by_path = {(row["path"], row["clock"]): row for row in rows}
    for path in dict.fromkeys(row["path"] for row in rows):
        tiles += [
            Tile(
                f"{labels[name]}, {path} path",
                context.formats.value(by_path[path, name]["median_s"], "s"),
                "alert_clocks",
                f"95{' '}% within {context.formats.value(by_path[path, name]['p95_s'], 's')}",
                f"median; {sized(by_path[path, name])}",
            )
            for name in ("landed_to_written_s",)
            if (path, name) in by_path
        ]
    for row in rows:
        row["clock_text"] = labels[row["clock"]]
    rows.sort(key=lambda row: (row["path"] != "fast", order.index(row["clock"])))
    columns = (
        Column("clock_text", "Interval", "text", "alert_clocks"),
        Column("path", "Path", "text", "alert_clocks"),
        Column("median_s", "Median", "s", "alert_clocks"),
        Column("p95_s", "95 % within", "s", "alert_clocks"),
        Column("longest_s", "Longest", "s", "alert_clocks"),
        Column("in_time", "Under 30 s", "share", "alert_latency"),
        Column("sample_count", "Critical alerts", "count"),
    )
    empty = "No critical alert has been raised from a landed file yet."
    title = "Latency of critical alerts"
    if target:
        title += f": {WORDS.get(target['verdict'], target['verdict'])}"
    lead = "The fast path watches the landing folder; the batch path is the daily run."
    return Section("clocks", title, lead, tiles=tiles, tables=[Table("alert_clocks", "", columns, rows, empty)])


def _target(context: Context, name: str) -> list[Row]:
    return context.marts.rows(
        "select * from reports.rpt_mission_targets where target = $name order by event_date desc limit 1", name=name
    )


def _target_tile(context: Context, row: Row, label: str, definition: str, unit: str) -> Tile:
    formats = context.formats
    return Tile(
        label,
        formats.value(row["value"], unit),
        definition,
        formats.bounds(row["value_lower"], row["value_upper"], unit),
        row["reason"] or "",
        row["verdict"],
        f"under {formats.goal(row['goal'], unit)}",
    )


def _accuracy(context: Context) -> Section:
    rows = context.marts.rows(
        """
        select * from alerts.fct_alert_accuracy
        where event_date = (select max(event_date) from alerts.fct_alert_accuracy where event_date <= $as_of)
        order by rule = 'all' desc, alert_count desc, rule
        """
    )
    target = next(iter(_target(context, "alert_false_positive_share")), None)
    label = "False positives among alerts"
    tiles = [_target_tile(context, target, label, "alert_accuracy", "share")] if target else []
    whole = next((row for row in rows if row["rule"] == "all"), None)
    if whole:
        tiles.append(
            Tile(
                "Incidents detected",
                context.formats.value(whole["recall_share"], "share"),
                "alert_recall",
                context.formats.bounds(whole["recall_lower"], whole["recall_upper"], "share"),
                f"{whole['found_count']:,} of {plural(whole['incident_count'], 'recorded incident')}",
            )
        )
    columns = (
        Column("rule", "Rule"),
        Column("verdict", "Verdict", "verdict", "alert_accuracy"),
        Column("alert_count", "Alerts", "count", "alert"),
        Column("true_count", "True", "count", "alert_precision"),
        Column("false_count", "False", "count", "alert_accuracy"),
        Column("unreviewed_count", "Unreviewed", "count", "alert_review"),
        Column("reviewed_count", "Reviewed", "count", "alert_review"),
        Column("precision_share", "Precision", "share", "alert_precision", "precision_lower", "precision_upper"),
        Column(
            "false_positive_share",
            "False share",
            "share",
            "alert_accuracy",
            "false_positive_lower",
            "false_positive_upper",
        ),
        Column("incident_count", "Incidents", "count", "incident"),
        Column("found_count", "Detected", "count", "alert_recall"),
        Column("recall_share", "Recall", "share", "alert_recall", "recall_lower", "recall_upper"),
        Column("delay_median_s", "Delay, median", "s", "alert_delay"),
        Column("delay_p90_s", "Delay, p90", "s", "alert_delay"),
    )
    title = "Accuracy of alerts"
    lead = "Measured against recorded incidents and reviews, with one-sided 95 % bounds."
    if whole and whole["alert_count"]:
        title = (
            f"{whole['true_count']:,} of {plural(whole['alert_count'], 'alert')} were right, {whole['false_count']:,}"
            f" wrong, {whole['unreviewed_count']:,} unreviewed"
        )
        lead += f" People reviewed {plural(whole['reviewed_count'], 'alert')}."
    table = Table("alert_accuracy", "", columns, rows, "No alert and no incident to compare yet.", shown=40)
    return Section("accuracy", title, lead, tiles=tiles, tables=[table], needs="incidents alert_reviews")
