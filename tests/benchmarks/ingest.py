"""What ingest costs against a bare typed read of the same beacons, and how fast small deliveries go. Run by hand.

    python tests/benchmarks/ingest.py [--rows 2000000] [--rounds 3]

Each measurement is a process of its own; its user and system time is counted, without that of the interpreter's start.
The baseline is `create table … as select * from read_json(…, columns = …)` with two threads into a new DuckDB file:
rows that are there tomorrow, as ingest's are, but nothing hashed, stripped, numbered or dated. The same into memory,
where nothing is compressed or written, is printed beside it. The median of some rounds is taken, because one alone is
off by a third on a shared machine.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from operator import itemgetter
from pathlib import Path

DAY = date(2026, 11, 20)
NOON = 1795176000000


def main() -> None:
    """Makes the files, measures, and prints each cost with its ratio to the baseline."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "HOME"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], Path(arguments.measure[1]))))
        return
    folder = Path(tempfile.mkdtemp(prefix="ingest-"))
    try:
        report(folder, arguments.rows, arguments.rounds)
    finally:
        shutil.rmtree(folder)


def report(folder: Path, rows: int, rounds: int) -> None:
    """Prints the table of results."""
    write_beacons(folder / "clean", rows, 0)
    write_beacons(folder / "bad", rows, 162)
    write_small(folder / "small", 2000, 100)
    write_small(folder / "one", 1, 1000)
    size = (folder / "clean" / "landing" / f"{DAY}" / "beacons-0.ndjson").stat().st_size
    print(f"{rows:,} beacons, {size / 1e9:.2f} GB, median of {rounds} rounds")
    measured = [
        (
            run("file", folder / "clean"),
            run("memory", folder / "clean"),
            *(again(folder / what) for what in ("clean", "bad")),
        )
        for _ in range(rounds)
    ]
    file, memory, clean, bad = (
        sorted(found, key=itemgetter("cpu"))[rounds // 2] for found in zip(*measured, strict=True)
    )
    print(f"{'bare read into a file':28} {file['cpu']:6.2f} CPU-s")
    print(f"{'bare read into memory':28} {memory['cpu']:6.2f} CPU-s")
    for what, found, limit in (("clean", clean, 1.4), ("bad", bad, 2.0)):
        ratio, to_memory = found["cpu"] / file["cpu"], found["cpu"] / memory["cpu"]
        print(f"{'ingest, ' + what:28} {found['cpu']:6.2f} CPU-s   ×{ratio:.2f} (at most {limit})", end="   ")
        print(f"to memory ×{to_memory:.2f}   {found['wall']:.1f} s", end="   ")
        print(f"{found['rss_mb']:.0f} MB resident (at most 512), {found['rejected']} rejects")
    found = run("ingest", folder / "small")
    print(f"{'2000 files of 100 lines':28} {found['cpu']:6.2f} CPU-s   {found['wall']:.1f} s")
    found = run("warm", folder / "one")
    print(f"{'one file of 1000 lines, warm':28} {found['wall'] * 1000:6.1f} ms")


def again(home: Path) -> dict[str, float]:
    """Measures an ingest into an empty lake."""
    shutil.rmtree(home / "lake", ignore_errors=True)
    return run("ingest", home)


def run(what: str, home: Path) -> dict[str, float]:
    """Measures in a process of its own."""
    command = [sys.executable, __file__, "--measure", what, str(home)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(what: str, home: Path) -> dict[str, float]:
    """Does the work and returns its cost: CPU seconds, wall seconds, largest resident memory, rejects."""
    from orchestration import lake
    from orchestration.settings import load_settings
    from orchestration.sources import FEEDS

    raw_table = "raw_web_vitals.beacons"
    settings = replace(load_settings(), home=home)
    rejected = 0
    if what == "warm":
        lake.ingest(settings, raw_table)
        write_small(home, 1, 1000, seed=2)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    if what in ("file", "memory"):
        database = str(home / "bare.duckdb") if what == "file" else ":memory:"
        bare_read(home / "landing" / f"{DAY}" / "beacons-0.ndjson", FEEDS[raw_table], database)
    else:
        rejected = lake.ingest(settings, raw_table).total("rows_rejected")
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": wall, "rss_mb": after.ru_maxrss / 1024, "rejected": rejected}


def bare_read(path: Path, feed, database: str) -> None:  # type: ignore[no-untyped-def]
    """Reads the file into a table of a new database, typed as in the lake, and does nothing else."""
    import duckdb

    types = {"number": "DOUBLE", "boolean": "BOOLEAN", "object": "JSON"}
    columns = {field.key: types.get(field.kind, "VARCHAR") for field in feed.fields}
    Path(database).unlink(missing_ok=True)
    with duckdb.connect(database, config={"threads": "2"}) as connection:
        connection.execute(
            f"create table t as select * from read_json($1, columns = {columns}, format = 'newline_delimited')",
            [str(path)],
        )


def write_beacons(home: Path, rows: int, bad: int) -> None:
    """Writes `rows` reports of about 500 bytes, `bad` of them cut off at random."""
    rng = random.Random(1)
    cut = set(rng.sample(range(rows), bad))
    path = home / "landing" / f"{DAY}" / "beacons-0.ndjson"
    path.parent.mkdir(parents=True)
    with path.open("w") as stream:
        for number in range(rows):
            line = beacon(rng, number)
            stream.write((line[: rng.randrange(len(line))] if number in cut else line) + "\n")


def write_small(home: Path, files: int, lines: int, seed: int = 1) -> None:
    """Writes many small deliveries of one day."""
    rng = random.Random(seed)
    folder = home / "landing" / f"{DAY}"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        text = "".join(beacon(rng, line) + "\n" for line in range(lines))
        (folder / f"beacons-{seed}-{number:05}.ndjson").write_text(text)


def beacon(rng: random.Random, number: int) -> str:
    """Returns one report; every seventh page has a query string."""
    query = "?utm_source=mail&x=1#top" if number % 7 == 0 else ""
    url = f"https://shop.example.com/products/{number % 5000}{query}"
    value = round(rng.lognormvariate(7, 0.6), 1)
    return (
        f'{{"name":"{("LCP", "INP", "CLS", "FCP", "TTFB")[number % 5]}","value":{value},"delta":{value},'
        f'"id":"v6-{NOON + number}-{rng.getrandbits(42)}","rating":"good","navigationType":"navigate","url":"{url}",'
        f'"attribution":{{"target":"#main>div.hero>img","timeToFirstByte":{value / 3:.1f},"elementRenderDelay":3.25}},'
        f'"ts":{NOON + number % 36_000_000},"page_view_id":"{rng.getrandbits(128):032x}",'
        f'"session_id":"{rng.getrandbits(64):016x}",'
        f'"user_id":"u{number % 300_000}","device":"mobile","country":"DE","browser":"Chrome","os":"Android",'
        '"time_zone":"Europe/Berlin","release":"2026.11.3","connection":"4g"}'
    )


if __name__ == "__main__":
    main()
