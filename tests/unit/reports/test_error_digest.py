"""The digest of errors: which groups are news, and Markdown in which nothing of strangers is markup."""

from datetime import date

import duckdb
import pytest

from orchestration.reports import digest
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Marts
from tests.unit.reports.synthetic import AS_OF, build_reports, fill

pytestmark = pytest.mark.slow

FORMATS = Formats("EUR", "Europe/Berlin")


@pytest.fixture(scope="module")
def filled():
    with duckdb.connect() as connection:
        fill(connection)
        yield connection


@pytest.fixture
def connection(filled):
    filled.begin()
    yield filled
    filled.rollback()


def news(connection):
    """The news of the groups as they are now."""
    build_reports(connection, "rpt_error_news")
    return digest.news(Marts(connection, AS_OF))


def kinds(connection):
    """What each group is told as."""
    return {row["error_group_id"]: row["kind"] for row in news(connection)}


def test_a_group_is_told_by_what_came_last_to_it_in_a_week_and_if_enough_met_it(connection):
    assert kinds(connection) == {"grp-2": "worse", "grp-4": "back"}
    connection.execute(
        "update errors.fct_error_groups set first_seen_date = $1 where error_group_id = 'grp-1'", [AS_OF]
    )
    connection.execute(
        "update errors.fct_error_groups set first_seen_date = $1 where error_group_id = 'grp-3'", [AS_OF]
    )
    assert kinds(connection) == {"grp-1": "new", "grp-2": "worse", "grp-4": "back"}  # grp-3 is ignored
    connection.execute(
        "update errors.fct_error_groups set session_count_28d = 9, page_view_count_28d = 9, user_count_28d = 0"
        " where error_group_id = 'grp-1'"
    )
    assert kinds(connection) == {"grp-2": "worse", "grp-4": "back"}
    connection.execute("update errors.fct_error_groups set resolved_date = $1 where error_group_id = 'grp-2'", [AS_OF])
    assert kinds(connection) == {"grp-2": "gone", "grp-4": "back"}
    connection.execute("update errors.fct_error_groups set resolved_date = $1", [date(2026, 1, 1)])
    assert kinds(connection) == {"grp-2": "worse", "grp-4": "back"}


def test_markdown_holds_text_of_strangers_in_code_only(connection):
    hostile = "`` </script>\n# head\r\n[x](http://evil) | *b* <img src=x onerror=alert(1)> `"
    connection.execute("update errors.fct_error_groups set title = $1, type = $1", [hostile])
    marts = Marts(connection, AS_OF)
    text = digest.markdown(news(connection), marts, FORMATS, "Shop `x`")
    assert "<img src=x" in text
    assert all(line.startswith(("# Errors of `", "## ", "- `", "1 ")) for line in text.splitlines() if line)
    outside = "".join(part for line in text.splitlines() for part in line.split("`")[::2])
    assert not any(sign in outside for sign in ("<", "[", "|", "*", "http"))


def test_what_it_cost_is_told_with_its_interval_or_not_claimed(connection):
    connection.execute("update errors.fct_error_groups set escalated_date = $1 where error_group_id = 'grp-1'", [AS_OF])
    marts = Marts(connection, AS_OF)
    text = digest.markdown(news(connection), marts, FORMATS, "Shop")
    assert "about 8.3 orders lost (95 %: 4.2 to 12.5)" in text
    assert "no lost orders proven" in text


def test_a_week_without_news_says_so(connection):
    connection.execute("delete from errors.fct_error_groups")
    marts = Marts(connection, AS_OF)
    assert digest.markdown(news(connection), marts, FORMATS, "Shop").splitlines()[2] == (
        "Nothing new, worse, back or gone."
    )


def test_a_site_without_a_feed_of_errors_has_no_news_of_none(connection):
    text = digest.not_delivered(Marts(connection, AS_OF), "Shop `x`")
    assert text.splitlines()[2:] == ["Errors are not delivered."]
    assert text.startswith("# Errors of `Shop 'x'`, to ")
