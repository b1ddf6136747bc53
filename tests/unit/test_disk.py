"""A full disk is one line, wherever it is met; afterwards the same command does what it would have done."""

import errno
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration import disk, lake, shortage
from orchestration.settings import load_settings

ROOT = Path(__file__).parents[2]
TABLE = "raw_orders.orders"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of four megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
        RuntimeError('IO Error: Could not write file "warehouse.duckdb": No space left on device'),
    ],
)
def test_a_full_disk_is_recognised_in_whatever_wraps_it(error):
    assert disk.is_full(error)
    wrapped = ValueError("The dbt project does not parse")
    wrapped.__cause__ = error
    assert disk.is_full(wrapped)
    assert not disk.is_full(ValueError("The dbt project does not parse"))


ROWS = "select range as a, hash(range)::varchar as b from range(1000000)"
WRITES = {
    "work file": "attach '{folder}/w.duckdb' as w; create table w.t as {rows}",
    "snapshot": "attach '{folder}/m.duckdb' as m (storage_version 'v1.2.0'); create table m.t as {rows}",
    "export": "copy ({rows}) to '{folder}/x.parquet'",
    "spill": "set temp_directory = '{folder}/spill'; set memory_limit = '60MB'; "
    "create table t as select b || a as c from ({rows}) cross join range(3) order by 1",
}


@pytest.mark.parametrize("write", WRITES)
def test_whatever_duckdb_writes_a_full_disk_is_recognised(small_disk, write):
    settings = replace(load_settings(), home=small_disk)
    with duckdb.connect(config={"threads": "1"}) as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(WRITES[write].format(folder=small_disk, rows=ROWS))
    assert str(shortage.explain(caught.value, settings)).startswith(f"The disk is full: {small_disk} ")


@pytest.mark.slow
def test_after_space_was_freed_an_ingest_gives_what_an_undisturbed_one_gives(small_disk, tmp_path):
    home = small_disk / "home"
    settings, undisturbed = (replace(load_settings(), home=path) for path in (home, tmp_path / "calm"))
    land(settings.landing), land(undisturbed.landing)
    filler = fill(small_disk)
    with pytest.raises(Exception) as caught:
        lake.ingest(settings, TABLE)
    assert disk.is_full(caught.value)
    filler.unlink()
    again, calm = lake.ingest(settings, TABLE), lake.ingest(undisturbed, TABLE)
    assert again.total("rows_kept") == calm.total("rows_kept") == 3000
    assert [f.event_dates for f in again.files] == [f.event_dates for f in calm.files]


@pytest.mark.slow
def test_the_command_says_what_is_full_and_how_much_is_free_in_one_line(small_disk):
    home = small_disk / "home"
    land(home / "landing")
    fill(small_disk)
    ran = subprocess.run(
        [sys.executable, "-c", "from orchestration.cli import main; main()", "run"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"BEACONMART_HOME": str(home), "BEACONMART_CONFIG": str(ROOT / "config")},
    )
    said = ran.stderr + ran.stdout
    assert ran.returncode == 1
    (line,) = [line for line in said.splitlines() if "The disk is full" in line]
    assert str(small_disk) in line
    assert "free" in line
    assert "Traceback" not in said


def land(landing):
    path = landing / "2026-11-27" / "orders.csv"
    path.parent.mkdir(parents=True)
    rows = [f"{random.random()},2026-11-27T09:00:00Z,9.90,EUR" for _ in range(3000)]
    path.write_text("\n".join(["order_id,ordered_at,revenue,currency", *rows, ""]))


def fill(folder):
    """Leave a few kilobytes."""
    filler = folder / "filler"
    free = os.statvfs(folder)
    filler.write_bytes(b"x" * (free.f_bavail * free.f_frsize - 16384))
    return filler
