"""Small exports of an uptime monitor in a lake of their own, and what lies in the lake afterwards."""

from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import lake
from orchestration.lake import ingesting

CHECKS = "raw_probes.checks"
DAY = date(2026, 11, 10)


class Crash(BaseException):
    """Stands for the end of the process."""


def deliver(settings, name, hours, day=DAY, bad=0):
    """Lands one CSV file of `day`: checks at so many hours from its midnight, then lines that are no checks."""
    path = settings.landing / str(day) / f"probes-{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    at = [f"{day + timedelta(days=hour // 24)}T{hour % 24:02}:00:00Z" for hour in hours]
    lines = ["service,status,location,checked_at", *(f"storefront,up,{name},{text}" for text in at)]
    path.write_text("\n".join([*lines, *["storefront,purple,?,yesterday"] * bad]) + "\n")
    return path


@contextmanager
def dying(settings, after):
    """The process ends after so many changes of the lake on the disk, each of which is one step."""
    left = [after]

    def step(method):
        def call(self, *arguments, **options):
            if any((settings.lake / "raw_probes") in Path(path).parents for path in (self, *arguments)):
                left[0] -= 1
                if left[0] < 0:
                    raise Crash
            return method(self, *arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "unlink", "rmdir"):
            patch.setattr(Path, name, step(getattr(Path, name)))
        with pytest.raises(Crash):
            yield


def ingest_one_by_one(settings, size=1):
    """Ingests what has landed with a Parquet file for every file (or `size` of them), as if they had come apart."""
    with pytest.MonkeyPatch.context() as patch:
        pieces = lambda files: (files[at : at + size] for at in range(0, len(files), size))  # noqa: E731
        patch.setattr(ingesting, "_batches", pieces)
        return lake.ingest(settings, CHECKS)


def rows(settings, dates=None):
    """Every check that readers see, with where it came from."""
    with lake.reading(settings):
        return _fetched("select * exclude (_extra) from {} order by all", lake.parquet_files(settings, CHECKS, dates))


def rejects(settings):
    """Every reject that readers see."""
    with lake.reading(settings):
        query = "select _source_file, _source_line, reason from {} order by all"
        return _fetched(query, lake.reject_files(settings, "raw_probes"))


def entries(settings):
    """The ledger by source path."""
    return {entry.path: entry for path in lake.manifests(settings, CHECKS) for entry in lake.read_manifest(path)}


def stored(settings):
    """The Parquet files on the disk."""
    return sorted((settings.lake / "raw_probes").rglob("*.parquet"))


def listed(settings):
    """The Parquet files that manifests list."""
    return sorted([*lake.parquet_files(settings, CHECKS), *lake.reject_files(settings, "raw_probes")])


def _fetched(query, files):
    if not files:
        return []
    source = "read_parquet($files, hive_partitioning = false)"
    return duckdb.execute(query.format(source), {"files": [str(file) for file in files]}).fetchall()
