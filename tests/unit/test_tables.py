import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration import tables

HOSTILE = '=HYPERLINK("http://evil.example","click")'


@dataclass
class Home:
    published: Path


@pytest.fixture
def home(tmp_path):
    (tmp_path / "published").mkdir()
    (tmp_path / "secret.csv").write_text("secret\nswordfish\n")
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb")) as connection:
        connection.execute("create schema errors; create schema executive")
        connection.execute(
            """
            create table errors.fct_errors_daily as
            select * from (values
                (?, 3, -1.5::double, date '2026-11-01', timestamp '2026-11-01 10:00', [1, 2], null),
                ('plain', 4, 'nan'::double, date '2026-11-02', null, [], 'x')
            ) as t(message, error_count, change_share, event_date, first_seen_at, parts, note)
            """,
            [HOSTILE],
        )
        connection.execute("create table executive.fct_kpi_daily as select 1 as value")
    return Home(tmp_path / "published")


def answer(home, sql, write):
    out = io.StringIO()
    with tables.ask(home, sql) as (columns, rows):
        write(columns, rows, out)
    return out.getvalue()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{secret}')",
        "select * from '{secret}'",
        "select content from read_text('{secret}')",
        "select * from glob('{folder}/*')",
        "attach '{folder}/other.duckdb' as other",
        "copy (select 1) to '{folder}/out.csv'",
        "copy errors.fct_errors_daily to '{folder}/out.parquet' (format parquet)",
        "export database '{folder}/out'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset enable_external_access",
        "pragma enable_external_access = true",
        "create table errors.mine as select 1",
        "delete from errors.fct_errors_daily",
        "select getenv('HOME')",
    ],
)
def test_a_query_reaches_no_other_file_and_changes_nothing(home, sql):
    folder = home.published.parent
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(tables.TableError):
        answer(home, sql.format(secret=folder / "secret.csv", folder=folder), tables.write_csv)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_query_of_several_statements_is_held_to_the_same_rules(home):
    secret = home.published.parent / "secret.csv"
    with pytest.raises(tables.TableError):
        answer(home, f"select 1; select * from read_csv('{secret}')", tables.write_csv)


def test_a_csv_cell_that_a_spreadsheet_would_run_is_made_harmless(home):
    text = answer(home, "select message, error_count, change_share from errors.fct_errors_daily", tables.write_csv)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1] == ["'" + HOSTILE, "3", "-1.5"]


def test_a_column_name_is_a_cell_too(home):
    text = answer(home, 'select 1 as "=1+1"', tables.write_csv)
    assert text.splitlines()[0] == "'=1+1"


def test_json_is_json_whatever_the_values(home):
    rows = json.loads(answer(home, "from errors.fct_errors_daily", tables.write_json))
    assert rows[0]["message"] == HOSTILE
    assert rows[0]["parts"] == [1, 2]
    assert rows[1]["change_share"] is None
    assert json.loads(answer(home, "select 1.25::decimal(9, 2) as revenue", tables.write_json)) == [{"revenue": 1.25}]
    assert json.loads(answer(home, "select 1 as a where false", tables.write_json)) == []


def test_what_is_not_a_query_is_said_to_be_none(home):
    with pytest.raises(tables.TableError, match="select"):
        answer(home, "", tables.write_csv)
    with pytest.raises(tables.TableError, match="syntax error"):
        answer(home, "selec 1", tables.write_csv)


def test_before_the_first_release_the_message_says_what_to_do(tmp_path):
    with pytest.raises(tables.TableError, match="beaconmart run"):
        answer(Home(tmp_path / "published"), "select 1", tables.write_csv)


@pytest.mark.parametrize("name", ["errors.fct_errors_daily", "fct_errors_daily"])
def test_a_table_is_exported_by_either_of_its_names(home, name, tmp_path):
    path = tables.export(home, name, "parquet", tmp_path / "out.parquet")
    with duckdb.connect() as connection:
        assert connection.execute(f"select sum(error_count) from '{path}'").fetchall() == [(7,)]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "name", ["fct_error_daily", "fct_errors_daily; drop table x", "../errors", "pg_catalog.pg_class"]
)
def test_only_published_tables_are_exported(home, name, tmp_path):
    with pytest.raises(tables.TableError, match="There is no published table"):
        tables.export(home, name, "csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_mistyped_table_gets_a_suggestion(home, tmp_path):
    with pytest.raises(tables.TableError, match=r"Did you mean .*fct_errors_daily"):
        tables.export(home, "fct_eror_daily", "csv", tmp_path / "out.csv")


def test_an_exported_csv_has_the_header_and_harmless_cells(home, tmp_path):
    path = tables.export(home, "fct_errors_daily", "csv", tmp_path / "out.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert rows[0]["message"] == "'" + HOSTILE
    assert rows[0]["event_date"] == "2026-11-01"


def test_a_sheet_holds_text_as_text_and_numbers_as_numbers(home, tmp_path):
    path = tables.export(home, "fct_errors_daily", "xlsx", tmp_path / "out.xlsx")
    header, first, second = openpyxl.load_workbook(path).active.iter_rows()
    assert [cell.value for cell in header][:3] == ["message", "error_count", "change_share"]
    assert (first[0].data_type, first[0].value) == ("s", "'" + HOSTILE)
    assert (first[1].value, first[2].value) == (3, -1.5)
    assert first[3].is_date
    assert second[2].value is None
    assert not path.with_name("out.xlsx.part").exists()


def test_what_does_not_fit_into_a_sheet_is_refused_and_leaves_no_half_file(home, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "XLSX_ROWS", 1)
    with pytest.raises(tables.TableError, match="parquet or csv"):
        tables.export(home, "fct_errors_daily", "xlsx", tmp_path / "out.xlsx")
    assert list(tmp_path.glob("out*")) == []


def test_a_binary_format_is_not_written_to_the_terminal(home):
    with pytest.raises(tables.TableError, match="--out"):
        tables.export(home, "fct_errors_daily", "parquet", Path("-"))


def test_a_folder_that_is_not_there_is_named(home, tmp_path):
    with pytest.raises(tables.TableError, match="nowhere"):
        tables.export(home, "fct_errors_daily", "csv", tmp_path / "nowhere" / "out.csv")
