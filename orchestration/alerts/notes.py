"""Notes that the fast path and the daily run leave each other: empty files of which only the time is read.

Both work side by side, in processes of their own, and neither waits for the other's database.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from orchestration.settings import Settings


def taken_in(settings: Settings) -> None:
    """The lake is about to have rows that neither alerts nor marts may have seen."""
    _touch(_note(settings, "taken_in"))


def judged(settings: Settings) -> None:
    """Alerts have seen all that was taken in."""
    _touch(_note(settings, "judged"))


def is_unjudged(settings: Settings) -> bool:
    """Whether something was taken in that alerts have not seen, because whoever did it died in between."""
    return _time_ns(_note(settings, "taken_in")) > _time_ns(_note(settings, "judged"))


def watching(settings: Settings) -> None:
    """Landing is being watched: whoever asks whether alerts are on their way reads when this was said last."""
    _touch(_note(settings, "watching"))


def looked_at_the_lake(settings: Settings) -> None:
    """A run is about to see what the lake holds now."""
    _touch(_note(settings, "looked_at"))


def built(settings: Settings) -> None:
    """The marts hold what that run saw."""
    looked, built = _note(settings, "looked_at"), _note(settings, "built")
    if looked.exists():
        time_ns = looked.stat().st_mtime_ns
        _touch(built)
        os.utime(built, ns=(time_ns, time_ns))


def built_from(settings: Settings) -> datetime | None:
    """When the run that built the marts looked at the lake, UTC without a zone; None if none has."""
    time_ns = _time_ns(_note(settings, "built"))
    return datetime.fromtimestamp(time_ns / 1e9, UTC).replace(tzinfo=None) if time_ns else None


def waiting_since(settings: Settings) -> int | None:
    """When files were last taken in that the marts have not seen, in nanoseconds; None if they have seen all."""
    taken = _time_ns(_note(settings, "taken_in"))
    return taken if taken > _time_ns(_note(settings, "built")) else None


def _note(settings: Settings, name: str) -> Path:
    return settings.home / "alerts" / name


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def _time_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
