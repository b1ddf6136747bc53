"""Tables that Python writes beside the dbt tables: inferences of the models, findings of quality checks, alerts.

They are declared here and created empty before every run, so that reports always find them. How their rows come to be
does not belong here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from orchestration.settings import Settings
from orchestration.warehouse.connection import connect

_MODEL = "model_name varchar not null, model_version varchar not null"
_SERIES = ", ".join(f"{name} varchar not null" for name in ("metric", "page_group", "device", "country", "browser"))

_FORECAST = (
    "value_forecast double not null, value_80_lower double not null, value_80_upper double not null,"
    " value_90_lower double not null, value_90_upper double not null, value_95_lower double not null,"
    f" value_95_upper double not null, forecast_date date not null, {_MODEL}, model_reason varchar"
)

# table -> (columns, description). Keys are left to the writer, which replaces whole days.
DECLARED: dict[str, tuple[str, str]] = {
    "predictions.kpi_forecasts": (
        f"kpi varchar not null, horizon_days integer not null, {_FORECAST}, event_date date not null",
        "One row per KPI, forecast date and forecast day; append-only by forecast date.",
    ),
    "predictions.traffic_forecasts": (
        f"kpi varchar not null, horizon_hours integer not null, {_FORECAST}, hour_at timestamp not null",
        "One row per count of traffic, forecast date and forecast hour; append-only by forecast date.",
    ),
    "predictions.kpi_forecast_backtests": (
        f"kpi varchar not null, {_MODEL}, horizon_days integer not null, mase double, smape double, coverage_80 double,"
        " coverage_90 double, coverage_95 double, msis double, is_chosen boolean, is_hourly boolean,"
        " cutoff_date date not null, forecast_date date not null",
        "One row per KPI, model, cutoff and horizon of a rolling-origin backtest; append-only by forecast date.",
    ),
    "predictions.vitals_degradations": (
        f"{_SERIES}, value double, baseline_forecast double, baseline_lower double, baseline_upper double,"
        " change_share double, within_change_share double, test varchar, p_value double, q_value double,"
        f" lone_q_value double, sample_count bigint, is_degraded boolean, event_date date not null, {_MODEL}",
        "One row per metric, cell and event date that was tested against its baseline.",
    ),
    "predictions.degradation_episodes": (
        f"degradation_id varchar not null, {_SERIES}, kind varchar not null, value double, baseline_forecast double,"
        " change_share double, change_lower double, change_upper double, within_change_share double, q_value double,"
        " total_change_share double, mix_change_share double, sample_count bigint, day_count bigint,"
        " series_count bigint, started_on date not null, found_on date not null, last_on date not null,"
        f" {_MODEL}",
        "One row per degradation: series of one metric that were slower together, from the first day to the last.",
    ),
    "predictions.degradation_segments": (
        "degradation_id varchar not null, device varchar not null, country varchar not null,"
        " browser varchar not null, before_share double, since_share double, before_p75 double, since_p75 double,"
        " carried_share double, last_on date not null",
        "One row per degradation and segment of its page views, in the four weeks before and since.",
    ),
    "predictions.budget_exhaustion": (
        "objective varchar not null, exhaustion_date date not null, probability double not null,"
        f" forecast_date date not null, {_MODEL}",
        "One row per objective, forecast date and exhaustion date: the probability that by then the budget is spent.",
    ),
    "predictions.business_effects": (
        "exposure varchar not null, outcome varchar not null, effect_unit varchar, verdict varchar, caveat varchar,"
        " shape varchar, effect double, effect_lower double, effect_upper double, outcome_mean double,"
        " unadjusted_effect double, unadjusted_lower double, unadjusted_upper double, p_value double, q_value double,"
        " confounding_needed double, segment_count double, same_sign_share double, i_squared double,"
        " heterogeneity_p double, slow_share double, at_risk_month double, gain_month double, gain_lower double,"
        " gain_upper double, missing_share double, missing_share_with double, missing_share_without double,"
        " bound_lower double, bound_upper double, curve_p_value double, curve_q_value double,"
        " session_count bigint, day_count bigint, is_control boolean not null,"
        f" event_date date not null, {_MODEL}",
        "One row per exposure, outcome and whether it is a negative control, over the window that ends on the event"
        " date.",
    ),
    "predictions.business_effect_strata": (
        "exposure varchar not null, outcome varchar not null, dimension varchar not null, segment varchar not null,"
        " effect double, effect_lower double, effect_upper double, request_share double, rank_correlation double,"
        f" impact_score double, session_count bigint, event_date date not null, {_MODEL}",
        "One row per exposure, outcome and segment of one dimension: the effect there. For page groups the Conversion"
        " Impact Score of mPulse beside it.",
    ),
    "predictions.business_effect_doses": (
        "exposure varchar not null, outcome varchar not null, bucket integer not null, value_from double,"
        " value_to double, outcome_mean double, adjusted_mean double, adjusted_lower double, adjusted_upper double,"
        f" session_count bigint, event_date date not null, {_MODEL}",
        "One row per exposure, outcome and bucket of the exposure: the outcome as it is, and with like sessions in"
        " every bucket.",
    ),
    "predictions.target_breaches": (
        "kpi varchar not null, target_value double not null, is_upper_limit boolean not null,"
        f" probability double not null, breach_date date not null, forecast_date date not null, {_MODEL}",
        "One row per KPI with a target that is met, forecast date and breach date: the probability that the week that"
        " ends on the breach date misses the target.",
    ),
    "predictions.kpi_correlations": (
        "kpi varchar not null, other_kpi varchar not null, verdict varchar not null, lag_days integer,"
        " correlation double, correlation_same_day double, p_value double, q_value double, is_same_source boolean,"
        f" day_count bigint, event_date date not null, {_MODEL}",
        "One row per pair of KPIs, over the days that end on the event date: how they move together from day to day,"
        " other_kpi lag_days later.",
    ),
    "predictions.release_effects": (
        "release varchar not null, page_group varchar not null, outcome varchar not null, comparison varchar not null,"
        " verdict varchar not null, before_share double, after_share double, control_before_share double,"
        " control_after_share double, effect double, effect_lower double, effect_upper double, p_value double,"
        f" q_value double, day_count bigint, released_on date not null, event_date date not null, {_MODEL}",
        "One row per release of the last weeks, page group that it touched and outcome, as of the event date: before"
        " and after, against page groups that it did not touch.",
    ),
    "predictions.mttr_changes": (
        "verdict varchar not null, reason varchar not null, baseline_count bigint, baseline_open_count bigint,"
        " current_count bigint, current_open_count bigint, baseline_mttr_s double, current_mttr_s double,"
        " goal_share double not null, reduction_share double, reduction_lower double, reduction_upper double,"
        " smallest_detectable_share double, luck_probability double, needed_count bigint, log_sd double,"
        " p_value double, p_value_met double, p_value_missed double, baseline_starts_on date, baseline_ends_on date,"
        f" event_date date not null, {_MODEL}",
        "One row per as-of date: whether the mean time to restore fell as claimed against the baseline period.",
    ),
    "predictions.error_costs": (
        "error_group_id varchar not null, verdict varchar not null, session_count bigint, matched_session_count bigint,"
        " control_session_count bigint, stratum_count bigint, conversion_share double, matched_conversion_share double,"
        " effect double, effect_lower double, effect_upper double, p_value double, q_value double,"
        " lost_order_count double, lost_order_lower double, lost_order_upper double, event_date date not null,"
        f" {_MODEL}",
        "One row per error group, over the window that ends on the event date: conversion of sessions that met it"
        " against like ones that met none.",
    ),
    "predictions.release_errors": (
        "release varchar not null, previous_release varchar not null, verdict varchar not null,"
        " page_view_count bigint, previous_page_view_count bigint, error_page_view_count bigint,"
        " previous_error_page_view_count bigint, error_share double, previous_error_share double, ratio double,"
        " ratio_lower double, ratio_upper double, p_value double, q_value double, event_date date not null,"
        f" {_MODEL}",
        "One row per release of the last weeks, as of the event date: its page views with an error against those of the"
        " release before, on the same page groups and browsers.",
    ),
    "predictions.traffic_anomalies": (
        "series varchar not null, hour_at timestamp not null, window_hours integer not null, value double not null,"
        " baseline_forecast double not null, baseline_lower double not null, baseline_upper double not null,"
        f" change_share double, event_date date not null, {_MODEL}",
        "One row per series of traffic and hour that is far from what the weeks before it predict, alone or with the"
        " two hours before it.",
    ),
    "alerts.evaluations": (
        "sequence bigint not null, rule varchar not null, kind varchar not null, subject varchar not null,"
        " service varchar, feed varchar, severity varchar not null, outcome varchar not null, inputs varchar,"
        " run_id varchar not null, path varchar not null, window_s integer, short_window_s integer, value double,"
        " short_value double, threshold double, event_count bigint, is_met boolean not null,"
        " is_silenced boolean not null, event_date date not null, event_at timestamp, evaluated_at timestamp not null,"
        " written_at timestamp not null",
        "One row per judgement of a rule as a run made it, where it was new or different; the newest counts.",
    ),
    "alerts.alerts": (
        "alert_id varchar not null, rule varchar not null, kind varchar not null, subject varchar not null,"
        " service varchar, feed varchar, severity varchar not null, state varchar not null, cascade_id varchar,"
        " path varchar not null, resolution varchar, inputs varchar, window_s integer, value double, threshold double,"
        " event_count bigint, is_silenced boolean not null, is_notified boolean not null, event_date date not null,"
        " opened_at timestamp not null, escalated_at timestamp, last_met_at timestamp not null, resolved_at timestamp,"
        " event_at timestamp, landed_at timestamp, written_at timestamp not null, notified_at timestamp",
        "One row per alert: a rule that was met for a subject, until it was not for long enough.",
    ),
    "alerts.alert_events": (
        "sequence bigint not null, alert_id varchar not null, event varchar not null, severity varchar not null,"
        " run_id varchar not null, path varchar not null, event_date date not null, event_at timestamp,"
        " written_at timestamp not null",
        "One row per change of an alert: opened, escalated, silenced, corrected, resolved.",
    ),
    "alerts.notifications": (
        "sequence bigint not null, notification_id varchar not null, cascade_id varchar, target varchar not null,"
        " notice varchar not null, severity varchar, status varchar not null, error varchar, title varchar,"
        " digest_id varchar, attempt integer not null, event_date date, written_at timestamp not null",
        "One row per notification planned and per attempt to deliver it, before it and after.",
    ),
    "operations.fct_quality_results": (
        "suite varchar not null, check_name varchar not null, asset varchar, observed varchar, expected varchar,"
        " missing varchar, is_passed boolean not null, is_blocking boolean not null, event_date date not null",
        "One row per check of a quality suite and as-of date.",
    ),
}


def create_declared_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that are missing, empty, and in those of an older version the columns that are missing."""
    known: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns()"
        " where database_name = current_database()"
    ).fetchall():
        known.setdefault(table, set()).add(column)
    for table, (columns, description) in DECLARED.items():
        if table not in known:
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.execute(f"create table {table} ({columns})")
            connection.execute(f"comment on table {table} is '{description}'")
            continue
        for column in columns.split(", "):
            if column.split()[0] not in known[table]:
                # Rows from before the column have nothing there.
                connection.execute(f"alter table {table} add column {column.removesuffix(' not null')}")


