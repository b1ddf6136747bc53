"""Delivery to a real HTTP receiver and a real SMTP server on loopback: at least once, retried, in bounds, harmless."""

import email
import email.policy
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from orchestration.alerts import delivery, ledger, messages, outbox
from tests.unit.alerts.conftest import burning, judged

SECRET = "s3cr3t-token-of-ours"
HOSTILE = "shop <script>alert(1)</script> <!here> [x](https://evil.example/?a=1)\n@channel \x1b[31m`rm`"


class Receiver:
    """A webhook that keeps what it is sent, and refuses as long as it is told to."""

    def __init__(self):
        receiver, self.messages, self.refuses = self, [], False

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not receiver.refuses:
                    receiver.messages.append(body)
                self.send_response(500 if receiver.refuses else 200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"

    @property
    def titles(self):
        return [message["title"] for message in self.messages]


@pytest.fixture
def receiver(monkeypatch):
    receiver = Receiver()
    monkeypatch.setenv("TEST_ALERT_URL", receiver.url)
    yield receiver
    receiver.server.shutdown()


@pytest.fixture
def hour(monkeypatch):
    """Lets the wall clock of the ledger go on."""
    shift = [timedelta()]
    real = ledger.utc_now
    monkeypatch.setattr(ledger, "utc_now", lambda: real() + shift[0])

    def passes(**much):
        shift[0] += timedelta(**much)

    return passes


def test_an_alert_reaches_a_webhook_once_and_the_ledger_says_when(book, receiver):
    book.merge(judged(".xx"))
    assert delivery.deliver(book.settings).sent == 1
    assert delivery.deliver(book.settings).sent == 0
    assert receiver.titles == ["[critical] shop is down"]
    assert "since 2026-11-20 11:05 Europe/Berlin" in receiver.messages[0]["message"]
    assert book.rows("select is_notified, notified_at >= written_at from alerts") == [(True, True)]
    assert [row[0] for row in book.rows("select status from notifications where target = 'all' order by sequence")] == [
        "planned",
        "sending",
        "sent",
    ]


def test_an_alert_reaches_a_mailbox(book, monkeypatch):
    mails = []

    class Mailbox:
        async def handle_DATA(self, server, session, envelope):
            mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        address = f"mailto://127.0.0.1:{port}?mode=insecure&from=alerts@shop.example&to=oncall@shop.example&format=text"
        monkeypatch.setenv("TEST_ALERT_URL", address)
        book.merge(judged(".xx"))
        done = delivery.deliver(book.settings)
    finally:
        controller.stop()
    assert (done.sent, done.failed) == (1, [])
    assert mails[0]["subject"] == "[critical] shop is down"
    assert "shop is down (critical), since" in mails[0].get_body().get_content()


def test_a_target_that_refuses_is_tried_again_later_and_each_attempt_is_written(book, receiver, hour):
    receiver.refuses = True
    book.merge(judged(".xx"))
    done = delivery.deliver(book.settings)
    assert [attempt.error is None for attempt in done.attempts] == [False]
    assert done.next_attempt_at > ledger.utc_now()
    assert delivery.deliver(book.settings).attempts == []
    hour(seconds=20)
    assert len(delivery.deliver(book.settings).failed) == 1
    receiver.refuses = False
    hour(seconds=20)
    assert delivery.deliver(book.settings).attempts == []  # the wait has doubled
    hour(seconds=20)
    assert delivery.deliver(book.settings).sent == 1
    assert receiver.titles == ["[critical] shop is down"]
    attempts = book.rows("select attempt, status from notifications where target = 'all' order by sequence")
    assert attempts[1:] == [(1, "sending"), (1, "failed"), (2, "sending"), (2, "failed"), (3, "sending"), (3, "sent")]


def test_secrets_of_a_url_stand_nowhere(book, receiver, monkeypatch):
    receiver.refuses = True
    book.merge(judged(".xx"))
    done = delivery.deliver(book.settings)
    monkeypatch.setenv("TEST_ALERT_URL", f"json://user:{SECRET}@127.0.0.1:1/{SECRET}")
    refused = delivery.send_test(book.settings, "all")
    assert done.failed
    assert refused["all"]
    assert SECRET not in repr(done) + repr(refused)
    assert SECRET.encode() not in ledger.path(book.settings).read_bytes()


def test_a_target_without_its_variable_waits_and_keeps_nobody_else_waiting(book, receiver):
    book.merge(judged(".xx"))
    done = delivery.deliver(book.settings)
    assert done.without_url == ["pager"]
    assert (done.sent, done.failed) == (1, [])


def test_what_nobody_could_be_told_for_days_is_not_told_when_the_url_comes(book, receiver, monkeypatch, hour):
    url = os.environ["TEST_ALERT_URL"]
    monkeypatch.delenv("TEST_ALERT_URL")
    book.merge(judged(".xx"))
    delivery.deliver(book.settings)
    monkeypatch.setenv("TEST_ALERT_URL", url)
    hour(days=3)
    assert delivery.deliver(book.settings).attempts == []
    assert book.rows("select status from notifications where target = 'all' order by sequence")[-1] == ("given_up",)


def test_an_alert_that_joins_a_story_already_told_is_known_with_it(book, receiver):
    book.merge(judged(".xx"))
    delivery.deliver(book.settings)
    book.merge(judged(".xx"), burning("..x", "critical", 3600))
    assert book.rows("select is_notified, notified_at is not null from alerts order by opened_at") == [
        (True, True),
        (True, False),
    ]


def test_news_of_a_cascade_come_in_their_order(book, receiver, hour):
    receiver.refuses = True
    book.merge(judged(".xx"))
    delivery.deliver(book.settings)
    book.merge(judged(".xx..."))
    receiver.refuses = False
    assert delivery.deliver(book.settings).attempts == []
    hour(minutes=1)
    delivery.deliver(book.settings)
    delivery.deliver(book.settings)
    assert receiver.titles == ["[critical] shop is down", "[resolved] shop is down"]


def test_a_storm_becomes_a_digest_and_nothing_is_lost(book, receiver, hour):
    book = book.configured(targets=[{"name": "all", "url_env": "TEST_ALERT_URL"}], storm_limit=3)
    book.merge(*(judged("x", subject=f"service {number}", service=f"service {number}") for number in range(8)))
    delivery.deliver(book.settings)
    assert len(receiver.messages) == 3
    assert "6 alert notifications in one" in receiver.titles
    assert sum(f"service {number} is down" in str(receiver.messages) for number in range(8)) == 8
    book.merge(judged("x", subject="late", service="late", severity="warning"), feeds=["requests"])
    assert delivery.deliver(book.settings).attempts == []
    hour(minutes=11)
    assert delivery.deliver(book.settings).sent == 1
    assert receiver.titles[3] == "[warning] late is down"


def test_in_a_storm_what_is_critical_is_still_told_within_seconds(book, receiver, hour):
    book = book.configured(targets=[{"name": "all", "url_env": "TEST_ALERT_URL"}], storm_limit=1)
    book.merge(*(judged("x", subject=f"service {number}", service=f"service {number}") for number in range(4)))
    delivery.deliver(book.settings)
    book.merge(judged("x", subject="late", service="late"), feeds=["requests"])
    assert delivery.deliver(book.settings).next_attempt_at < ledger.utc_now() + timedelta(seconds=6)
    hour(seconds=6)
    delivery.deliver(book.settings)
    assert receiver.titles == ["4 alert notifications in one", "[critical] late is down"]


def test_a_dry_run_shows_what_would_be_sent_and_changes_nothing(book, receiver):
    book.merge(judged(".xx"))
    before = book.rows("from notifications")
    done = delivery.deliver(book.settings, dry_run=True)
    assert [one.title for one in done.shown] == ["[critical] shop is down"] * 2
    assert (receiver.messages, book.rows("from notifications")) == ([], before)


def test_text_of_strangers_is_harmless_in_a_message(book, receiver):
    book.merge(judged("x", subject=HOSTILE, service=HOSTILE))
    delivery.deliver(book.settings)
    text = receiver.titles[0] + receiver.messages[0]["message"].partition("\n")[0]
    assert not set("<>@`[]\x1b") & set(text.removeprefix("[critical]"))
    assert "://" not in text
    assert len(messages.harmless("x" * 10_000)) == messages.LONGEST_NAME


def test_a_message_tells_the_value_the_threshold_and_the_sample(book, receiver):
    book.merge(burning(".x", "critical", 3600, value=31.25, threshold=14.4, event_count=1234))
    delivery.deliver(book.settings)
    assert "burn rate 31.2, limit 14.4, over 1 h, 1,234 events" in receiver.messages[0]["message"]


def test_two_that_deliver_at_once_send_once(book, receiver):
    book.merge(*(judged("x", subject=f"service {number}", service=f"service {number}") for number in range(5)))
    threads = [threading.Thread(target=delivery.deliver, args=(book.settings,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(receiver.titles) == {f"[critical] service {number} is down": 1 for number in range(5)}


def test_what_a_dead_sender_had_taken_is_sent_by_the_next_one(book, receiver, hour):
    book.merge(judged(".xx"))
    with ledger.opened(book.settings) as connection, ledger.transaction(connection):
        assert len(outbox.claim(connection, book.settings, ["all"], ledger.utc_now())) == 1
    assert delivery.deliver(book.settings).attempts == []
    hour(seconds=61)
    assert delivery.deliver(book.settings).sent == 1


def test_a_message_links_to_the_pages_where_they_are_served(book, receiver):
    target = {"name": "all", "url_env": "TEST_ALERT_URL"}
    book = book.configured(targets=[target], pages_url="https://status.shop.example/")
    book.merge(judged("x"))
    delivery.deliver(book.settings)
    assert receiver.messages[0]["message"].endswith("More: https://status.shop.example/alerts.html")


def test_a_message_tells_what_a_check_found(book, receiver):
    inputs = json.dumps({"observed": "3 of <b>7</b>", "expected": "0", "missing": None})
    check = {"kind": "data_quality", "rule": "data_quality", "service": None, "feed": None, "value": None}
    book.merge(judged("x", subject="every_order_is_in_the_marts", inputs=inputs, **check))
    delivery.deliver(book.settings)
    assert receiver.titles == ["[critical] data check failed: every order is in the marts"]
    assert "observed 3 of ‹b›7‹/b›, expected 0" in receiver.messages[0]["message"]


CRASHING = """
import sys
from tests.unit.alerts.test_delivery import crash_story
crash_story(sys.argv[1])
"""


def crash_story(home):
    """Judgements of an hour, merged and delivered step by step, as a daemon does."""
    from dataclasses import replace
    from pathlib import Path

    from orchestration.settings import load_settings
    from tests.unit.alerts.conftest import Book, configured

    settings = replace(load_settings(), home=Path(home))
    book = Book(configured(settings, targets=[{"name": "all", "url_env": "TEST_ALERT_URL"}]))
    for length in range(2, 12):
        book.merge(judged(".xx...xxx..."[:length]), burning("..xx........"[:length], "warning", 3600), path="fast")
        delivery.deliver(book.settings)


def story(book):
    """What the ledger says in the end, without clocks and runs."""
    return (
        book.rows("select alert_id, state, severity, opened_at, resolved_at, cascade_id from alerts order by 1"),
        book.rows("select alert_id, event, severity, event_at from alert_events order by sequence"),
        book.rows(
            "select notification_id, notice, title from notifications where status = 'planned' order by sequence"
        ),
        book.rows("select rule, evaluated_at, outcome from evaluations order by sequence"),
    )


@pytest.mark.slow
def test_killed_at_any_point_and_begun_again_the_ledger_is_as_if_nothing_had_been(book, receiver, tmp_path):
    crash_story(tmp_path / "undisturbed")
    undisturbed = story(type(book)(type(book.settings)(**vars(book.settings) | {"home": tmp_path / "undisturbed"})))
    sent = len(receiver.messages)
    chance = random.Random(4)
    home = tmp_path / "killed"
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", CRASHING, str(home)], env=os.environ)
        while process.poll() is None and not (home / "alerts" / "ledger.duckdb").exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.8))
        process.send_signal(signal.SIGKILL)
        process.wait()
    crash_story(home)
    killed = type(book)(type(book.settings)(**vars(book.settings) | {"home": home}))
    assert story(killed) == undisturbed
    ids = {row[0] for row in killed.rows("select notification_id from notifications where status = 'planned'")}
    done = {
        row[0] for row in killed.rows("select notification_id from notifications where status in ('sent', 'sending')")
    }
    assert done <= ids
    assert len(receiver.messages) >= sent
