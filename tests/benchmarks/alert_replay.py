"""What it takes to replay the rules of alerts over published history: 90 days, as the command does it.

Run by hand: `python -m tests.benchmarks.alert_replay [--days 90] [--home DIR]`. The baseline is to copy the published
judgements of these days into memory, which is the least that judging them again could cost. Stated limit: under 8
seconds of processor time. A home that is named is kept, and used again if something is published in it.
"""

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from orchestration.simulate import simulate
from tests.conftest import Site

END = date(2026, 11, 22)
_PAGE_VIEWS_PER_DAY = 600
_LIMIT_S = 8


def main() -> None:
    """Prints the figures, and whether the stated limit holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(arguments.home or Path(folder) / "home")
        if not (site.published / "marts.duckdb").exists():
            simulate(site.landing, arguments.days, END, 1, _PAGE_VIEWS_PER_DAY)
            site.command("run")
        judgements, first, last, baseline = _copied(site, arguments.days)
        days = ("--from", str(first), "--to", str(last))
        site.command("alerts", "replay", *days)  # compiles the program
        began = _children_s()
        site.command("alerts", "replay", *days)
        seconds = _children_s() - began
    kept = "kept" if seconds < _LIMIT_S else "NOT KEPT"
    print(f"{judgements:,} judgements of {(last - first).days + 1} days: {seconds:.1f} s of processor, {kept}")
    print(f"copying them takes {baseline:.1f} s: {seconds / baseline:.0f} times as long")


def _copied(site: Site, days: int) -> tuple[int, date, date, float]:
    """How many judgements of the newest days are published, of which, and what copying them costs the processor."""
    began = time.process_time()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{(site.published / 'marts.duckdb').resolve()}' as published (read_only)")
        connection.execute(
            "create table copied as select * from published.alerts.fct_rule_evaluations"
            " where event_date > (select max(event_date) from published.alerts.fct_rule_evaluations) - ?::integer",
            [days],
        )
        rows = connection.execute("select count(*), min(event_date), max(event_date) from copied").fetchall()
    return (*rows[0], time.process_time() - began)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
