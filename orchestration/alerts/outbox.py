"""Which notifications are owed, and what became of each attempt: planned with the alerts, sent outside of the ledger.

A notification is planned in the transaction that changes its alerts, and an attempt is noted before it is made: whoever
is killed in between leaves a row by which the next one sends it, at least once. Sending itself is `delivery`'s.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from orchestration.alerts import messages
from orchestration.alerts.sql import run
from orchestration.settings import Settings

# What was over longer ago than this, in the time of the data, is history and nobody is told.
NEWS_S = 2 * 86400
# A sender that did not say within this what became of its attempt is dead; longer than any target is waited for.
LEASE = timedelta(seconds=60)
FIRST_RETRY_S, LONGEST_RETRY_S = 15, 3600
# What could not be said for so long, because the target refuses or has no URL, is history too.
GIVE_UP_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Notification:
    """One message to one target, and the attempt about to be made."""

    notification_id: str
    cascade_id: str | None
    target: str
    notice: str
    severity: str
    attempt: int
    title: str
    body: str
    event_date: date
    planned_at: datetime


@dataclass(frozen=True)
class Attempt:
    """What became of an attempt; `error` None: the target took it. `digest_id` if it went as part of a digest."""

    notification: Notification
    error: str | None
    digest_id: str | None = None


def plan(connection: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> int:
    """Put what is owed into the outbox, worded; returns how many notifications. Call it in the ledger's transaction."""
    register_targets(connection, settings, [target.name for target in settings.config.alerts.targets])
    # An alert that joins a cascade of which people know already is told with it, at no time of its own.
    connection.execute(
        "update alerts set is_notified = true where not is_notified and not is_silenced and cascade_id in"
        " (select cascade_id from notifications where status = 'sent' and notice <> 'resolved')"
    )
    run(connection, "notices", {"news_s": NEWS_S})
    owed = connection.execute("select * from owed").fetchall()
    words: dict[tuple[str, str], messages.Message] = {}
    for notification_id, cascade_id, target, notice, severity, event_date in owed:
        if (cascade_id, notice) not in words:
            words[cascade_id, notice] = messages.worded(connection, settings, cascade_id, notice, severity)
        message = words[cascade_id, notice]
        one = Notification(
            notification_id, cascade_id, target, notice, severity, 0, message.title, message.body, event_date, now
        )
        _insert(connection, [_row(one, "planned", None, now, now)])
    return len(owed)


def plan_digest(
    connection: duckdb.DuckDBPyConnection,
    notification_id: str,
    target: str,
    message: messages.Message,
    event_date: date,
    now: datetime,
) -> None:
    """Put a digest into the outbox: it belongs to no alert. Call it in the ledger's transaction."""
    one = Notification(notification_id, None, target, "digest", "info", 0, message.title, message.body, event_date, now)
    _insert(connection, [_row(one, "planned", None, now, now)])


def claim(
    connection: duckdb.DuckDBPyConnection, settings: Settings, targets: Sequence[str], now: datetime
) -> list[Notification]:
    """Take what is to be sent now to `targets`, and note that it is being sent; the most severe first."""
    register_targets(connection, settings, targets)
    run(connection, "pending")
    _give_up(connection, now)
    claimed = [replace(one, attempt=one.attempt + 1) for one in _pending(connection, "next_attempt_at <= ?", now)]
    _insert(connection, [_row(one, "sending", None, now, now + LEASE) for one in claimed])
    return claimed


def record(connection: duckdb.DuckDBPyConnection, attempts: Iterable[Attempt], now: datetime) -> None:
    """Note what became of attempts, and on the alerts that people know of them."""
    for attempt in attempts:
        sent = attempt.notification
        status = "sent" if attempt.error is None else "failed"
        wait = min(FIRST_RETRY_S * 2 ** min(sent.attempt - 1, 20), LONGEST_RETRY_S)
        until = now + timedelta(seconds=wait)
        _insert(connection, [_row(sent, status, attempt.error, now, until, attempt.digest_id)])
        if attempt.error is None and sent.notice != "resolved":
            connection.execute(
                "update alerts set is_notified = true, notified_at = coalesce(notified_at, ?)"
                " where cascade_id = ? and not is_silenced and not is_notified",
                [now, sent.cascade_id],
            )


def _give_up(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    old = _pending(connection, "planned_at < ?", now - GIVE_UP_AFTER)
    _insert(connection, [_row(one, "given_up", "nobody could be told in time", now, now) for one in old])
    connection.execute("delete from pending where planned_at < ?", [now - GIVE_UP_AFTER])


def postpone(
    connection: duckdb.DuckDBPyConnection, waiting: Iterable[Notification], now: datetime, until: datetime
) -> None:
    """Give back what was claimed: it is sent, together with what has come by then, at `until`."""
    _insert(connection, [_row(replace(one, attempt=one.attempt - 1), "postponed", None, now, until) for one in waiting])


def next_attempt_at(
    connection: duckdb.DuckDBPyConnection, settings: Settings, targets: Sequence[str]
) -> datetime | None:
    """When the next notification to `targets` is to be sent; None if none waits."""
    register_targets(connection, settings, targets)
    run(connection, "pending")
    found: datetime | None = connection.execute("select min(next_attempt_at) from pending").fetchall()[0][0]
    return found


def sent_since(connection: duckdb.DuckDBPyConnection, since: datetime) -> dict[str, int]:
    """By target, how many messages of something new went out since then; a digest is one."""
    rows = connection.execute(
        "select target, count(distinct coalesce(digest_id, notification_id)) from notifications"
        " where status = 'sent' and notice <> 'resolved' and written_at >= ? group by target",
        [since],
    )
    return dict(rows.fetchall())


def last_digest_at(connection: duckdb.DuckDBPyConnection, target: str) -> datetime | None:
    """When a target was last sent a digest."""
    found: datetime | None = connection.execute(
        "select max(written_at) from notifications where status = 'sent' and digest_id is not null and target = ?",
        [target],
    ).fetchall()[0][0]
    return found


def register_targets(connection: duckdb.DuckDBPyConnection, settings: Settings, names: Sequence[str]) -> None:
    """The targets of those names, with what they want to hear of, as a table for SQL."""
    connection.execute(
        "create or replace temp table targets (target varchar, severities varchar[], services varchar[])"
    )
    for target in settings.config.alerts.targets:
        if target.name in names:
            connection.execute(
                "insert into targets values (?, ?, ?)", [target.name, list(target.severities), target.services]
            )


def _pending(connection: duckdb.DuckDBPyConnection, condition: str, instant: datetime) -> list[Notification]:
    """What waits and meets a condition on an instant, the most severe first."""
    rows = connection.execute(
        "select notification_id, cascade_id, target, notice, severity, attempt, title, body, event_date, planned_at"  # noqa: S608 - conditions are ours
        f" from pending where {condition} order by severity, planned_sequence",
        [instant],
    )
    return [Notification(*row) for row in rows.fetchall()]


def _row(
    one: Notification, status: str, error: str | None, now: datetime, until: datetime, digest_id: str | None = None
) -> tuple[Any, ...]:
    words = (one.title, one.body) if status == "planned" else (None, None)
    about = (one.notification_id, one.cascade_id, one.target, one.notice, one.severity)
    return (*about, one.attempt, status, error, *words, now, until, digest_id, one.event_date)


def _insert(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Any, ...]]) -> None:
    for row in rows:
        connection.execute(
            "insert into notifications (notification_id, cascade_id, target, notice, severity, attempt, status, error,"
            " title, body, written_at, next_attempt_at, digest_id, event_date)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
