"""Charts that several pages share: a KPI over days, and the words that sum a series up.

Each function turns rows into a `Chart`; which page shows it is decided in `content/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Any

from orchestration.reports.charts import SERIES_ROLES, Chart, Mark, Role, Series, Threshold
from orchestration.reports.formats import Formats, day
from orchestration.reports.marts import EXPECTED_FROM_DAYS, Marts, Row, aligned, grouped

FORECAST = " Dashed: what was forecast a week before, or as near to that as there is, with its 80 % interval."
USUAL = " Dashed: the median of the same weekday in the four weeks before."
USUAL_ELSE = " Where nothing was forecast, it is the median of the same weekday in the four weeks before."
FEWEST_WEEKS = 3  # the median of two would follow one bad day


@dataclass(frozen=True)
class Kpi:
    """How a KPI is named, counted and explained on pages."""

    label: str
    unit: str
    definition: str
    thresholds: tuple[Threshold, ...] = ()
    kind: str = "line"
    is_better_high: bool | None = None


def _limits(good: float, poor: float, unit: str = "ms") -> tuple[Threshold, ...]:
    write = Formats("", "UTC").goal
    return Threshold(good, f"good up to {write(good, unit)}"), Threshold(poor, f"poor above {write(poor, unit)}")


KPIS: dict[str, Kpi] = {
    "ux_score": Kpi("UX score", "score", "ux_score", is_better_high=True),
    "availability_share": Kpi("Availability", "share", "availability", is_better_high=True),
    "core_web_vitals_pass_share": Kpi("Passing Core Web Vitals", "share", "core_web_vitals", is_better_high=True),
    "lcp_p75_ms": Kpi("LCP, p75", "ms", "lcp", _limits(2500, 4000), is_better_high=False),
    "inp_p75_ms": Kpi("INP, p75", "ms", "inp", _limits(200, 500), is_better_high=False),
    "cls_p75": Kpi("CLS, p75", "", "cls", _limits(0.1, 0.25, ""), is_better_high=False),
    "fcp_p75_ms": Kpi("FCP, p75", "ms", "fcp", _limits(1800, 3000), is_better_high=False),
    "ttfb_p75_ms": Kpi("TTFB, p75", "ms", "ttfb", _limits(800, 1800), is_better_high=False),
    "good_lcp_share": Kpi("Good LCP", "share", "rating", is_better_high=True),
    "good_inp_share": Kpi("Good INP", "share", "rating", is_better_high=True),
    "good_cls_share": Kpi("Good CLS", "share", "rating", is_better_high=True),
    "page_view_count": Kpi("Page views", "count", "page_view", kind="bar"),
    "session_count": Kpi("Sessions", "count", "session", kind="bar"),
    "conversion_share": Kpi("Conversion rate", "share", "conversion_rate", is_better_high=True),
    "bounce_share": Kpi("Bounce rate", "share", "bounce", is_better_high=False),
    "revenue_net": Kpi("Revenue, net", "money", "revenue_net", kind="bar"),
    "order_count": Kpi("Orders", "count", "order", kind="bar"),
    "error_page_view_share": Kpi("Page views with an error", "share", "error_rate", is_better_high=False),
    "request_error_share": Kpi("Failed requests", "share", "error_rate", is_better_high=False),
    "throughput_per_minute": Kpi("Throughput", "per_minute", "throughput"),
    "response_p95_ms": Kpi("Response time, p95", "ms", "response_time", is_better_high=False),
    "outage_count": Kpi("Outages", "count", "outage", kind="bar", is_better_high=False),
    "downtime_s": Kpi("Downtime", "s", "outage", kind="bar", is_better_high=False),
    "incident_count": Kpi("Incidents", "count", "incident", kind="bar", is_better_high=False),
    "mttr_restore_s": Kpi("MTTR (restore)", "s", "mttr_restore", is_better_high=False),
}

# What a KPI of the whole site counts, where its name leaves it open.
WHAT = {
    "availability_share": "critical services",
    "downtime_s": "all services",
    "outage_count": "all services",
}


def kpi_chart(marts: Marts, formats: Formats, kpi: str, goal: float | None = None) -> Chart | None:
    """Return the KPI's last 90 days with its interval, or None when it has no value in them."""
    about = KPIS[kpi]
    series = marts.kpi(kpi)
    if not any(value is not None for value in series["value"]):
        return None
    has_bounds = any(value is not None for value in series["value_lower"])
    thresholds = about.thresholds if goal is None else (Threshold(goal, f"target {formats.goal(goal, about.unit)}"),)
    days = marts.days()
    expected, how = _expected(marts, kpi)
    subtitle = f"By day, {day(days[0])} to {day(days[-1])}." + (" Band: 95 % interval." if has_bounds else "")
    subtitle += how
    return Chart(
        id=kpi,
        kind="bar" if about.kind == "bar" and not expected else "line",
        title=_finding(about, series["value"], thresholds, formats, goal is not None),
        subtitle=subtitle,
        summary=f"{about.label} by day. {sentence(days, series['value'], about.unit, formats)}",
        unit=about.unit,
        definition=about.definition,
        x=days,
        series=(
            Series(
                about.label,
                series["value"],
                series["value_lower"] if has_bounds else None,
                series["value_upper"] if has_bounds else None,
            ),
            *expected,
        ),
        thresholds=thresholds,
        marks=breaks(marts, kpi.split("_")[0].upper()) if "_p75" in kpi else (),
    )


