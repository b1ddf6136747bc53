"""What the next 28 days probably bring, and how good such forecasts were so far."""

from datetime import timedelta
from itertools import zip_longest

from orchestration.reports.charts import Chart, Column, Page, Section, Series, Table
from orchestration.reports.content import Context, plural
from orchestration.reports.figures import KPIS, Kpi
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, aligned, grouped

HISTORY_DAYS = 56
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
    accuracy = context.marts.rows(
        "select * from reports.rpt_forecast_accuracy order by kpi, is_chosen desc, model_name"
    )
    by_kpi = grouped(forecasts, "kpi")
    names = [name for name in ORDER if name in by_kpi]
    others = sorted(name for name in by_kpi if name not in ORDER and name not in RARE)
    beaten = {row["kpi"] for row in accuracy if row["is_chosen"] and "naive" not in row["model_name"]}
    is_tried = any("naive" not in row["model_name"] for row in accuracy)
    found = (
        f"a model beats the seasonal naive for {len(beaten) or 'none'}"
        if is_tried
        else "the history is too short to try more than the seasonal naive"
    )
    title = f"{plural(len(by_kpi), 'KPI')} forecast 28 days ahead; {found}"
    return Page(
        "forecasts",
        "Forecasts",
        title if names else "There is no forecast yet",
        (
            "Made only from days up to the forecast date. A model that does not beat last week's value is "
            "not used, and this page says so."
        ),
        [
            Section(
                "forecasts",
                f"The 28 days after {day(forecasts[0]['forecast_date'])}"
                if forecasts
                else "A forecast needs a few weeks of history",
                "Solid: what was. Dashed: what is expected, with its 80 % (darker) and 95 % interval."
                if forecasts
                else "",
                charts=[_chart(context, name, by_kpi[name]) for name in names],
                empty="" if forecasts else "It appears with the first daily run that has enough days of a KPI.",
            ),
            *_others(context, others, by_kpi),
            _accuracy(accuracy),
        ],
    )


def _others(context: Context, names: list[str], by_kpi: dict[str, list[Row]]) -> list[Section]:
    charts = [_chart(context, name, by_kpi[name]) for name in names]
    return [Section("others", "The other figures", charts=charts)] if charts else []


def _chart(context: Context, name: str, rows: list[Row]) -> Chart:
    about = KPIS.get(name) or Kpi(name.replace("_", " "), "", "forecast")
    formats = context.formats
    start = rows[0]["forecast_date"]
    past_days = tuple(start - timedelta(days=i) for i in reversed(range(min(HISTORY_DAYS, context.marts.span))))
    days = past_days + tuple(row["event_date"] for row in rows)
    history = context.marts.rows(
        (
            "select event_date, value::double as value from executive.fct_kpi_daily where kpi = $kpi and "
            "event_date between $first and $last"
        ),
        kpi=name,
        first=past_days[0],
        last=start,
    )

    def ahead(key: str) -> tuple[float | None, ...]:
        return (None,) * len(past_days) + tuple(None if row[key] is None else float(row[key]) for row in rows)

    past = tuple(value for value, _ in zip_longest(aligned(history, past_days, "value"), days))
    last = rows[-1]
    expected = formats.value(last["value_forecast"], about.unit)
    bounds = formats.bounds(last["value_80_lower"], last["value_80_upper"], about.unit)
    model = str(rows[0]["model_name"]).replace("_", " ")
    return Chart(
        id=f"forecast_{name}",
        kind="line",
        title=f"{about.label}: {expected} on {day(last['event_date'])}",
        subtitle=f"80 %: {bounds}. Model: {model}, version {rows[0]['model_version']}.",
        summary=(
            f"{about.label}, {len(past_days)} days of history and {len(rows)} days of forecast; on "
            f"{day(last['event_date'])} {expected}, 80 % interval {bounds}."
        ),
        unit=about.unit,
        definition="forecast",
        x=days,
        series=(
            Series("was", past, role="c1"),
            Series(
                "expected",
                ahead("value_forecast"),
                ahead("value_95_lower"),
                ahead("value_95_upper"),
                "c2",
                is_dashed=True,
            ),
            Series(
                "expected", (None,) * len(days), ahead("value_80_lower"), ahead("value_80_upper"), "c2", level="80 %"
            ),
        ),
    )


def _accuracy(accuracy: list[Row]) -> Section:
    rows = [
        row
        | {
            "label": KPIS[row["kpi"]].label if row["kpi"] in KPIS else row["kpi"],
            "model": str(row["model_name"]).replace("_", " "),
            "used": "used" if row["is_chosen"] else None,
        }
        for row in accuracy
    ]
    columns = (
        Column("label", "KPI"),
        Column("model", "Model", "text", "forecast"),
        Column("used", "Used", "state"),
        Column("mase", "MASE", "ratio", "mase"),
        Column("smape", "sMAPE", "percent", "smape"),
        Column("coverage_80_share", "80 % held", "share", "interval_coverage"),
        Column("coverage_95_share", "95 % held", "share", "interval_coverage"),
        Column("msis", "MSIS", "ratio", "msis"),
        Column("cutoff_count", "Backtests", "count", "backtest"),
    )
    title = "How good such forecasts would have been" if rows else "No backtest has run yet"
    lead = (
        (
            "Each model forecast 28 days again and again from the past, and was then held against what came. "
            "MASE under 1 beats a naive step."
        )
        if rows
        else ""
    )
    table = Table("forecast_accuracy", "", columns, rows, "Backtests run with the first forecast.", shown=60)
    return Section("accuracy", title, lead, tables=[table])
