"""What people say of alerts in a terminal: lines of a CSV file of ours, which ingest reads like a landed one.

The file is only ever added to. It is no part of the ledger or the warehouse, so that it survives a rebuild of both, and
people may edit it.
"""

import csv
import difflib
import io
import os
from datetime import UTC, datetime

from orchestration.alerts import ledger
from orchestration.lake.layout import locked
from orchestration.settings import Settings

COLUMNS = ("alert_id", "verdict", "by", "note", "reviewed_at")
_NEAR = 5


class UnknownAlertError(ValueError):
    """The ledger has no such alert; the message names those with a similar id, or the newest."""


def review(settings: Settings, alert_id: str, verdict: str, by: str = "", note: str = "") -> str:
    """Add a review of an alert of the ledger, and return what the alert is about.

    Raises:
        UnknownAlertError: There is no such alert.
    """
    known = _alerts(settings)
    if alert_id not in known:
        raise UnknownAlertError(_unknown(alert_id, known))
    line = io.StringIO()
    # A break in a note would be one in the file: spaces tell as much.
    row = (alert_id, verdict, *(" ".join(text.replace("\0", " ").split()) for text in (by, note)))
    csv.writer(line, lineterminator="\n").writerow((*row, datetime.now(UTC).isoformat(timespec="milliseconds")))
    _append(settings, line.getvalue())
    return known[alert_id]


def _append(settings: Settings, line: str) -> None:
    path = settings.reviews
    with locked(path.with_suffix(".lock")), path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            before = "" if file.read(1) == b"\n" else "\n"
        else:
            before = ",".join(COLUMNS) + "\n"
        file.write((before + line).encode("utf-8", "replace"))
        file.flush()
        os.fsync(file.fileno())


def _alerts(settings: Settings) -> dict[str, str]:
    """By id, what the alerts of the ledger are about, the newest first."""
    if not ledger.path(settings).exists():
        return {}
    with ledger.opened(settings) as connection:
        rows = connection.execute(
            "select alert_id, rule || ' of ' || subject || strftime(opened_at, ', %Y-%m-%d %H:%M UTC')"
            " from alerts order by opened_at desc, alert_id"
        ).fetchall()
    return dict(rows)


def _unknown(alert_id: str, known: dict[str, str]) -> str:
    if not known:
        return "No alert has been raised yet, so that there is none to review."
    begun = [one for one in known if alert_id and one.startswith(alert_id)]
    near = [*begun, *(one for one in difflib.get_close_matches(alert_id, known, _NEAR) if one not in begun)][:_NEAR]
    shown = near or list(known)[:_NEAR]
    listed = "".join(f"\n  {one}  {known[one]}" for one in shown)
    which = "Similar ids" if near else "The newest alerts"
    return f"There is no alert {alert_id[:40]!r}. {which}:{listed}\nbeaconmart alerts list --all shows every id."
