"""How much memory DuckDB may use, and what to do when that was not enough.

By default it is half of what this process may have: of the machine, or of the container (cgroup v1 and v2) if that has
less. What DuckDB cannot keep in it goes to disk, where that is possible.
"""

import os
import re
from pathlib import Path

from orchestration.settings import Settings
from orchestration.settings.model import bytes_of

_EXCEEDED = re.compile(r"out of memory error|duckdb needed more memory", re.IGNORECASE)
_LIMIT_FILES = {"memory": "memory.limit_in_bytes", "": "memory.max"}


def limit(settings: Settings) -> int:
    """Bytes that DuckDB may use: `warehouse.memory` of the configuration, or half of what there is."""
    configured = settings.config.warehouse.memory
    return bytes_of(configured) if configured else half()


def half() -> int:
    """Half of the bytes that this process may have."""
    return available() // 2


def available(root: Path = Path("/")) -> int:
    """Bytes of the machine's memory, or of the container's.

    A group of processes is bounded by the smallest limit of its own and of all groups above it.
    """
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([physical, *_group_limits(root)])


def is_exceeded(words: str) -> bool:
    """Whether the words of an error say that DuckDB had too little memory."""
    return bool(_EXCEEDED.search(words))


def message(settings: Settings) -> str:
    """Say which limit was too low and how to raise it."""
    configured = settings.config.warehouse.memory
    what = "as warehouse.memory says" if configured else f"half of the {available() / 1e9:.1f} GB that there are"
    return (
        f"DuckDB needed more memory than it may use: {limit(settings) / 1e9:.1f} GB, {what}. Give it more in"
        " beaconmart.yml (`warehouse: {memory: 16GB}`), or run with more memory; then run the same command again, it"
        " goes on where it stopped. Fewer days or files at a time need less: `beaconmart run --date`."
    )


def _group_limits(root: Path) -> list[int]:
    """The limits of the control groups that this process is in; empty where there are none, or no such system."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller not in _LIMIT_FILES:
                continue
            mounted = root / "sys/fs/cgroup" / controller
            group = mounted / path.lstrip("/")
            # Inside a container the path may be that of the host, and what is mounted is the container's own group.
            for folder in (group, *group.parents):
                limits += _limit(folder / _LIMIT_FILES[controller])
                if folder == mounted:
                    break
    return limits


def _limit(file: Path) -> list[int]:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return []
    return [int(text)] if text.isdigit() else []  # "max" is none
