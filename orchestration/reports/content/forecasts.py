"""What the next days probably bring, what is about to run out or be missed, and how good such forecasts were so far."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any

from orchestration.reports.blocks import Figure, Page, Section, Tile
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, change_text, forecast_risks, plural
from orchestration.reports.figures import KPIS, WHAT, Kpi
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, aligned, grouped

HISTORY_DAYS = 56
HISTORY_HOURS = 72
BUDGET, WINDOW = "budget_remaining_share:", ":28_days"
# Mostly zero by the day: a curve of them says nothing. They are in predictions.kpi_forecasts all the same.
RARE = ("outage_count", "incident_count", "downtime_s", "mttr_restore_s")
ORDER = [
    "page_view_count",
    "session_count",
    "revenue_net",
    "order_count",
    "conversion_share",
    "ux_score",
    "availability_share",
    "lcp_p75_ms",
    "inp_p75_ms",
    "cls_p75",
]
HOURLY = {"page_view_count": "Page views an hour", "request_count": "Requests an hour"}
REASONS = {
    "beats_naive": "the least error in the backtest",
    "naive_is_best": "seasonal naive, which no model beats",
    "short_history": "seasonal naive, as the history is short",
}


def page(context: Context) -> Page:
    """Return the forecasts page."""
    forecasts = context.marts.rows_if(
        "predictions.kpi_forecasts",
        """
        select * from predictions.kpi_forecasts
        where forecast_date = (select max(forecast_date) from predictions.kpi_forecasts where forecast_date <= $as_of)
        order by kpi, event_date
        """,
    )
    by_kpi = grouped(forecasts, "kpi")
    names = [name for name in ORDER if name in by_kpi]
    others = sorted(
        n for n in by_kpi if n not in ORDER and n not in RARE and not n.startswith(BUDGET) and not n.endswith(WINDOW)
    )
    lead = "Solid: actual. Dashed: forecast, with its 80, 90 and 95 % intervals."
    return Page(
        "forecasts",
        "Forecasts",
        _title(by_kpi),
        "Made only from days up to the forecast date.",
        [
            *_sums(context),
            *_ahead(context),
            Section(
                "forecasts",
                f"The 28 days after {day(forecasts[0]['forecast_date'])}"
                if forecasts
                else "No forecast yet: it needs three weeks of history",
                lead if forecasts else "",
                charts=[_chart(context, name, by_kpi[name]) for name in names],
                empty="" if forecasts else f"{forecast_risks.NEEDED}",
            ),
            *forecast_risks.budgets(context),
            *forecast_risks.breaches(context),
            *_others(context, others, by_kpi),
            *forecast_risks.missing(context, set(by_kpi)),
            forecast_risks.accuracy(context),
        ],
    )


def _title(by_kpi: dict[Any, list[Row]]) -> str:
    shown = {n: rows[0] for n, rows in by_kpi.items() if not n.startswith(BUDGET) and not n.endswith(WINDOW)}
    if not shown:
        return "There is no forecast yet"
    beaten = sum("naive" not in row["model_name"] for row in shown.values())
    is_tried = any(row["model_reason"] != "short_history" for row in shown.values())
    found = (
        f"better than seasonal naive: {beaten or 'none'}"
        if is_tried
        else "seasonal naive only, as the history is short"
    )
    return f"{plural(len(shown), 'KPI')} forecast 28 days ahead; {found}"


def _sums(context: Context) -> list[Section]:
    """What the next 28 days add up to."""
    rows = context.marts.rows_if(
        "reports.rpt_kpi_outlook", "select * from reports.rpt_kpi_outlook where is_sum order by kpi"
    )
    found = {row["kpi"]: row for row in rows}
    tiles = []
    for kpi in [name for name in ORDER if name in found]:
        row, about, formats = found[kpi], KPIS[kpi], context.formats
        value = formats.value(row["value_forecast"], about.unit)
        bounds = [
            f"{level} %: {formats.bounds(row[f'value_{level}_lower'], row[f'value_{level}_upper'], about.unit)}"
            for level in (80, 95)
        ]
        tiles.append(
            Tile(
                about.label, value, "forecast_sum", ", ".join(bounds),
                change=change_text(row, formats, about.is_better_high, "last 28 days"),
                figure=Figure(kpi, "next 28 days", row["value_forecast"], WHAT.get(kpi, "")),
            )
        )  # fmt: skip
    lead = "Intervals are those of the sum: errors of single days partly cancel."
    return [Section("sums", "The next 28 days together", lead, tiles=tiles)] if tiles else []


def _ahead(context: Context) -> list[Section]:
    """The next 48 hours of traffic, and the peaks that servers must stand."""
    hours = context.marts.rows_if(
        "predictions.traffic_forecasts",
        """
        select * from predictions.traffic_forecasts
        where forecast_date = (
            select max(forecast_date) from predictions.traffic_forecasts where forecast_date <= $as_of
        )
        order by kpi, hour_at
        """,
    )
    by_kpi = grouped(hours, "kpi")
    if "page_view_count" not in by_kpi:
        return []
    charts = [_hourly_chart(context, name, by_kpi[name]) for name in HOURLY if name in by_kpi]
    return [
        Section(
            "traffic",
            f"The 48 hours after {day(hours[0]['forecast_date'])}",
            "Hours are UTC. Plan capacity for the upper end of the intervals.",
            tiles=_peaks(context, by_kpi["page_view_count"]),
            charts=charts,
        )
    ]


def _peaks(context: Context, hours: list[Row]) -> list[Tile]:
    number = partial(context.formats.value, unit="count")
    busiest = max(hours, key=lambda row: row["value_forecast"])
    highest = max(row["value_95_upper"] for row in hours)
    tiles = [
        Tile(
            "Peak hour, next 48 hours", number(busiest["value_forecast"]), "capacity",
            detail=f"page views, {_hour(busiest['hour_at'])}; plan for {number(highest)}",
        )
    ]  # fmt: skip
    rows = context.marts.rows(
        """
        with shares as (
            select max(page_view_count) / sum(page_view_count) as share
            from executive.fct_traffic_hourly
            where hour_at::date between $as_of::date - 27 and $as_of
            group by hour_at::date
            having sum(page_view_count) > 0
        )
        select event_date, value_forecast, value_95_upper, (select median(share) from shares) as usual_share,
            (select max(share) from shares) as highest_share
        from predictions.kpi_forecasts
        where kpi = 'page_view_count' and forecast_date = $made_on
        order by value_forecast desc, event_date
        limit 1
        """,
        made_on=hours[0]["forecast_date"],
    )
    if rows and rows[0]["usual_share"] is not None:
        peak = rows[0]
        upper = number(peak["value_95_upper"] * peak["highest_share"])
        tiles.append(
            Tile(
                "Peak hour, next 28 days", number(peak["value_forecast"] * peak["usual_share"]), "capacity",
                detail=f"page views, {day(peak['event_date'])}; plan for {upper}",
            )
        )  # fmt: skip
    return tiles


def _hour(instant: Any) -> str:
    return f"{instant:%a %H:%M}"


def _hourly_chart(context: Context, name: str, rows: list[Row]) -> Chart:
    first = rows[0]["hour_at"]
    past = context.marts.rows(
        f"select hour_at, {name}::double as value from executive.fct_traffic_hourly"  # noqa: S608 - one of two names
        " where hour_at >= $first and hour_at < $last order by hour_at",
        first=first - timedelta(hours=HISTORY_HOURS),
        last=first,
    )
    hours = tuple(first + timedelta(hours=i) for i in range(-HISTORY_HOURS, len(rows)))
    return _fan(
        context, Kpi(HOURLY[name], "count", "forecast"), f"traffic_{name}", tuple(_hour(hour) for hour in hours),
        aligned(past, hours[:HISTORY_HOURS], "value", "hour_at"), rows, "by hour",
        max(range(len(rows)), key=lambda i: rows[i]["value_forecast"]), "peak of ",
    )  # fmt: skip


def _others(context: Context, names: list[str], by_kpi: dict[str, list[Row]]) -> list[Section]:
    charts = [_chart(context, name, by_kpi[name]) for name in names]
    return [Section("others", "Other KPIs", charts=charts, seen_charts=0)] if charts else []


def _chart(context: Context, name: str, rows: list[Row]) -> Chart:
    start = rows[0]["forecast_date"]
    days = tuple(start - timedelta(days=i) for i in reversed(range(min(HISTORY_DAYS, context.marts.span))))
    history = context.marts.rows(
        (
            "select event_date, value::double as value from executive.fct_kpi_daily where kpi = $kpi and "
            "event_date between $first and $last"
        ),
        kpi=name,
        first=days[0],
        last=start,
    )
    about = KPIS.get(name) or Kpi(name.replace("_", " "), "", "forecast")
    ahead = tuple(row["event_date"] for row in rows)
    return _fan(context, about, f"forecast_{name}", days + ahead, aligned(history, days, "value"), rows, "by day")


def _fan(
    context: Context,
    about: Kpi,
    name: str,
    x: tuple[date, ...] | tuple[str, ...],
    past: Sequence[Any],
    rows: list[Row],
    steps: str,
    told: int = -1,
    which: str = "",
) -> Chart:
    """What was, and what is expected with its three ranges; the words are of the row `told`, by default the last."""
    before = len(x) - len(rows)

    def ahead(key: str) -> tuple[float | None, ...]:
        return (None,) * before + tuple(None if row[key] is None else float(row[key]) for row in rows)

    was = tuple(value for value, _ in zip_longest(past, x))
    row, when = rows[told], x[before:][told]
    on = day(when) if isinstance(when, date) else when
    expected = context.formats.value(row["value_forecast"], about.unit)
    bounds = context.formats.bounds(row["value_80_lower"], row["value_80_upper"], about.unit)
    model = f"{str(row['model_name']).replace('_', ' ')}, version {row['model_version']}"
    reason = REASONS.get(str(row["model_reason"]), "")
    ranges = [
        Series("forecast", (None,) * len(x), ahead(f"value_{level}_lower"), ahead(f"value_{level}_upper"), "c2",
               level=f"{level} %")
        for level in (90, 80)
    ]  # fmt: skip
    line = Series(
        "forecast", ahead("value_forecast"), ahead("value_95_lower"), ahead("value_95_upper"), "c2", is_dashed=True
    )
    return Chart(
        id=name,
        kind="line",
        title=f"{about.label}: {which}{expected} on {on}",
        subtitle=f"80 %: {bounds}.",
        summary=(
            f"{about.label} {steps}, {before} of history and {len(rows)} of forecast; on {on} {which}{expected}, "
            f"80 % interval {bounds}. Model: {model}{reason and f', {reason}'}."
        ),
        unit=about.unit,
        definition="forecast",
        x=x,
        series=(Series("actual", was, role="c1"), line, *ranges),
    )
