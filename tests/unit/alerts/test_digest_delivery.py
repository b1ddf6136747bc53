"""The digest of errors goes out once for each change, to a real receiver, in words that no channel acts on."""

from datetime import date, timedelta

import pytest

from orchestration.alerts import delivery, digest, ledger
from tests.unit.alerts.test_delivery import HOSTILE, receiver  # noqa: F401 - a fixture

DAY = date(2026, 11, 20)


def row(kind, group, title="broken", **more):
    """An error group that is news."""
    plain = {"kind": kind, "error_group_id": group, "title": title, "type": "Error", "error_count": 40}
    plain |= {"error_count_28d": 40, "met_count": 30, "first_seen_date": DAY, "last_seen_date": DAY, "verdict": None}
    return plain | more


@pytest.fixture
def told(book, receiver):  # noqa: F811
    """What the receiver was sent after a digest of these rows."""

    def sent(rows, as_of=DAY):
        digest.plan(book.settings, as_of, rows)
        delivery.deliver(book.settings)
        messages, receiver.messages = receiver.messages, []
        return [(message["title"], message["message"]) for message in messages]

    return sent


def test_a_change_is_told_once_and_the_same_run_again_tells_nothing(told):
    ((title, body),) = told([row("new", "a"), row("worse", "b", "Failed to fetch")])
    assert "1 new, 1 worse" in title
    assert "new: broken" in body and "worse: Failed to fetch" in body and "errors-digest.html" in body
    assert told([row("new", "a"), row("worse", "b")]) == []
    ((_, body),) = told([row("new", "a"), row("worse", "b"), row("gone", "c", "an old one")], DAY + timedelta(days=1))
    assert "an old one" in body and "Failed" not in body
    assert told([], DAY + timedelta(days=2)) == []


def test_what_goes_on_is_told_again_after_a_week(told):
    assert len(told([row("worse", "a")])) == 1
    assert told([row("worse", "a")], DAY + timedelta(days=6)) == []
    assert len(told([row("worse", "a")], DAY + timedelta(days=7))) == 1


def test_without_news_nothing_is_planned_and_nothing_is_kept(book):
    assert digest.plan(book.settings, DAY, []) == 0
    with ledger.opened(book.settings) as connection:
        assert connection.execute("select count(*) from digests").fetchall() == [(0,)]


def test_text_of_strangers_reaches_no_channel_as_markup(told):
    ((title, body),) = told([row("new", "a", HOSTILE)])
    for sign in ("<", ">", "@", "`", "[x]", "://evil"):
        assert sign not in body.replace("broken", ""), sign
    assert "\x1b" not in body and title.startswith("[errors]")
