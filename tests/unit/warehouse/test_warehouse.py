"""The warehouse: one writer, entities by day, tables that Python writes, what is published."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration import lake, warehouse
from orchestration.settings import load_settings
from orchestration.settings.model import Source
from orchestration.warehouse.ledger import unread_dates
from orchestration.warehouse.raw import RAW_COLUMNS, create_view, sync_entities


@pytest.fixture
def settings(tmp_path):
    return replace(load_settings(), home=tmp_path)


def test_the_writer_lock_may_be_held_twice_by_one_process(settings):
    with warehouse.writing(settings), warehouse.writing(settings):
        assert (settings.home / "warehouse.lock").exists()


def test_a_connection_beside_one_that_is_kept_open_answers_a_relation(settings):
    with warehouse.writing(settings), warehouse.kept_open(settings), warehouse.connect(settings) as connection:
        answer = connection.sql("select 1 as n where list_contains($days, 1)", params={"days": [1]})
        assert answer.to_arrow_table().num_rows == 1


def test_another_process_is_told_whom_it_waits_for(settings):
    probe = (
        "import fcntl,sys; f=open(sys.argv[1]);"
        "\ntry: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')"
        "\nexcept BlockingIOError: print('held by', f.read())"
    )
    command = [sys.executable, "-c", probe, str(settings.home / "warehouse.lock")]
    with warehouse.writing(settings):
        held = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert held.startswith("held by")
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "free\n"


def test_a_raw_table_without_files_is_an_empty_typed_view():
    connection = duckdb.connect()
    create_view(connection, "raw_orders.orders", RAW_COLUMNS["raw_orders.orders"], [])
    described = dict(row[:2] for row in connection.execute("describe raw_orders.orders").fetchall())
    assert described["revenue"] == "DECIMAL(18,4)"
    assert connection.execute("select count(*) from raw_orders.orders").fetchone() == (0,)


def _export(tmp_path, name, rows):
    path = tmp_path / f"{name}.parquet"
    nulls = ", ".join(
        f'cast(null as {kind}) as "{column}"' for column, kind in RAW_COLUMNS["raw_orders.orders"].items()
    )
    values = " union all ".join(f"select '{key}' as order_id, date '{day}' as event_date" for key, day in rows)
    with duckdb.connect() as own:
        own.execute(f"copy (select * from (select {nulls} where false) union all by name ({values})) to '{path}'")
    return path


def test_an_order_that_moved_to_another_day_changes_both_days(tmp_path):
    connection = duckdb.connect()
    first = _export(tmp_path, "first", [("a", "2026-11-01"), ("b", "2026-11-02")])
    assert sync_entities(connection, "raw_orders.orders", [first], None) == {date(2026, 11, 1), date(2026, 11, 2)}
    second = _export(tmp_path, "second", [("a", "2026-11-05")])
    changed = sync_entities(connection, "raw_orders.orders", [second], {date(2026, 11, 5)})
    assert changed == {date(2026, 11, 1), date(2026, 11, 5)}


def test_a_window_touches_every_day_that_it_covers_or_covered_but_none_after_as_of(tmp_path):
    table = "raw_maintenance.windows"
    connection = duckdb.connect()
    connection.execute("create schema pipeline; create table pipeline.run as select date '2026-11-09' as as_of_date")

    def export(ends_at):
        path = tmp_path / "windows.parquet"
        columns = ", ".join(
            f"{value} as {column}"
            for column in RAW_COLUMNS[table]
            for value in [
                {
                    "service": "'shop'",
                    "starts_at": "timestamp '2026-11-03 22:00'",
                    "ends_at": f"timestamp '{ends_at}'",
                    "event_date": "date '2026-11-03'",
                }.get(column, "null")
            ]
        )
        connection.execute(f"copy (select {columns}) to '{path}'")
        return [path]

    first = {date(2026, 11, 3)}
    assert sync_entities(connection, table, export("2026-11-06 00:00"), first) == {date(2026, 11, d) for d in (3, 4, 5)}
    assert sync_entities(connection, table, export("2026-11-04 08:00"), first) == {date(2026, 11, d) for d in (3, 4, 5)}
    assert sync_entities(connection, table, export("9999-01-01"), first) == {date(2026, 11, d) for d in range(3, 10)}


def forecasts(day, value):
    """A row with the same value for all quantiles."""
    names = ["forecast", *(f"{level}_{end}" for level in (80, 90, 95) for end in ("lower", "upper"))]
    row = {"kpi": "lcp_p75_ms", "horizon_days": 1, "forecast_date": day, "event_date": day}
    row |= {f"value_{name}": value for name in names}
    return pd.DataFrame([row | {"model_name": "naive", "model_version": "1"}])


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("column", ["value_forecast", "value_95_upper"])
def test_a_forecast_that_is_no_number_is_refused_and_the_old_one_stays(settings, column, wrong):
    day = date(2026, 11, 1)

    def write(frame):
        return warehouse.write_predictions(settings, "predictions.kpi_forecasts", frame, {"forecast_date": day})

    write(forecasts(day, 1.0))
    with pytest.raises(ValueError, match=rf"kpi_forecasts: {column} is -?(nan|inf) in 1 of 1 rows.*kpi lcp_p75_ms"):
        write(forecasts(day, 2.0).assign(**{column: wrong}))
    with warehouse.connect(settings) as connection:
        assert connection.execute("select value_forecast from predictions.kpi_forecasts").fetchall() == [(1.0,)]


def test_an_effect_that_is_unknown_is_null_and_an_infinite_one_is_refused(settings):
    row = {"exposure": "lcp_ms", "outcome": "bounce", "is_control": False, "event_date": date(2026, 11, 1)}
    frame = pd.DataFrame([row | {"effect": np.nan, "model_name": "slope", "model_version": "1"}])
    warehouse.write_predictions(settings, "predictions.business_effects", frame, {})
    with warehouse.connect(settings) as connection:
        assert connection.execute("select effect from predictions.business_effects").fetchall() == [(None,)]
    with pytest.raises(ValueError, match="effect is inf"):
        warehouse.write_predictions(settings, "predictions.business_effects", frame.assign(effect=np.inf), {})


def test_forecasts_of_a_date_replace_those_made_before_for_it_alone(settings):
    def forecast(day, value):
        return warehouse.write_predictions(
            settings, "predictions.kpi_forecasts", forecasts(day, value), {"forecast_date": day}
        )

    forecast(date(2026, 11, 1), 1.0)
    forecast(date(2026, 11, 2), 2.0)
    assert forecast(date(2026, 11, 2), 3.0) == 1
    with warehouse.connect(settings) as connection:
        rows = connection.execute(
            "select value_forecast from predictions.kpi_forecasts order by forecast_date"
        ).fetchall()
    assert rows == [(1.0,), (3.0,)]


def test_a_frame_with_an_unknown_column_is_refused_by_name(settings):
    with pytest.raises(ValueError, match="has no column surprise"):
        warehouse.write_predictions(settings, "predictions.kpi_forecasts", pd.DataFrame({"surprise": [1]}), {})


def test_a_snapshot_answers_any_percentile_of_any_days(settings, tmp_path):
    dimensions = (
        "page_group device country region browser browser_version connection navigation_type release visitor_kind"
    )
    with warehouse.connect(settings) as connection:
        connection.execute(
            f"""
            create schema experience;
            create table experience.fct_vitals_roll_ups_daily as
            select 'site' as roll_up, {", ".join(f"'all' as {name}" for name in dimensions.split())}, 'LCP' as metric,
                4 as page_view_count, 4 as weight_sum, 4 as good_count, 0 as needs_improvement_count, 0 as poor_count,
                [
                    {{'bucket': bucket, 'weight': 2::decimal(38, 6)}}, {{'bucket': 400, 'weight': 2::decimal(38, 6)}}
                ] as histogram,
                event_date
            from (values (300, date '2026-11-01'), (350, date '2026-11-02'), (1, date '2026-11-09'))
                d (bucket, event_date)
            """
        )
    warehouse.snapshot(settings, tmp_path / "marts.duckdb")
    with duckdb.connect(tmp_path / "marts.duckdb", read_only=True) as copy:
        days = "'site', date '2026-11-01', date '2026-11-02'"
        found = copy.execute(
            f"select page_view_count, p50_value, p75_value from experience.vitals_between({days})"
        ).fetchall()
        assert found == [(8, pytest.approx(1.02**348.5), pytest.approx(1.02**398.5))]
        call = "experience.vitals_percentile(flatten(list(histogram)), metric, 0.1)"
        assert copy.execute(f"select {call} from experience.fct_vitals_roll_ups_daily group by metric").fetchall() == [
            (0.5,)
        ]


def test_a_snapshot_holds_published_schemas_only(settings, tmp_path):
    with warehouse.connect(settings) as connection:
        connection.execute("create schema staging; create table staging.secret as select 1 as a")
        connection.execute("create schema executive; create table executive.fct_a as select 2 as a")
        connection.execute("comment on table executive.fct_a is 'One row per ''a''.'")
    warehouse.snapshot(settings, tmp_path / "marts.duckdb")
    with duckdb.connect(tmp_path / "marts.duckdb", read_only=True) as copy:
        assert copy.execute("select schema_name, table_name, comment from duckdb_tables()").fetchall() == [
            ("executive", "fct_a", "One row per 'a'.")
        ]


def test_rows_of_another_tool_queue_the_days_of_the_tables_that_they_join(settings):
    day = date(2026, 11, 23)
    source = Source(name="faro", system="faro", path="{date}/faro*", timezone="UTC")
    settings = replace(settings, config=settings.config.model_copy(update={"sources": [source]}))
    (settings.landing / str(day)).mkdir(parents=True)
    shutil.copy(Path(__file__).parents[2] / "data" / "captured_faro.ndjson", settings.landing / str(day) / "faro")
    lake.ingest(settings, "raw_faro.signals")
    prepared = warehouse.prepare(settings, day)
    assert prepared.touched == {"raw_web_vitals.beacons": [day], "raw_web_errors.errors": [day]}
    with warehouse.connect(settings) as connection:
        assert unread_dates(connection, settings, "raw_faro.signals") == {day}
        ((count,),) = connection.execute("select count(*) from raw_faro.signals").fetchall()
    assert count == 82


def test_rows_of_another_tool_are_kept_as_long_as_those_of_any_table_that_they_join(settings):
    retention = settings.config.retention.model_copy(update={"by_feed": {"errors": 200}})
    settings = replace(settings, config=settings.config.model_copy(update={"retention": retention}))
    days = {table: lake.retention_days(settings, table) for table in lake.RAW_TABLES}
    assert (days["raw_web_vitals.beacons"], days["raw_ga4.events"], days["raw_orders.orders"]) == (90, 90, None)
    assert days["raw_faro.signals"] == days["raw_web_errors.errors"] == 200


def test_an_old_order_does_not_begin_the_calendar_of_the_site(settings):
    for name, text in (
        ("orders.csv", "order_id,ordered_at,revenue\na,2016-01-01T10:00:00Z,1\n"),
        ("probes.csv", "service,status,checked_at\nstorefront,up,2026-11-09T10:00:00Z\n"),
    ):
        path = settings.landing / "2026-11-10" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lake.ingest(settings, "raw_orders.orders")
    warehouse.prepare(settings, date(2026, 11, 10))
    assert first_day(settings) == date(2016, 1, 1)
    lake.ingest(settings, "raw_probes.checks")
    warehouse.prepare(settings, date(2026, 11, 10))
    assert first_day(settings) == date(2026, 11, 9)


def first_day(settings):
    with warehouse.connect(settings) as connection:
        return connection.execute("select first_date from pipeline.run").fetchone()[0]
