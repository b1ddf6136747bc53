"""The tables of the forecasts page: budgets that run out, targets soon missed, what is left out, and the backtest."""

from datetime import timedelta

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.content import Context, listed, plural
from orchestration.reports.content.attention import statements
from orchestration.reports.figures import KPIS
from orchestration.reports.formats import NBSP, day
from orchestration.reports.marts import Row, grouped

# What `models.forecasts` asks of a series.
NEEDED_DAYS, STALE_DAYS, RECENT_DAYS, OBSERVED_SHARE = 21, 14, 56, 0.6
_UNTOLD = "Not forecast, too few days"
NEEDED = (
    f"A forecast needs {NEEDED_DAYS} days of history, a value not older than {STALE_DAYS} days, and values on "
    f"{OBSERVED_SHARE:.0%} of the last {RECENT_DAYS} days."
).replace("%", f"{NBSP}%")


def budgets(context: Context) -> list[Section]:
    """Return when each error budget is probably spent: dates by which it is so in 10, 50 and 90 of 100 ways."""
    rows = context.marts.rows("select * from reports.rpt_budget_forecasts order by spent_share desc, objective")
    left_out = _left_out(context, {row["objective"] for row in rows})
    if not rows:
        title = "When error budgets will be spent is not forecast"
        return [Section("budgets", title, empty=" ".join(left_out))] if left_out else []
    for row in rows:
        for key in ("early_date", "median_date", "late_date"):
            row[key] = day(row[key]) if row[key] else "–"
    likely = sum(row["is_likely"] for row in rows)
    columns = (
        Column("objective", "Objective"),
        Column("spent_in_week_share", "Spent in 7 days", "share", "budget_forecast"),
        Column("spent_share", "Spent in 28 days", "share", "budget_forecast"),
        Column("median_date", "Spent by (median)", "text", "budget_forecast"),
    )
    details = (
        Column("early_date", "Spent by, in 10 of 100", "text", "budget_forecast"),
        Column("late_date", "Spent by, in 90 of 100", "text", "budget_forecast"),
        Column("left_share", "Left then", "share", "error_budget", "left_lower", "left_upper"),
    )
    return [
        Section(
            "budgets",
            f"{plural(likely, 'error budget')} will probably be spent".capitalize(),
            " ".join(["Until the window of the objective ends, 28 days at most.", *left_out]),
            tables=[Table("budget_exhaustion", "", columns, rows, shown=30, details=details)],
        )
    ]


def _left_out(context: Context, told: set[str]) -> list[str]:
    """Sentences that say of which objectives nothing is forecast, and why."""
    objectives = context.marts.rows(
        """
        select objective, budget_remaining_share, window_kind = 'calendar'
            and window_starts_on + window_days::integer - 1 <= event_date as is_over
        from reliability.fct_slo_daily
        where event_date = (select max(event_date) from reliability.fct_slo_daily where event_date <= $as_of)
            and not is_composite
        order by objective
        """
    )
    said: dict[str, list[str]] = {"Spent already": [], "Their window ends today": [], _UNTOLD: []}
    for row in objectives:
        if row["objective"] not in told:
            left = row["budget_remaining_share"]
            is_spent = left is not None and left <= 0
            said["Spent already" if is_spent else "Their window ends today" if row["is_over"] else _UNTOLD].append(
                str(row["objective"])
            )
    parts = [f"{why}: {listed(names)}." for why, names in said.items() if names]
    return [*parts, NEEDED] if said[_UNTOLD] else parts


def breaches(context: Context) -> list[Section]:
    """Return how probable it is that targets that are met now are missed in one of the next four weeks."""
    rows = context.marts.rows_if(
        "predictions.target_breaches",
        """
        select kpi, target_value, max(probability) filter (breach_date <= forecast_date + 14) as soon_share,
            max(probability) as ever_share, arg_max(breach_date, probability) as worst_date
        from predictions.target_breaches
        where forecast_date = (select max(forecast_date) from predictions.kpi_forecasts where forecast_date <= $as_of)
        group by kpi, target_value
        order by ever_share desc, kpi
        """,
    )
    # Over 28 days, as the targets have it; a week is a smaller window, which is missed sooner.
    outlooks = statements(context, "outlook")
    title = (
        f"{plural(len(outlooks), 'target')} will probably be missed within 28 days".capitalize()
        if outlooks
        else "No target is likely to be missed within 28 days"
    )
    lead = " ".join(f"{row['sentence']}." for row in outlooks)
    if not rows:
        empty = f"A target is forecast while its KPI meets it and has a forecast. {NEEDED}"
        title = title if outlooks else "No target has a forecast"
        return [Section("targets", title, lead, empty=empty, needs="vitals probes")]
    for row in rows:
        row |= {"label": KPIS[row["kpi"]].label, "unit": KPIS[row["kpi"]].unit, "worst": day(row["worst_date"])}
    columns = (
        Column("label", "KPI"),
        Column("target_value", "Target", "count", "predicted_breach", unit_key="unit"),
        Column("soon_share", "In 14 days", "share", "predicted_breach"),
        Column("ever_share", "In 28 days", "share", "predicted_breach"),
        Column("worst", "Most likely in the week to", "text", "predicted_breach"),
    )
    table = Table("target_breaches", "Probability that the mean of a week misses it", columns, rows)
    return [Section("targets", title, lead, tables=[table])]


