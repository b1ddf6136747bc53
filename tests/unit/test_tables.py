import csv
import io
import json

import pytest

from orchestration import tables
from tests.unit.conftest import HOSTILE, Home


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


def test_rows_are_read_as_they_are_asked_for(home):
    with tables.ask(home, "select i, repeat('x', 100) from range(1_000_000_000_000) as r(i)") as (_, rows):
        assert [next(rows)[0] for _ in range(3)] == [0, 1, 2]


@pytest.mark.slow
def test_a_query_gets_only_so_much_memory(home):
    with pytest.raises(tables.TableError, match="Out of Memory"):
        answer(home, "select length(string_agg(range::varchar, ',')) as n from range(400000000)", tables.write_csv)
