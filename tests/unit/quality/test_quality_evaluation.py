"""The real Great Expectations over a warehouse in which nothing is right, and one in which all is."""

import re
from dataclasses import replace
from datetime import date

import duckdb
import pandas as pd
import pytest

from orchestration import quality
from orchestration.quality import evaluation
from orchestration.settings import load_settings
from orchestration.warehouse.predictions import create_declared_tables

pytestmark = pytest.mark.slow

AS_OF = date(2026, 11, 20)
HOSTILE = "<script>alert(1)</script><i>API</i>"


def frames(value):
    """A frame for each check with two cells, of which the second, named by a stranger, has `value` in every column."""
    made = {}
    for check in quality.CHECKS:
        good = check.least if check.most is None else check.most
        column = {check.column: [float(good), float(good) if value is None else float(value)]}
        made[check.frame] = made.get(check.frame, pd.DataFrame({"cell": ["first", HOSTILE]})).assign(**column)
    return made


@pytest.fixture
def settings(tmp_path):
    return replace(load_settings(), home=tmp_path)


@pytest.fixture
def evaluate(settings, monkeypatch):
    def evaluate(value):
        made = frames(value)
        monkeypatch.setattr(evaluation, "frame", lambda connection, name, as_of, previous: made[name])
        return quality.evaluate(settings, AS_OF)

    return evaluate


@pytest.fixture(autouse=True)
def warehouse(settings):
    with duckdb.connect(str(settings.warehouse)) as connection:
        create_declared_tables(connection)


def test_a_check_of_what_is_not_delivered_is_not_judged(settings, monkeypatch):
    made = frames(None)
    made["days"]["revenue_difference"] = None
    made["orders"] = made["orders"].iloc[:0]
    made["files"].loc[1, "unaccounted_rows"] = None
    monkeypatch.setattr(evaluation, "frame", lambda connection, name, as_of, previous: made[name])
    results = {result.check_name: result for result in quality.evaluate(settings, AS_OF)}
    declared = {check.name for check in quality.CHECKS}
    assert declared - set(results) == {"revenue_adds_up", "every_order_is_in_the_marts"}
    assert all(result.is_passed for result in results.values())
    assert results["rows_read_are_kept_rejected_or_after_close"].observed == "0"


def test_when_all_is_right_every_check_passes_and_nothing_blocks(evaluate, settings):
    results = evaluate(None)
    assert [result.check_name for result in results] == [check.name for check in quality.CHECKS]
    assert all(result.is_passed and result.missing is None for result in results)
    assert quality.blocking_failures(results) == []
    assert quality.last_results(settings) == results


def test_when_all_is_wrong_every_check_names_the_cell_and_only_blocking_ones_block(evaluate, settings):
    results = evaluate(-9)
    failed = {result.check_name for result in results if not result.is_passed}
    both_ways = {check.name for check in quality.CHECKS if check.least is not None}
    assert failed == both_ways
    assert {result.missing for result in results if not result.is_passed} == {HOSTILE}
    assert len(quality.blocking_failures(results)) == sum(
        result.is_blocking for result in results if not result.is_passed
    )
    results = evaluate(9)
    assert {check.name for check in quality.CHECKS if check.most is not None} == {
        result.check_name for result in results if not result.is_passed
    }
    assert {result.check_name: result.observed for result in results}["no_day_of_history_is_missing"] == (
        "1 of 2 not as expected, the worst 9"
    )


def test_an_evaluation_of_the_same_day_replaces_the_one_before(evaluate, settings):
    evaluate(9)
    evaluate(None)
    assert all(result.is_passed for result in quality.last_results(settings))
    with duckdb.connect(str(settings.warehouse)) as connection:
        assert connection.execute("select count(*) from operations.fct_quality_results").fetchall() == [
            (len(quality.CHECKS),)
        ]


def test_data_docs_load_nothing_run_nothing_and_hold_no_stranger_s_markup(evaluate, settings):
    evaluate(9)
    pages = list(quality.data_docs_dir(settings).rglob("*.html"))
    assert len(pages) >= 2 * len({check.frame for check in quality.CHECKS})
    for page in pages:
        text = page.read_text()
        assert "Content-Security-Policy" in text
        assert not re.search(r"<script|<img|\son\w+=", text), page
        assert not re.search(r"(src|href)=\"?(https?:)?//(?!greatexpectations\.io)", text), page
        assert "alert(1)" not in text or "&lt;script&gt;" in text
        assert "<i>API" not in text, page


def test_the_same_data_give_the_same_docs_and_those_of_another_day_do_not_stay(evaluate, settings):
    def content():
        folder = quality.data_docs_dir(settings)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    evaluate(9)
    first = content()
    (quality.data_docs_dir(settings) / "validations" / "of-another-day.html").write_text("old")
    evaluate(9)
    assert content() == first
