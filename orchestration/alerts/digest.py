"""Sends the digest of errors: once for each change, to who hears of warnings; the same day again sends nothing.

What is news belongs to `orchestration.reports.digest`; here is only what has been told already, kept in the ledger, and
the notification that goes the way of all others.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta

from orchestration.alerts import ledger, messages, outbox
from orchestration.reports.digest import headline, told
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Row
from orchestration.settings import Settings

# What goes on is told again after a week.
TOLD_FOR = timedelta(days=7)


def plan(settings: Settings, as_of: date, rows: Sequence[Row]) -> int:
    """Put what nobody has been told yet into the outbox, worded; returns how many notifications."""
    with ledger.opened(settings) as connection, ledger.transaction(connection):
        found = connection.execute(
            "select distinct unnest(items) from digests where as_of > ? and as_of <= ?", [as_of - TOLD_FOR, as_of]
        ).fetchall()
        known = {item for (item,) in found}
        fresh = [row for row in rows if _item(row) not in known]
        if not fresh:
            return 0
        now = ledger.utc_now()
        connection.execute("insert into digests values (?, ?, ?)", [as_of, [_item(row) for row in fresh], now])
        targets = [one for one in settings.config.alerts.targets if "warning" in one.severities and not one.services]
        message = _message(settings, as_of, fresh)
        for target in targets:
            key = "|".join([target.name, as_of.isoformat(), *map(_item, fresh)])
            outbox.plan_digest(
                connection, hashlib.sha256(key.encode()).hexdigest()[:16], target.name, message, as_of, now
            )
        return len(targets)


def _item(row: Row) -> str:
    return f"{row['kind']} {row['error_group_id']}"


def _message(settings: Settings, as_of: date, rows: Sequence[Row]) -> messages.Message:
    site = settings.config.site
    formats = Formats(site.currency, site.timezone)
    lines = [
        f"- {row['kind']}: {messages.harmless(row['title'])} ({told(row, formats)})"
        for row in rows[: 3 * messages.MOST_ALERTS]
    ]
    if len(rows) > len(lines):
        lines.append(f"… and {len(rows) - len(lines)} more.")
    where = messages.where(settings, "errors-digest.html")
    return messages.Message(
        f"[errors] {messages.harmless(site.name)}: {headline(rows)}", "\n".join([*lines, "", where])
    )
