"""The clocks of an alert: when its event happened, when the file with it landed, when it was written, when it was told.

Here is how the second is found out; the others are noted where they happen. `Landings` are UTC without a zone.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import duckdb

from orchestration import lake
from orchestration.settings import Settings

# An event lies up to 30 days before its export day and one day after; what is later than this is not looked for.
_LATEST_EXPORT_DAYS = 30


def note_landings(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Give each alert that has none the landing of the newest file with events of its feed and day."""
    rows = connection.execute(
        "select distinct feed, event_at::date from alerts"
        " where landed_at is null and written_at = (select max(written_at) from alerts)"
        " and feed is not null and event_at is not null"
    ).fetchall()
    for feed, day, landed_at in landings(settings, rows):
        connection.execute(
            "update alerts set landed_at = $landed_at"
            " where landed_at is null and feed = $feed and event_at::date = $day",
            {"landed_at": landed_at, "feed": feed, "day": day},
        )


def landings(settings: Settings, wanted: Iterable[tuple[str, date]]) -> list[tuple[str, date, datetime]]:
    """Feed, event date and landing of the newest file that holds events of that date; dates without one are left out.

    A file that was moved into place landed when it was moved, not when it was written, hence the change of its inode.
    """
    found = []
    for feed in sorted({feed for feed, _ in wanted}):
        days = {day for name, day in wanted if name == feed}
        newest: dict[date, int] = {}
        for table, described in lake.RAW_TABLES.items():
            if described.name == feed:
                for entry in _entries(settings, table, days):
                    at = _landed_ns(settings, entry)
                    for day in days & entry.event_dates.keys():
                        newest[day] = max(at, newest.get(day, 0))
        found += [(feed, day, datetime.fromtimestamp(at / 1e9, UTC).replace(tzinfo=None)) for day, at in newest.items()]
    return found


def _entries(settings: Settings, table: str, days: set[date]) -> Iterable[lake.Entry]:
    first, last = min(days) - timedelta(days=1), max(days) + timedelta(days=_LATEST_EXPORT_DAYS)
    for path in lake.manifests(settings, table):
        if not path.stem[0].isdigit() or first <= date.fromisoformat(path.stem) <= last:
            yield from lake.read_manifest(path)


def _landed_ns(settings: Settings, entry: lake.Entry) -> int:
    try:
        stat = (settings.landing / entry.path).stat()
    except OSError:
        return entry.mtime_ns
    return max(stat.st_ctime_ns, stat.st_mtime_ns)
