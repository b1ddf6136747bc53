"""Each delivered row is in the lake once, whatever happens on the way: repeats, changes, any order, side by side."""

import json
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import lake
from orchestration.lake.manifest import record_closed
from orchestration.settings import Settings

TABLE = "raw_web_vitals.beacons"
FIRST = date(2026, 11, 10)
NOON = 1794312000000  # 2026-11-10 12:00 UTC
DAY_MS = 86_400_000


def land(settings: Settings, day: int, name: str, values: list[int], shift: int = 0) -> None:
    """Writes a report for each value, on the export day moved by `shift` days; a negative value becomes a bad line."""
    path = settings.landing / (FIRST + timedelta(days=day)).isoformat() / f"beacons-{name}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"name": "LCP", "id": f"i{v}", "value": v, "url": "/p", "ts": NOON + (day + shift) * DAY_MS})
        if v >= 0
        else "{"
        for v in values
    ]
    new = path.with_name(f".{path.name}")
    new.write_text("".join(f"{line}\n" for line in lines))
    new.replace(path)


def content(settings: Settings) -> Counter:
    """Returns what readers see: file, line, value and event date of each row, and file and line of each reject."""
    with lake.reading(settings):
        files = [str(file) for file in lake.parquet_files(settings, TABLE)]
        odd = [str(file) for file in lake.reject_files(settings, "raw_web_vitals")]
        columns = "_source_file, _source_line, value::int, event_date::varchar"
        query = f"select {columns} from read_parquet($1, hive_partitioning = false)"
        rows = duckdb.execute(query, [files]).fetchall() if files else []
        query = "select _source_file, _source_line from read_parquet($1)"
        return Counter(rows + (duckdb.execute(query, [odd]).fetchall() if odd else []))


def expected(settings: Settings) -> Counter:
    """Returns what a lake made from nothing shows for what lies in landing now."""
    fresh = replace(settings, home=settings.home.with_name("fresh"))
    subprocess.run(["rm", "-rf", str(fresh.home)], check=True)
    fresh.home.mkdir()
    fresh.landing.symlink_to(settings.landing)
    lake.ingest(fresh, TABLE)
    return content(fresh)


def test_ingesting_a_file_twice_leaves_one_copy(settings: Settings) -> None:
    land(settings, 0, "a", [1, 2, -1])
    first = lake.ingest(settings, TABLE)
    again = lake.ingest(settings, TABLE)
    assert (first.total("rows_kept"), first.total("rows_rejected")) == (2, 1)
    assert (len(again.read), again.touched_dates) == (0, set())
    assert sum(content(settings).values()) == 3
    assert lake.pending_days(settings) == []


def test_a_touched_file_is_not_read_again(settings: Settings) -> None:
    land(settings, 0, "a", [1])
    lake.ingest(settings, TABLE)
    land(settings, 0, "a", [1])
    assert lake.pending_days(settings) == [FIRST]
    assert lake.ingest(settings, TABLE).read == []
    assert lake.pending_days(settings) == []


def test_a_changed_file_takes_its_old_rows_away_on_the_dates_where_they_were(settings: Settings) -> None:
    land(settings, 0, "a", [1, 2, -1])
    land(settings, 0, "b", [7, -1])
    lake.ingest(settings, TABLE)
    land(settings, 0, "a", [3], shift=-2)
    report = lake.ingest(settings, TABLE)
    assert report.touched_dates == {FIRST, FIRST - timedelta(days=2)}
    assert content(settings) == expected(settings)
    assert sum(content(settings).values()) == 3


def test_a_file_that_leaves_landing_keeps_its_rows(settings: Settings) -> None:
    land(settings, 0, "a", [1])
    lake.ingest(settings, TABLE)
    next(settings.landing.rglob("*.ndjson")).unlink()
    lake.ingest(settings, TABLE)
    assert sum(content(settings).values()) == 1
    assert lake.delivered_days(settings) == [FIRST]


def test_a_change_of_the_configuration_reads_the_files_anew(settings: Settings) -> None:
    land(settings, 0, "a", [1])
    lake.ingest(settings, TABLE)
    site = settings.config.site.model_copy(update={"url_parameters_kept": ["q"]})
    changed = replace(settings, config=settings.config.model_copy(update={"site": site}))
    assert lake.pending_days(changed) == [FIRST]
    assert len(lake.ingest(changed, TABLE).read) == 1
    assert sum(content(settings).values()) == 1


def test_rows_of_a_closed_day_are_counted_and_not_applied(settings: Settings) -> None:
    record_closed(settings, TABLE, FIRST)
    land(settings, 0, "a", [1, -1])
    land(settings, 1, "a", [2, 3], shift=-1)
    land(settings, 1, "b", [4])
    report = lake.ingest(settings, TABLE)
    totals = [report.total(f"rows_{what}") for what in ("read", "kept", "rejected", "after_close")]
    assert totals == [5, 1, 1, 3]
    assert lake.ingest(settings, TABLE).read == []


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_any_order_of_arrivals_changes_and_compactions_gives_the_same_lake(settings: Settings, seed: int) -> None:
    rng = random.Random(seed)
    for step in range(8):
        for _ in range(rng.randrange(1, 4)):
            values = [rng.choice([-1, rng.randrange(1000)]) for _ in range(rng.randrange(6))]
            land(settings, rng.randrange(3), rng.choice("abc"), values, rng.randrange(-3, 2))
        days = [FIRST + timedelta(days=rng.randrange(3)) for _ in range(2)] if rng.random() < 0.5 else None
        lake.ingest(settings, TABLE, days)
        if step % 4 == 3:
            lake.compact(settings, TABLE)
    lake.ingest(settings, TABLE)
    assert content(settings) == expected(settings)


def test_many_small_files_share_their_parquet(settings: Settings) -> None:
    for number in range(300):
        land(settings, number % 3, f"{number:04}", [number])
    report = lake.ingest(settings, TABLE)
    assert report.total("rows_kept") == 300
    assert len(lake.parquet_files(settings, TABLE)) == 3
    land(settings, 0, "0000", [1, 2, 3])
    assert len(lake.ingest(settings, TABLE).read) == 1
    assert content(settings) == expected(settings)


def _ingest(settings: Settings) -> None:
    lake.ingest(settings, TABLE)


@pytest.mark.slow
def test_processes_side_by_side_leave_one_copy(settings: Settings) -> None:
    for number in range(20):
        land(settings, number % 5, f"{number}", list(range(50)))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_ingest, args=(settings,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    assert content(settings) == expected(settings)


@pytest.mark.slow
def test_a_killed_ingest_done_again_is_as_if_nothing_had_happened(settings: Settings, tmp_path: Path) -> None:
    rng = random.Random(5)
    code = (
        "import pickle, sys; from orchestration import lake\n"
        f"settings = pickle.load(open(sys.argv[1], 'rb')); print(1, flush=True); lake.ingest(settings, {TABLE!r})"
    )
    (tmp_path / "settings").write_bytes(pickle.dumps(settings))
    killed = 0
    for _ in range(5):
        for number in range(6):
            land(settings, number % 3, f"{number}", [rng.randrange(1000) for _ in range(3000)], rng.randrange(-1, 1))
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "settings")], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.6))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        process.stdout.close()
        seen = content(settings)
        assert max(seen.values(), default=1) == 1, "readers never see a row twice"
    lake.ingest(settings, TABLE)
    assert content(settings) == expected(settings)
    assert killed > 0
