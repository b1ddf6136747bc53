"""Hours with far more or less traffic than usual, drawn on one axis of time and beside the incidents meanwhile."""

from datetime import timedelta

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart, Role, Series, Span
from orchestration.reports.content import Context, listed, plural
from orchestration.reports.delivered import known
from orchestration.reports.marts import Row, grouped

NAMES = {
    "page_views": "Page views",
    "sessions": "Sessions begun",
    "requests": "Requests",
    "errors": "Captured errors",
    "request_errors": "Failed requests",
}
KEYS: tuple[tuple[Role, str], ...] = (("bad", "fewer than usual, or more errors"), ("c1", "more traffic than usual"))
DAYS = 28
# Fewer errors than usual are no anomaly to anybody. What is at most three hours apart is one.
_ANOMALIES = """
    with far as (
        select *, change_share is null or change_share > 0 as is_more
        from predictions.traffic_anomalies
        where event_date between $as_of::date - 27 and $as_of
            and (series not in ('errors', 'request_errors') or coalesce(change_share, 1) > 0)
    ),
    begun as (
        select *, coalesce(hour_at - lag(hour_at) over in_order > interval 3 hours, true) as is_first
        from far window in_order as (partition by series, is_more order by hour_at)
    ),
    numbered as (
        select *, count(*) filter (where is_first) over (partition by series, is_more order by hour_at) as number
        from begun
    ),
    anomalies as (
        select series, is_more, min(hour_at - to_hours(window_hours - 1)) as started_at,
            max(hour_at) + interval 1 hour as ended_at, max_by(value, strays) as value,
            max_by(baseline_forecast, strays) as baseline_forecast, max_by(baseline_lower, strays) as baseline_lower,
            max_by(baseline_upper, strays) as baseline_upper,
            max_by(if(baseline_forecast >= 1, change_share, null), strays) as change_share,
            max_by(window_hours, strays) as window_hours
        from (select *, abs(sqrt(value + 0.375) - sqrt(baseline_forecast + 0.375)) as strays from numbered)
        group by series, is_more, number
    )
    select anomalies.*, string_agg(distinct incidents.title, '; ' order by incidents.title) as incidents
    from anomalies
    left join (
        select coalesce(title, incident_id) as title, started_at,
            coalesce(resolved_at, started_at + to_microseconds((1e6 * restore_s)::bigint), 'infinity') as ended_at
        from reliability.fct_incidents where not is_excluded
    ) as incidents on incidents.started_at < anomalies.ended_at and incidents.ended_at > anomalies.started_at
    group by all
    order by started_at desc, series
"""


def section(context: Context) -> Section:
    """Return the section about unusual hours of the last four weeks."""
    rows = [_told(row) for row in context.marts.rows_if("predictions.traffic_anomalies", _ANOMALIES)]
    columns = (
        Column("name", "Series", "text", "traffic_anomaly"),
        Column("started_at", "From", "moment"),
        Column("ended_at", "To", "moment"),
        Column("value", "Counted", "count"),
        Column("baseline_forecast", "Expected", "count", "traffic_anomaly", "baseline_lower", "baseline_upper"),
        Column("window_hours", "In hours", "count"),
        Column("change_share", "Change", "share"),
        Column("incidents", "Incidents at the time", "long", "incident"),
    )
    counts = {"page_views": "page views", "sessions": "sessions", "requests": "requests", "errors": "errors"}
    told = listed([words for feed, words in counts.items() if known(feed, context.feeds)])
    empty = f"No hour had far more or fewer {told} than predicted. The first are judged after 16 days."
    title = f"Unusual traffic {plural(len(rows), 'time')} in {DAYS} days"
    table = Table("traffic_anomalies", "", columns, rows, empty, shown=20)
    return Section(
        "traffic",
        title if rows else "Traffic as usual",
        charts=_timeline(context, rows) if rows else [],
        tables=[table],
        needs=" ".join(counts),
    )


def _told(row: Row) -> Row:
    is_bad = row["is_more"] == (row["series"] in ("errors", "request_errors"))
    return row | {"name": NAMES.get(row["series"], row["series"]), "role": "bad" if is_bad else "c1"}


def _timeline(context: Context, rows: list[Row]) -> list[Chart]:
    (ends,) = context.marts.rows(
        "select $as_of::timestamp - interval 27 days as first, $as_of::timestamp + interval 1 day as last"
    )
    groups = grouped(sorted(rows, key=lambda row: (list(NAMES).index(row["series"]), row["started_at"])), "name")
    series = tuple(
        Series(name, (), spans=tuple(_span(context, row) for row in group)) for name, group in groups.items()
    )
    chart = Chart(
        id="traffic_anomalies",
        kind="spans",
        title=f"Unusual hours, {DAYS} days",
        subtitle="Short ones are drawn wider than they lasted.",
        summary=" ".join(f"{s.name}: {len(s.spans)}." for s in series),
        unit="",
        definition="traffic_anomaly",
        x=(ends["first"], ends["last"]),
        series=series,
        notes=tuple(str(len(s.spans)) for s in series),
        row_heading="Traffic",
        note_heading="How many",
        keys=KEYS,
    )
    return [chart]


def _span(context: Context, row: Row) -> Span:
    formats = context.formats
    hours = round((row["ended_at"] - row["started_at"]) / timedelta(hours=1))
    words = f"{row['value']:,.0f} in {plural(row['window_hours'], 'hour')}, {row['baseline_forecast']:,.0f} expected"
    return Span(
        row["started_at"],
        row["ended_at"],
        row["role"],
        f"{formats.moment(row['started_at'])}, {plural(hours, 'hour')}: {words}",
    )