def _expected(marts: Marts, kpi: str) -> tuple[tuple[Series, ...], str]:
    """Return what was forecast for each day a week before, else what is usual on its weekday, and which it is."""
    rows = marts.rows_if(
        "predictions.kpi_forecasts",
        """
        select event_date, unnest(arg_min(
            {forecast: value_forecast, lower: value_80_lower, upper: value_80_upper}, abs(horizon_days - 7.1)
        ))
        from predictions.kpi_forecasts where kpi = $kpi and event_date between $first_day and $as_of
        group by event_date
        """,
        kpi=kpi,
    )
    days = marts.days()
    forecast, lower, upper = (aligned(rows, days, key) for key in ("forecast", "lower", "upper"))
    before = usual(marts.kpi(kpi, len(days) + EXPECTED_FROM_DAYS)["value"], len(days))
    values = tuple(w if f is None else f for f, w in zip(forecast, before, strict=True))
    if not any(value is not None for value in values):
        return (), ""
    series = Series("expected", values, role="c2", is_dashed=True)
    if all(value is None for value in forecast):
        return (series,), USUAL
    return (replace(series, lower=lower, upper=upper, level="80 %"),), FORECAST + (
        USUAL_ELSE if any(f is None and v is not None for f, v in zip(forecast, values, strict=True)) else ""
    )


def usual(values: Sequence[float | None], count: int) -> tuple[float | None, ...]:
    """Return what each of the last `count` days would be if it were like its weekday in the four weeks before.

    Args:
        values: one for each of consecutive days, None where there is none.
        count: how many of them, at the end, are wanted.

    Returns:
        The median of the same weekday of the four weeks before; None unless three of them have a value.
    """
    found = []
    for i in range(len(values) - count, len(values)):
        weeks = (values[j] for j in range(i - 7, max(i - EXPECTED_FROM_DAYS, 0) - 1, -7))
        known = [value for value in weeks if value is not None]
        found.append(median(known) if len(known) >= FEWEST_WEEKS else None)
    return tuple(found)


def expected_line(
    rows: Sequence[Row], marts: Marts, key: str, name: str = "expected", role: Role = "c2"
) -> tuple[Series, ...]:
    """Return the dashed line of what was usual, from rows since `$before_day`; none where nothing was."""
    days = marts.days()
    values = usual(aligned(rows, marts.days(len(days) + EXPECTED_FROM_DAYS), key), len(days))
    return (Series(name, values, role=role, is_dashed=True),) if any(v is not None for v in values) else ()


def how_expected(series: Sequence[Series]) -> str:
    """Return the words about dashed lines of `expected_line`, for the end of a subtitle; none where none is drawn."""
    return USUAL if any(one.is_dashed for one in series) else ""


def breaks(marts: Marts, metric: str) -> tuple[Mark, ...]:
    """Return the days on which the metric's meaning, or who reports it, changed."""
    rows = marts.rows_if(
        "dimensions.dim_metric_breaks",
        "select * from dimensions.dim_metric_breaks where metric = $metric order by event_date, change",
        metric=metric,
    )
    return tuple(Mark(row["event_date"], row["change"], row["effect"]) for row in rows)


def lines_by(rows: Sequence[Row], key: str, value: str, marts: Marts) -> tuple[Series, ...]:
    """Return one series for each value of `key`, at most five (what colours can tell apart), in order of size.

    Rows are those since `$before_day`. What was expected of each is dashed in its colour.
    """
    groups, days = grouped(rows, key), marts.days()
    shown = {name: aligned(group, days, value) for name, group in groups.items()}
    shown = {name: values for name, values in shown.items() if any(v is not None for v in values)}
    largest = sorted(shown, key=lambda name: (-sum(v or 0 for v in shown[name]), str(name)))[: len(SERIES_ROLES)]
    lines = [Series(str(name), shown[name], role=SERIES_ROLES[i]) for i, name in enumerate(largest)]
    for name, role in zip(largest, SERIES_ROLES, strict=False):
        lines += expected_line(groups[name], marts, value, f"{name}, expected", role)
    return tuple(lines)


def sentence(days: Sequence[date], values: Sequence[Any], unit: str, formats: Formats, by: str = "day") -> str:
    """Say a series by day or by month in a sentence, for those who do not see the chart."""
    known = [(value, d) for value, d in zip(values, days, strict=True) if value is not None]
    if not known:
        return "No values."
    (low, low_day), (high, high_day) = min(known), max(known)
    newest, newest_day = known[-1]
    at = (lambda d: f"on {day(d)}") if by == "day" else (lambda d: f"in {d:%b %Y}")
    return (
        f"Newest {formats.value(newest, unit)} {at(newest_day)}; lowest {formats.value(low, unit)} {at(low_day)}, "
        f"highest {formats.value(high, unit)} {at(high_day)}; {len(known)} of {len(values)} {by}s have a value."
    )


def _finding(
    about: Kpi, values: Sequence[float | None], thresholds: Sequence[Threshold], formats: Formats, has_goal: bool
) -> str:
    known = [value for value in values if value is not None]
    if thresholds:
        limit = thresholds[0].value
        kept = sum(value >= limit if about.is_better_high else value <= limit for value in known)
        return f"{about.label} {'met its target' if has_goal else 'was good'} on {kept} of {len(known)} days"
    if about.kind == "bar":
        recent = [value for value in values[-28:] if value is not None]
        mean = sum(recent) / len(recent) if recent else None
        return f"{about.label}: {formats.value(mean, about.unit)} a day in the last 28 days"
    return f"{about.label} ranged from {formats.bounds(min(known), max(known), about.unit)}"
