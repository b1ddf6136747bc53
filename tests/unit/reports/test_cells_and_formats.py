"""How cells and numbers are written."""

import csv
from datetime import UTC, datetime

import pytest

from orchestration.reports.cells import neutral, write_csv
from orchestration.reports.formats import Formats, tick

FORMATS = Formats("EUR", "Europe/Berlin")


def plain(text):
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+49", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|'/c calc'!A0", "\n=1", "＝1", "|ls", "%0A=1"],
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(cell):
    assert neutral(cell) == "'" + cell


@pytest.mark.parametrize("cell", [-2.5, 7, None, "product", "a=b", True])
def test_numbers_and_plain_text_stay_as_they_are(cell):
    assert neutral(cell) is cell


def test_a_csv_file_reads_back_as_it_was_written(tmp_path):
    path = tmp_path / "x.csv"
    write_csv(path, ["name", "=value"], [['say "hi",\nthere', -1.5], ["=HYPERLINK()", None]])
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["name", "'=value"], ['say "hi",\nthere', "-1.5"], ["'=HYPERLINK()", ""]]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2183.4, "ms", "2.18 s"),
        (176.2, "ms", "176 ms"),
        (0.99862, "share", "99.862 %"),
        (0.9999999, "share", "> 99.999 %"),
        (1.0, "share", "100 %"),
        (0.0359, "share", "3.59 %"),
        (0.42, "share", "42.0 %"),
        (0.0824, "", "0.082"),
        (90.42, "score", "90.4"),
        (118163.0, "count", "118,163"),
        (78970.3, "money", "78,970 EUR"),
        (2.5, "money", "2.50 EUR"),
        (13260, "s", "3 h 41 min"),
        (86400 * 9, "s", "9 d"),
        (0.0, "s", "0 s"),
        (43.2, "minutes", "43 min"),
        (13.44, "burn", "13.4"),
        (1000.0, "burn", "1,000"),
        (1486.0, "page_views", "1,486 page views"),
        (-0.8, "slices", "−0.8 slices"),
        (None, "ms", "–"),
        (float("nan"), "ms", "–"),
        ("not_proven", "verdict", "not proven"),
        (datetime(2026, 11, 1, 23, 40, tzinfo=UTC), "moment", "2 Nov 2026, 00:40"),
        (datetime(2026, 7, 1, 23, 40, tzinfo=UTC), "moment", "2 Jul 2026, 01:40"),
    ],
)
def test_values_are_written_for_people(value, unit, text):
    assert plain(FORMATS.value(value, unit)) == text


def test_an_interval_names_its_unit_once():
    assert plain(FORMATS.bounds(2210, 2230, "ms")) == "2.21 to 2.23 s"
    assert plain(FORMATS.bounds(980, 1020, "ms")) == "980 ms to 1.02 s"
    assert plain(FORMATS.bounds(3600, 13260, "s")) == "60 min to 3 h 41 min"
    assert FORMATS.bounds(None, 1, "ms") == ""


def test_a_time_that_grew_is_told_as_a_multiple_and_not_as_a_reduction_under_nothing():
    assert plain(FORMATS.value(-4.2, "reduction")) == "5.2 × as long"
    assert plain(FORMATS.bounds(-267, 0.3, "reduction")) == "30.0 % less to 268 × as long"
    assert plain(FORMATS.bounds(-267, -0.47, "reduction")) == "1.5 to 268 × as long"
    assert plain(FORMATS.bounds(0.3, 0.62, "reduction")) == "30.0 to 62.0 % less"
    assert plain(FORMATS.value(-1e6, "reduction")) == "> 1,000 × as long"
    assert plain(FORMATS.goal(0.5, "reduction")) == "50 % less"


def test_a_country_is_written_by_its_name_and_what_is_none_as_it_is():
    assert [FORMATS.value(code, "country") for code in ("DE", "NA", "unknown")] == ["Germany", "Namibia", "unknown"]


def test_a_goal_has_no_decimals_that_say_nothing():
    goals = [(0.05, "share"), (0.999, "share"), (90.0, "score"), (1.0, "share"), (0.1, ""), (4000, "ms"), (30, "s")]
    assert [plain(FORMATS.goal(*goal)) for goal in goals] == ["5 %", "99.9 %", "90", "100 %", "0.1", "4 s", "30 s"]


def test_a_change_says_its_direction_and_never_minus_zero():
    assert plain(FORMATS.change(0.0312)) == "▲ 3.1 %"
    assert plain(FORMATS.change(-0.0312)) == "▼ 3.1 %"
    assert plain(FORMATS.change(-0.0001)) == "■ 0.0 %"
    assert FORMATS.change(None) == ""


@pytest.mark.parametrize(
    ("value", "unit", "step", "text"),
    [
        (0.00225, "share", 0.00025, "0.225 %"),
        (2200, "ms", 200, "2.2 s"),
        (180, "ms", 20, "180 ms"),
        (5400, "s", 1800, "90 min"),
        (4000, "count", 2000, "4k"),
        (0.0, "count", 2000, "0"),
        (0.08, "", 0.01, "0.08"),
        (2.5, "score", 2.5, "2.5"),
    ],
)
def test_a_tick_has_just_the_decimals_that_its_step_needs(value, unit, step, text):
    assert plain(tick(value, unit, step)) == text
