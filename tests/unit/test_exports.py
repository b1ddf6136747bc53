import csv
import io
import json
from datetime import date

import duckdb
import openpyxl
import pytest

from orchestration import exports
from orchestration.reports.cells import FORMULA_STARTS, neutral
from orchestration.selecting import Wanted
from orchestration.settings.exporting import Export
from orchestration.tables import TableError
from tests.unit.conftest import HOSTILE

ERRORS = "fct_errors_daily"


def made(home, path, table=ERRORS, **wanted):
    """The file that an export made."""
    assert exports.export(home, Wanted(table, **wanted), None, str(path)) == str(path)
    return path


def cells(home, path, **wanted):
    return list(csv.reader(made(home, path, **wanted).open(encoding="utf-8", newline="")))


@pytest.mark.parametrize("name", ["errors.fct_errors_daily", "fct_errors_daily"])
def test_a_table_is_exported_by_either_of_its_names(home, name, tmp_path):
    path = made(home, tmp_path / "out.parquet", name)
    with duckdb.connect() as connection:
        assert connection.execute(f"select sum(error_count) from '{path}'").fetchall() == [(7,)]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "name", ["fct_error_daily", "fct_errors_daily; drop table x", "../errors", "pg_catalog.pg_class"]
)
def test_only_published_tables_are_exported(home, name, tmp_path):
    with pytest.raises(TableError, match="There is no published table"):
        made(home, tmp_path / "out.csv", name)
    assert not (tmp_path / "out.csv").exists()


def test_a_name_that_ends_as_no_format_is_refused_unless_the_format_is_said(home, tmp_path):
    with pytest.raises(TableError, match=r"\.doc is no format of an export: end it with \.csv"):
        made(home, tmp_path / "out.doc")
    assert not list(tmp_path.glob("out*"))
    assert exports.export(home, Wanted(ERRORS), "csv", str(tmp_path / "out.txt"))


def test_a_mistyped_table_gets_a_suggestion(home, tmp_path):
    with pytest.raises(TableError, match=r"Did you mean .*fct_errors_daily"):
        made(home, tmp_path / "out.csv", "fct_eror_daily")


def test_an_exported_csv_has_the_header_and_harmless_cells(home, tmp_path):
    path = made(home, tmp_path / "out.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert rows[0]["message"] == "'" + HOSTILE
    assert rows[0]["event_date"] == "2026-11-01"


def test_a_sheet_holds_text_as_text_and_numbers_as_numbers(home, tmp_path):
    path = made(home, tmp_path / "out.xlsx")
    header, first, second = openpyxl.load_workbook(path).active.iter_rows()
    assert [cell.value for cell in header][:3] == ["message", "error_count", "change_share"]
    assert (first[0].data_type, first[0].value) == ("s", "'" + HOSTILE)
    assert (first[1].value, first[2].value) == (3, -1.5)
    assert first[3].is_date
    assert second[2].value is None
    assert not path.with_name("out.xlsx.part").exists()


def test_what_does_not_fit_into_a_sheet_is_refused_and_leaves_no_half_file(home, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "XLSX_ROWS", 1)
    with pytest.raises(TableError, match="parquet or csv"):
        made(home, tmp_path / "out.xlsx")
    assert list(tmp_path.glob("out*")) == []


def test_a_binary_format_is_not_written_to_the_terminal(home):
    with pytest.raises(TableError, match="--out"):
        exports.export(home, Wanted("fct_errors_daily"), "parquet", "-")


def test_a_folder_that_is_not_there_is_named(home, tmp_path):
    with pytest.raises(TableError, match="nowhere"):
        made(home, tmp_path / "nowhere" / "out.csv")


def test_only_the_columns_and_rows_that_are_wanted_are_written(home, tmp_path):
    wanted = {"columns": ("event_date", "error_count"), "where": "error_count > 3 -- the worst"}
    assert cells(home, tmp_path / "out.csv", **wanted) == [["event_date", "error_count"], ["2026-11-02", "4"]]
    sheet = openpyxl.load_workbook(made(home, tmp_path / "out.xlsx", **wanted)).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()][1][1] == 4
    (row,) = json.loads(made(home, tmp_path / "out.json", **wanted).read_text())
    assert row == {"event_date": "2026-11-02", "error_count": 4}


def test_a_query_takes_the_place_of_a_table(home, tmp_path):
    sql = "select message, 2 * error_count as twice from errors.fct_errors_daily;"
    assert cells(home, tmp_path / "out.csv", table="", sql=sql, where="twice = 8") == [
        ["message", "twice"],
        ["plain", "8"],
    ]


