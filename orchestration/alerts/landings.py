"""What has landed for alerts and is not in the lake yet, told by `stat` alone so that it may be asked every moment.

Only the newest export days are watched: what comes for older ones waits for the daily run, and so does what lies in
object storage between two looks at the whole.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from orchestration import lake
from orchestration.lake.landing import Landed, landed_files
from orchestration.lake.layout import manifest_path
from orchestration.lake.listing import is_pending, sources_of
from orchestration.settings import Settings

# Announced maintenance first: what it silences must not be told.
TABLES = ("raw_maintenance.windows", "raw_probes.checks", "raw_requests.requests")
_DAYS_WATCHED = 3
_ONE_DAY = timedelta(days=1)
_Seen = tuple[str, str, int, int]


@dataclass
class Watch:
    """Looks at landing again and again; a file is ready once two looks in a row found it the same.

    `problems` tells by name of the new files that cannot be read why, as the last look found it.
    """

    settings: Settings
    days: list[date] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    _known: set[_Seen] = field(default_factory=set)
    _growing: set[_Seen] = field(default_factory=set)

    def __post_init__(self) -> None:
        """The newest export days of landing and lake, the one after them, and the days around today."""
        today = datetime.now(UTC).date()
        newest = sorted(_export_days(self.settings))[-_DAYS_WATCHED:]
        around = [today - _ONE_DAY, today, today + _ONE_DAY]
        self.days = sorted({*newest, *(day + _ONE_DAY for day in newest), *around})

    def ready(self) -> dict[str, set[date | None]]:
        """By raw table, the export days with a file that is new or changed and has stopped changing."""
        found: dict[str, set[date | None]] = {}
        growing: set[_Seen] = set()
        self.problems = {}
        for table in TABLES:
            for landed in self._landed(table):
                seen = (table, landed.name, landed.size, landed.mtime_ns)
                if seen in self._known:
                    continue
                if not self._is_pending(table, landed):
                    self._known.add(seen)
                elif problem := landed.problem():
                    self.problems[landed.name] = problem
                elif seen in self._growing:
                    found.setdefault(table, set()).add(landed.day)
                else:
                    growing.add(seen)
        self._growing = growing | {seen for seen in self._growing if found}
        return found

    def _landed(self, table: str) -> list[Landed]:
        return [
            landed
            for source in sources_of(self.settings, table)
            if "://" not in source.path
            for landed in landed_files(self.settings, source, self.days)
        ]

    def _is_pending(self, table: str, landed: Landed) -> bool:
        entries = lake.read_manifest(manifest_path(self.settings, table, landed.day))
        return is_pending(self.settings, landed, next((entry for entry in entries if entry.path == landed.name), None))


def _export_days(settings: Settings) -> set[date]:
    days: set[date] = set()
    for table in TABLES:
        days |= {date.fromisoformat(path.stem) for path in lake.manifests(settings, table) if path.stem[0].isdigit()}
        for source in sources_of(settings, table):
            if "://" not in source.path:
                days |= {landed.day for landed in landed_files(settings, source) if landed.day}
    return days