def read_frame(
    settings: Settings, sql: str, parameters: Sequence[Any] = (), told: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The answer of the warehouse as a frame, for a model; `told` can be read in the SQL as a table of that name."""
    with connect(settings) as connection:
        if told is not None:
            connection.register("told", told)
        return connection.execute(sql, list(parameters)).df()


def write_predictions(settings: Settings, table: str, frame: pd.DataFrame, replace_key: Mapping[str, Any]) -> int:
    """Replace the rows of `table` where each column of `replace_key` has its value (or one of a list of values).

    Columns are matched by name; a missing one is NULL, an unknown one is refused. Returns the number of rows written.
    Unknown numbers (NaN) become NULL, where the table allows it.

    Raises:
        ValueError: The table is not declared, the frame has columns that it lacks, a number is infinite, or one of a
            required column is unknown.
    """
    if table not in DECLARED:
        raise ValueError(f"{table} is not a table that Python writes; those are {', '.join(DECLARED)}")
    with connect(settings) as connection:
        create_declared_tables(connection)
        columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
        unknown = [str(name) for name in [*frame.columns, *replace_key] if name not in columns]
        if unknown:
            raise ValueError(f"{table} has no column {', '.join(unknown)}; it has {', '.join(columns)}")
        _check_numbers(table, frame)
        where = " and ".join(f"list_contains(?, {name})" for name in replace_key) or "true"
        values = [value if isinstance(value, list | set | tuple) else [value] for value in replace_key.values()]
        connection.begin()
        connection.execute(f"delete from {table} where {where}", [list(value) for value in values])  # noqa: S608 - names were checked
        if len(frame):
            connection.register("frame_to_write", frame)
            connection.execute(f"insert into {table} by name select * from frame_to_write")  # noqa: S608
        connection.commit()
    return len(frame)


def _check_numbers(table: str, frame: pd.DataFrame) -> None:
    """Refuse infinite numbers, and unknown ones in required columns, before a row is replaced.

    DuckDB reads NaN of a frame as NULL, and tables of an older version may lack a constraint.
    """
    columns = [column.split() for column in DECLARED[table][0].split(", ")]
    required = {name for name, kind, *rest in columns if kind == "double" and rest == ["not", "null"]}
    for name in frame.select_dtypes("number").columns:
        numbers = frame[name].to_numpy(dtype=float, na_value=np.nan)
        is_wrong = np.isinf(numbers) | (np.isnan(numbers) & (name in required))
        if is_wrong.any():
            texts = frame[is_wrong].iloc[0][[key for key in frame.columns if key != name]].astype(str)
            where = ", ".join(f"{key} {text}" for key, text in texts.items() if len(text) <= 40)
            raise ValueError(
                f"{table}: {name} is {numbers[is_wrong][0]} in {is_wrong.sum()} of {len(frame)} rows; a finite number"
                f" is right. The first of them: {where}"
            )


def write_inferences(
    settings: Settings, frames: Mapping[str, pd.DataFrame], replace_key: Mapping[str, Any]
) -> dict[str, int]:
    """Write tables of schema `predictions`, named without it; returns the number of rows of each."""
    return {
        table: write_predictions(settings, f"predictions.{table}", frame, replace_key)
        for table, frame in frames.items()
    }
