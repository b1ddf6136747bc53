"""Sending what the outbox holds, through apprise: Slack, Teams, mail, webhooks and the rest, by the URL of a target.

A URL holds a secret: it comes from the environment variable that the configuration names, and is never written, logged
or shown. What is owed to whom is decided in `outbox`, what it says in `messages`.
"""

import logging
import os
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from uuid import uuid4

import duckdb

from orchestration.alerts import ledger, messages, outbox
from orchestration.alerts.messages import Message
from orchestration.alerts.outbox import Attempt, Notification
from orchestration.settings import Settings

# While a target has its fill, what comes is put together and sent this seldom; what is critical must not be late.
DIGEST_EVERY, CRITICAL_DIGEST_EVERY = timedelta(minutes=10), timedelta(seconds=5)
_AT_ONCE = 8


@dataclass
class Delivered:
    """What a delivery came to: attempts made, messages not sent because it was a dry run, targets without a URL."""

    attempts: list[Attempt] = field(default_factory=list)
    shown: list[Notification] = field(default_factory=list)
    without_url: list[str] = field(default_factory=list)
    next_attempt_at: datetime | None = None

    @property
    def sent(self) -> int:
        """How many notifications their targets took."""
        return sum(attempt.error is None for attempt in self.attempts)

    @property
    def failed(self) -> list[Attempt]:
        """The attempts that a target did not take."""
        return [attempt for attempt in self.attempts if attempt.error is not None]


def deliver(settings: Settings, dry_run: bool = False) -> Delivered:
    """Send what waits in the outbox and is due; failures are tried again later, by whoever delivers next.

    A `dry_run` sends nothing and notes nothing.
    """
    urls = _urls(settings)
    done = Delivered(without_url=[target.name for target in settings.config.alerts.targets if target.name not in urls])
    if dry_run:
        with ledger.opened(settings) as connection:
            names = [target.name for target in settings.config.alerts.targets]
            connection.begin()
            done.shown = outbox.claim(
                connection, settings, names, ledger.utc_now() + timedelta(seconds=outbox.LONGEST_RETRY_S)
            )
            connection.rollback()
        return done
    with ledger.opened(settings) as connection, ledger.transaction(connection):
        now = ledger.utc_now()
        claimed = outbox.claim(connection, settings, list(urls), now)
        ready = [batch for waiting in _by_target(claimed) for batch in _room(connection, settings, waiting, now)]
    if ready:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for attempts in pool.map(lambda batch: _attempt(settings, urls[batch.of[0].target], batch), ready):
                done.attempts += attempts
    with ledger.opened(settings) as connection, ledger.transaction(connection):
        outbox.record(connection, done.attempts, ledger.utc_now())
        done.next_attempt_at = outbox.next_attempt_at(connection, settings, list(urls))
    return done


def send_test(settings: Settings, name: str | None = None) -> dict[str, str | None]:
    """Send a test message to one target or to all; returns by target what went wrong (None: nothing).

    Raises:
        ValueError: There is no such target, or none at all.
    """
    targets = settings.config.alerts.targets
    chosen = [target for target in targets if name in (None, target.name)]
    if not chosen:
        known = ", ".join(target.name for target in targets) or "none: add one under alerts.targets in beaconmart.yml"
        raise ValueError(f"There is no target {name!r}; configured are {known}." if name else f"Targets: {known}.")
    urls = _urls(settings)
    return {
        target.name: send(urls[target.name], messages.test(settings, target.name), "info")
        if target.name in urls
        else f"the environment variable {target.url_env} is not set"
        for target in chosen
    }


def warm(settings: Settings) -> None:
    """Load what sending needs, which is a second or two that no alert should wait for."""
    import apprise

    for url in _urls(settings).values():
        apprise.Apprise().add(url)


def send(url: str, message: Message, severity: str) -> str | None:
    """Send one message; returns what went wrong in words without the URL, None if the target took it."""
    import apprise  # costs a third of a second, and most commands never need it

    kinds = {"critical": apprise.NotifyType.FAILURE, "warning": apprise.NotifyType.WARNING}
    with _heard() as said:
        target = apprise.Apprise()
        if not target.add(url):
            return "apprise does not understand the URL; `beaconmart alerts test` tries it"
        try:
            taken = target.notify(
                body=message.body,
                title=message.title,
                notify_type=kinds.get(severity, apprise.NotifyType.INFO),
                body_format=apprise.NotifyFormat.TEXT,
            )
        # Whatever a plugin of apprise raises, the ledger must know that the attempt failed.
        except Exception as error:
            return f"{type(error).__name__}: {_without_secrets(str(error), url)}"
    return None if taken else _without_secrets("; ".join(said), url) or "the target did not take it"


@dataclass(frozen=True)
class _Batch:
    """Notifications of one target that go as one message; `digest_id` if that is a digest."""

    of: list[Notification]
    digest_id: str | None = None


def _urls(settings: Settings) -> dict[str, str]:
    """By name, the URL of each target whose environment variable is set."""
    given = {target.name: os.environ.get(target.url_env, "").strip() for target in settings.config.alerts.targets}
    return {name: url for name, url in given.items() if url}


def _by_target(claimed: Sequence[Notification]) -> list[list[Notification]]:
    by_name = sorted(claimed, key=lambda one: one.target)
    return [list(waiting) for _, waiting in groupby(by_name, key=lambda one: one.target)]


def _room(
    connection: duckdb.DuckDBPyConnection, settings: Settings, waiting: list[Notification], now: datetime
) -> list[_Batch]:
    """The messages that a target's storm limit leaves room for: each its own, else the rest in a digest, else later."""
    alerts, target = settings.config.alerts, waiting[0].target
    sent = outbox.sent_since(connection, now - timedelta(seconds=alerts.storm_window_s)).get(target, 0)
    room = alerts.storm_limit - sent
    if len(waiting) <= room:
        return [_Batch([one]) for one in waiting]
    is_urgent = any(one.severity == "critical" and one.notice != "resolved" for one in waiting)
    last_digest_at = outbox.last_digest_at(connection, target)
    not_before = last_digest_at + (CRITICAL_DIGEST_EVERY if is_urgent else DIGEST_EVERY) if last_digest_at else now
    if room <= 0 and now < not_before:
        outbox.postpone(connection, waiting, now, not_before)
        return []
    alone = max(0, room - 1)
    return [*(_Batch([one]) for one in waiting[:alone]), _Batch(waiting[alone:], uuid4().hex[:16])]


def _attempt(settings: Settings, url: str, batch: _Batch) -> list[Attempt]:
    first = batch.of[0]  # the most severe
    message = Message(first.title, first.body)
    if len(batch.of) > 1:
        message = messages.digest(settings, [one.title for one in batch.of])
    error = send(url, message, "info" if first.notice == "resolved" else first.severity)
    return [Attempt(one, error, batch.digest_id) for one in batch.of]


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise logs in this thread: it says what went wrong in no other way."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == threading.get_ident():
                said.append(record.getMessage())

    listener = Listener(logging.WARNING)
    logger = logging.getLogger("apprise")
    logger.addHandler(listener)
    try:
        yield said
    finally:
        logger.removeHandler(listener)


def _without_secrets(text: str, url: str) -> str:
    """Text without any part of the URL that is long enough to be a secret."""
    for part in sorted({url, *re.split(r"[/:@?&=]+", url)}, key=len, reverse=True):
        if len(part) >= 6:
            text = text.replace(part, "…")
    return text