def missing(context: Context, forecast: set[str]) -> list[Section]:
    """Return the KPIs that none of these forecasts is of, and what each lacks."""
    found = context.marts.rows(
        """
        with days as (
            select kpi, event_date, value is not null as is_known,
                min(event_date) filter (value is not null) over (partition by kpi) as first_date
            from executive.fct_kpi_daily where event_date <= $as_of
        )
        select kpi, first_date, max(event_date) filter (is_known) as newest_date,
            count(*) filter (is_known and event_date > $as_of::date - $recent) as known_count
        from days group by kpi, first_date order by kpi
        """,
        recent=RECENT_DAYS,
    )
    rows = [row | _lacks(context, row) for row in found if row["kpi"] not in forecast]
    if not rows:
        return []
    columns = (
        Column("label", "KPI"),
        Column("reason", "Why", "long"),
        Column("day_count", "Days of history", "count"),
        Column("newest_date", "Newest value", "date"),
        Column("known_share", "Days with a value", "share"),
    )
    title = f"{plural(len(rows), 'KPI')} without a forecast"
    table = Table("kpis_not_forecast", "", columns, rows, shown=40)
    return [Section("missing", title, f"{NEEDED} Days with a value are those of the last eight weeks.", tables=[table])]


def _lacks(context: Context, row: Row) -> Row:
    told = {"label": label(row["kpi"]), "day_count": 0, "known_share": 0.0}
    if row["first_date"] is None:
        return told | {"reason": "It has no value yet."}
    as_of = context.marts.as_of
    count = (as_of - row["first_date"]).days + 1
    stale, share = as_of - row["newest_date"], row["known_count"] / min(count, RECENT_DAYS)
    if stale > timedelta(days=STALE_DAYS):
        reason = f"Its newest value is {stale.days} days old."
    elif count < NEEDED_DAYS:
        reason = f"Its history is {plural(NEEDED_DAYS - count, 'day')} too short."
    elif share < OBSERVED_SHARE:
        reason = "It has a value on too few days."
    else:
        reason = "The next daily run makes it."
    return told | {"reason": reason, "day_count": count, "known_share": share}


def accuracy(context: Context) -> Section:
    """Return the backtest: the model that is used beside the seasonal naive, for each KPI."""
    found = context.marts.rows(
        """
        select * from reports.rpt_forecast_accuracy
        where horizon_days = if(is_hourly, 2, 28)
        order by is_hourly, kpi, is_chosen desc, model_name
        """
    )
    rows = [row for group in grouped(found, "kpi").values() for row in _compared(group)]
    better = [row for row in rows if row["used"] and (row["relative"] or 1) < 1]
    columns = (
        Column("label", "Series"),
        Column("model", "Model", "text", "forecast"),
        Column("used", "Used", "state"),
        Column("relative", "Error / seasonal naive's", "ratio", "relative_error"),
        Column("mase", "MASE", "ratio", "mase"),
        Column("smape", "sMAPE", "percent", "smape"),
        Column("coverage_80_share", "80 % held", "share", "interval_coverage"),
        Column("coverage_90_share", "90 % held", "share", "interval_coverage"),
        Column("coverage_95_share", "95 % held", "share", "interval_coverage"),
        Column("msis", "MSIS", "ratio", "msis"),
        Column("cutoff_count", "Backtests", "count", "backtest"),
    )
    title = "Accuracy of forecasts in backtests" if rows else "No backtest has run yet"
    lead = ""
    if better:
        mean = sum(row["relative"] for row in better) / len(better)
        lead = (
            f"A model beats the seasonal naive for {plural(len(better), 'series', 'series')}, on average with "
            f"{mean:.2f} times its error."
        )
    table = Table(
        "forecast_accuracy",
        "Backtests",
        columns,
        rows,
        "Backtests run with the first forecast.",
        shown=90,
        is_folded=True,
    )
    return Section("accuracy", title, lead, tables=[table])


def _compared(group: list[Row]) -> list[Row]:
    rows = []
    for is_hourly in (False, True):
        those = [row for row in group if bool(row["is_hourly"]) is is_hourly]
        naive = next((row["mase"] for row in those if row["model_name"] == "seasonal_naive"), None)
        for row in those:
            relative = row["mase"] / naive if naive and row["mase"] is not None else None
            rows.append(
                row
                | {
                    "label": label(row["kpi"]) + (", by hour" if is_hourly else ""),
                    "model": str(row["model_name"]).replace("_", " "),
                    "used": "used" if row["is_chosen"] else None,
                    "relative": relative,
                }
            )
    return rows


def label(kpi: str) -> str:
    """Write a KPI as people call it."""
    if kpi in KPIS:
        return KPIS[kpi].label
    name, _, objective = kpi.partition(":")
    return f"{name.replace('_', ' ')}{', ' + objective if objective else ''}"
