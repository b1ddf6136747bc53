"""What a day costs the transform, with 10 and with 400 days of history, against the rebuild of all days.

Run by hand: `python -m tests.benchmarks.transform [--views 16667] [--days 400] [--memory 4GB]`: by default 100 000
reports a day, some 20 CPU minutes. `--memory` is what DuckDB may use; printed is the most that the process held.
Beacons are made straight into the lake's Parquet layout, so that only the transform is measured: preparing, dbt and
finishing, in CPU seconds of this process, and how many of them were spent in DuckDB; the rest is what dbt costs in
Python, whatever the data: some 7 s, beside which the ratio to the rebuild says little with few views a day (16 with
6 000). Stated limits: a day at 400 days costs at most 1.3 times that at 10 days, and 25 times less than the rebuild,
which takes at most 6 GB.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

from orchestration import dbt, warehouse
from orchestration.settings import Settings, load_settings
from orchestration.settings.model import Warehouse
from orchestration.warehouse.ledger import create_ledger, queue
from orchestration.warehouse.raw import RAW_COLUMNS

TABLE = "raw_web_vitals.beacons"
LAST_DAY = date(2026, 11, 20)
MEMORY_LIMIT_MB = 6_000

_REPORTS = """
select
    * exclude (n, moment),
    value as delta,
    'v5-' || epoch_ms(moment) || '-' || n || name as id,
    md5(event_date || ' ' || n) as page_view_id,
    md5(event_date || ' session ' || n // 4) as session_id,
    'https://shop.example/' || ['', 'product/' || n % 100, 'cart'][1 + n % 3] as url,
    'navigate' as navigation_type,
    ['mobile', 'desktop', 'tablet'][1 + n // 4 % 3] as device,
    ['DE', 'US', 'FR', 'GB', 'AT', 'CH', 'BR', 'IN'][1 + n // 4 % 8] as country,
    'Chrome' as browser,
    'Android' as os,
    moment as received_at,
    'bench/' || event_date as _source_file,
    row_number() over () as _source_line,
    event_date as _export_date
from (
    select
        n,
        $day as event_date,
        $day + to_milliseconds(cast(n * 86000000.0 / $views as bigint)) as moment,
        unnest(['page_view', 'TTFB', 'FCP', 'LCP', 'CLS', 'INP']) as name,
        unnest([null, 80 + n % 400, 300 + n % 2500, 500 + n % 4500, (n % 300) / 1000.0, (n % 70) * 8]) as value
    from range($views) as views (n)
)
"""


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--views", type=int, default=16_667, help="page views a day")
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--memory", default="4GB", help="what DuckDB may use")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DBT_TARGET_PATH"] = f"{folder}/dbt"
        _, short = costs(Path(folder) / "short", 10, arguments.views, arguments.memory)
        rebuild, long = costs(Path(folder) / "long", arguments.days, arguments.views, arguments.memory)
    for index, what in enumerate(("in all", "in DuckDB")):
        print(
            f"{what}: one day at 10 days {short[index]:.2f} CPU-s, at {arguments.days} days {long[index]:.2f}: "
            f"{long[index] / short[index]:.2f} times; the rebuild {rebuild[index]:.2f}: "
            f"{rebuild[index] / long[index]:.1f} times one day"
        )


def costs(home: Path, days: int, views: int, memory: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """CPU seconds, in all and in DuckDB, of the rebuild of all days and of one more day (the median of three)."""
    usual = load_settings()
    config = usual.config.model_copy(update={"warehouse": Warehouse(memory=memory)})
    settings = replace(usual, home=home, config=config)
    _fill(settings, days, views)
    rebuild = _cpu(lambda: _run(settings))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"rebuild of {days} days: {rebuild[0]:.1f} CPU-s, {held:,.0f} MB, {held / MEMORY_LIMIT_MB:.2f} of the limit",
        flush=True,
    )
    repeated = []
    for _ in range(3):
        with warehouse.connect(settings) as connection:
            queue(connection, TABLE, {LAST_DAY})
        repeated.append(_cpu(lambda: _run(settings)))
    return rebuild, sorted(repeated)[1]


def _run(settings: Settings) -> None:
    with warehouse.writing(settings):
        prepared = warehouse.prepare(settings, LAST_DAY)
        dbt.build(settings, exclude=["fqn:beaconmart.reports"], full_refresh=prepared.full_refresh)
        warehouse.finish(settings)


def _fill(settings: Settings, days: int, views: int) -> None:
    """Writes a Parquet file a day, and the ledger as if each had been ingested."""
    dbt.parse(settings)
    with warehouse.connect(settings) as connection:
        create_ledger(connection)
        columns = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in RAW_COLUMNS[TABLE].items())
        writer = duckdb.connect()
        for back in range(days):
            day = LAST_DAY - timedelta(days=back)
            path = settings.lake / "raw_web_vitals/beacons" / f"event_date={day}" / "bench.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            made = _REPORTS.replace("$day", f"date '{day}'").replace("$views", str(views))
            writer.execute(
                f"copy (select * from (select {columns} where false) union all by name ({made})) to '{path}'"
            )
            name = str(path.relative_to(settings.lake))
            connection.execute("insert into pipeline.raw_files values (?, 'bench', ?, ?)", [TABLE, name, day])
            connection.execute(
                "insert into pipeline.ingested_files select ?, 'bench', ?, 'x', 'live', ?, ?, 0, 0, 0, ?, [?]",
                [TABLE, name, views * 6, views * 6, day, day],
            )


def _cpu(work: Callable[[], object]) -> tuple[float, float]:
    inside = 0.0
    execute = DuckDBCursorWrapper.execute

    def timed(self: DuckDBCursorWrapper, sql: str, bindings: object = None) -> object:
        nonlocal inside
        start = time.process_time()
        try:
            return execute(self, sql, bindings)
        finally:
            inside += time.process_time() - start

    DuckDBCursorWrapper.execute = timed
    start = time.process_time()
    try:
        work()
    finally:
        DuckDBCursorWrapper.execute = execute
    return time.process_time() - start, inside


if __name__ == "__main__":
    main()