@pytest.mark.parametrize(
    "where",
    [
        "true) union select content, 1, 2, null, null, null, null from read_text('{secret}') where (true",
        "(select count(*) from read_csv('{secret}')) > 0",
        "true; attach '{secret}' as other",
        "error_count >",
        "nowhere = 1",
    ],
)
def test_a_condition_is_one_and_reaches_no_file(home, tmp_path, where):
    with pytest.raises(TableError):
        made(home, tmp_path / "out.csv", where=where.format(secret=tmp_path / "secret.csv"))
    assert not list(tmp_path.glob("out*"))


def test_the_file_that_is_written_is_the_only_one_that_can_be(home, tmp_path):
    with pytest.raises(TableError):
        made(home, tmp_path / "out.csv", table="", sql=f"copy (select 1) to '{tmp_path / 'other.csv'}'")
    assert not (tmp_path / "other.csv").exists()


def test_an_unknown_column_gets_a_suggestion(home, tmp_path):
    with pytest.raises(TableError, match=r"no column 'eror_count'. Did you mean error_count\?"):
        made(home, tmp_path / "out.csv", columns=("eror_count",))


def test_whatever_python_makes_harmless_the_export_does_too(home, tmp_path):
    texts = [f"{space}{start}1+1" for start in FORMULA_STARTS for space in ("", " ", "\u00a0 ")] + [
        "a=1",
        "",
        "'=1",
        "é",
    ]
    with duckdb.connect(str(home.published / "marts.duckdb")) as connection:
        connection.execute(
            "create table errors.texts as select unnest($texts) as text, {'=a': '=b'} as nested", {"texts": texts}
        )
    rows = cells(home, tmp_path / "out.csv", table="texts")[1:]
    assert [row[0] for row in rows] == [neutral(text) for text in texts]
    assert rows[0][1] == '{"=a":"=b"}'


def test_json_of_an_export_has_no_number_that_json_does_not_know(home, tmp_path):
    text = made(home, tmp_path / "out.json").read_text()
    assert [row["change_share"] for row in json.loads(text, parse_constant=pytest.fail)] == [-1.5, None]


def test_what_goes_to_the_terminal_is_what_goes_to_a_file(home, capsys):
    exports.export(home, Wanted(ERRORS, ("message", "parts")), "csv", "-")
    assert list(csv.reader(io.StringIO(capsys.readouterr().out)))[1] == ["'" + HOSTILE, "[1, 2]"]


def test_landing_is_not_written_to(home):
    home.landing.mkdir()
    with pytest.raises(TableError, match="landing"):
        made(home, home.landing / "out.csv")


def scheduled(home, day, **fields):
    home.exports = (Export(name="e", table=ERRORS, **fields),)
    return exports.run_scheduled(home, day)


def test_a_scheduled_export_is_replaced_by_each_publish_with_the_rows_up_to_its_day(home):
    fields = {"to": "sent/errors-{date}.csv", "where": "event_date <= $as_of", "columns": ["message"]}
    first = home.home / "sent" / "errors-2026-11-01.csv"
    assert scheduled(home, date(2026, 11, 1), **fields) == ([str(first)], [])
    assert len(first.read_text().splitlines()) == 2
    first.write_text("old")
    assert scheduled(home, date(2026, 11, 1), **fields) == ([str(first)], [])
    assert first.read_text() != "old"


def test_a_folder_of_a_day_is_made_and_another_one_elsewhere_must_be_there(home, tmp_path_factory):
    there = tmp_path_factory.mktemp("share")
    fields = {"to": f"{there}/{{date}}/errors.csv"}
    assert scheduled(home, date(2026, 11, 1), **fields) == ([str(there / "2026-11-01" / "errors.csv")], [])
    written, failed = scheduled(home, date(2026, 11, 1), to=f"{there}/shrae/{{date}}/errors.csv")
    assert not written and "no folder" in failed[0] and not (there / "shrae").exists()


def test_the_export_of_a_period_is_made_once_it_is_over_however_late_the_run(home):
    fields = {"to": "sent/{date}.csv", "when": "weekly", "where": "event_date <= $as_of"}
    sunday = home.home / "sent" / "2026-11-01.csv"
    assert scheduled(home, date(2026, 11, 4), **fields) == ([str(sunday)], [])
    assert scheduled(home, date(2026, 11, 7), **fields) == ([], [])
    assert [exports.last_day("monthly", date(2026, 2, day)) for day in (27, 28)] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
    ]


def test_a_scheduled_export_that_fails_stops_no_other(home):
    good = Export(name="good", table=ERRORS, to="good.csv")
    home.exports = (Export(name="bad", table="nothing", to="bad.csv"), good)
    written, failed = exports.run_scheduled(home, date(2026, 11, 1))
    assert written == [str(home.home / "good.csv")]
    assert len(failed) == 1 and failed[0].startswith("export bad: There is no published table 'nothing'")
