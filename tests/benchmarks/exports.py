"""How much memory and CPU an export of many rows takes, format by format, against DuckDB's own bare copy. Run by hand.

    python -m tests.benchmarks.exports [--rows 10000000]

Each measurement is a process of its own: its user and system time, and the most memory that it ever held. The rows are
like page views: a key, a path, a formula that a stranger sent in one of a hundred, numbers and a time. The baseline is
`copy … to` of the same table on a connection without guard, with nothing made harmless; XLSX, of which a sheet holds a
million rows, has none.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb

from orchestration import exports
from orchestration.selecting import Wanted

TABLE = """
create schema experience;
create table experience.fct_page_views as
select
    md5(i::varchar) as page_view_id,
    if(i % 100 = 0, '=HYPERLINK(' || i || ')', '/product/' || i % 5000) as url_path,
    ['mobile', 'tablet', 'desktop'][1 + i % 3] as device,
    (i * 37 % 9000)::double as lcp_ms,
    (i % 17 / 100)::double as cls,
    i % 7 = 0 as has_error,
    date '2026-01-01' + (i // 40000)::int as event_date,
    timestamp '2026-01-01' + interval (i) second as started_at
from range({rows}) as r(i)
"""
BARE = {"csv": "format csv, header", "json": "format json, array true", "parquet": "format parquet, compression zstd"}


def main() -> None:
    """Makes the table, measures each format, prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "FORMAT", "HOME"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        what, format_, home = arguments.measure
        print(json.dumps(measure(what, format_, Path(home))))
        return
    with tempfile.TemporaryDirectory(prefix="exports-") as folder:
        home = Path(folder)
        (home / "published").mkdir()
        # In a process of its own too: a child is charged with the memory of the one that it was forked from.
        run("make", str(arguments.rows), home)
        print(f"{arguments.rows:,} rows; what only imports holds {run('nothing', '-', home)[2]} MB")
        for format_ in ("csv", "json", "parquet", "xlsx"):
            seconds, cpu, peak, size = run("export", format_, home)
            line = f"{format_:<8} {size / 1e6:7.0f} MB file {peak:6.0f} MB memory {seconds:6.1f} s {cpu:6.1f} CPU-s"
            if format_ in BARE:
                _, bare_cpu, bare_peak, _ = run("bare", format_, home)
                line += f"   bare copy {bare_peak:6.0f} MB {bare_cpu:6.1f} CPU-s   ratio {cpu / bare_cpu:.2f}"
            print(line, flush=True)


def run(what: str, format_: str, home: Path) -> list[float]:
    """Seconds, CPU-seconds, peak memory (MB) and file size (bytes) of one measurement in its own process."""
    command = [sys.executable, "-m", "tests.benchmarks.exports", "--measure", what, format_, str(home)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(what: str, format_: str, home: Path) -> list[float]:
    """Does one export in this process."""
    settings = SimpleNamespace(published=home / "published", landing=home / "landing", home=home)
    out = home / f"out.{format_}"
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    if what == "export":
        where = "event_date < date '2026-01-26'" if format_ == "xlsx" else ""
        exports.export(settings, Wanted("fct_page_views", where=where), None, str(out))
    elif what == "make":
        with duckdb.connect(str(settings.published / "marts.duckdb")) as connection:
            connection.execute(TABLE.format(rows=int(format_)))
    elif what == "bare":
        with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
            connection.execute(f"copy experience.fct_page_views to '{out}' ({BARE[format_]})")
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    size = out.stat().st_size if out.exists() else 0
    out.unlink(missing_ok=True)
    return [time.monotonic() - began, cpu, round(used.ru_maxrss / 1024), size]


if __name__ == "__main__":
    main()
