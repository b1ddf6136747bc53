"""The daily run as people start it: the real command, Dagster instance, dbt, DuckDB and files."""

import gzip
import json
import random
import shutil
import signal
import time

import duckdb
import pytest

pytestmark = pytest.mark.slow


def deliver(site):
    """The later days arrive in landing."""
    for day in site.later.iterdir():
        shutil.copytree(day, site.landing / day.name)


def whole(site):
    """Whether what people see is one whole release, right now."""
    release = site.published.resolve()
    status = json.loads((release / "status.json").read_text())
    with duckdb.connect(str(release / "marts.duckdb"), read_only=True) as connection:
        (newest,) = connection.execute("select max(event_date) from executive.fct_kpi_daily").fetchone()
    pages = {path.name for path in release.glob("*.html")}
    assert {"index.html", "experience.html", "reliability.html", "data-quality.html"} <= pages
    assert str(newest) == status["as_of"]
    assert all("</html>" in (release / page).read_text() for page in pages)
    return True


def test_a_published_site_has_rows_in_every_mart_that_its_exports_feed(small_site):
    counts = {name.replace('"', ""): count for name, (count, _) in small_site.marts().items()}
    empty = sorted(
        name for name, count in counts.items() if not count and not name.startswith(("reports.", "predictions."))
    )
    assert empty == ["experience.fct_fid_daily"]
    assert whole(small_site)


def test_a_second_run_ingests_nothing_and_changes_no_row_of_a_mart(site):
    before = site.marts()
    files = site.rows("select count(*), sum(rows_kept) from operations.fct_ingested_files")
    site.command("run")
    assert site.marts() == before
    assert site.rows("select count(*), sum(rows_kept) from operations.fct_ingested_files") == files


def test_running_an_old_day_again_changes_no_row_of_a_mart(site):
    before = site.marts()
    site.command("run", "--date", "2026-10-30")
    assert site.marts() == before


def test_a_range_of_days_is_one_run_and_gives_what_day_by_day_gives(site, tmp_path):
    daily = site.copy(tmp_path / "daily")
    deliver(site)
    site.command("run", "--from", "2026-11-18", "--to", "2026-11-20")
    for day in sorted(daily.later.iterdir()):
        shutil.copytree(day, daily.landing / day.name)
        daily.command("run", "--date", day.name)
    kept = {name: rows for name, rows in site.marts().items() if "predictions" not in name and "quality" not in name}
    assert kept == {name: rows for name, rows in daily.marts().items() if name in kept}


def test_a_run_killed_at_any_point_is_made_good_by_the_same_command(site, tmp_path):
    undisturbed = site.copy(tmp_path / "undisturbed")
    for home in (site, undisturbed):
        deliver(home)
    undisturbed.command("run")
    for moment in (
        lambda: any((site.home / "lake" / "_work").glob("*")),
        lambda: (site.home / "warehouse.duckdb.wal").exists(),
        lambda: any((site.home / "releases").glob(".building-*")),
    ):
        killed_at(site, moment)
    site.command("run")
    assert site.marts() == undisturbed.marts()
    assert site.status()["as_of"] == "2026-11-20"
    assert not any((site.home / "releases").glob(".building-*"))


def killed_at(site, moment):
    """Starts a run, kills it at the moment, and watches all the while that what is published is whole."""
    run = site.start("run")
    deadline = time.monotonic() + 300
    while not moment():
        assert whole(site)
        assert run.poll() is None, f"ended before the moment came:\n{run.stdout.read()}"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert whole(site)


def test_a_damaged_landing_gives_every_good_row_and_a_reject_for_each_bad_one(site):
    damage = random.Random(1)
    lines = mangled = 0
    deliver(site)
    file = next((site.landing / "2026-11-18").glob("beacons*.ndjson.gz"))
    good = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    bad = set(damage.sample(range(len(good)), len(good) // 10))
    file.write_bytes(gzip.compress(b"".join(b'{"mangled\n' if n in bad else line for n, line in enumerate(good))))
    lines, mangled = len(good), len(bad)
    cut = next((site.landing / "2026-11-19").glob("beacons*.ndjson.gz"))
    cut.write_bytes(cut.read_bytes()[:-200])
    (site.landing / "2026-11-20" / "orders.csv").write_bytes(damage.randbytes(5000))
    site.command("run")
    (row,) = site.rows(
        "select rows_read, rows_kept, rows_rejected from operations.fct_ingested_files"
        f" where source_file like '2026-11-18/{file.name}'"
    )
    assert row[0] == lines
    assert row[2] >= mangled
    assert row[1] + row[2] == lines
    assert site.rows(f"select rows_kept > 0 from operations.fct_ingested_files where source_file like '%{cut.name}'")
    assert site.rows(
        "select sum(rows_read) = sum(rows_kept + rows_rejected + rows_after_close) from operations.fct_ingested_files"
    ) == [(True,)]


def test_a_run_waits_for_another_one_and_says_so(site):
    first, second = site.start("run"), site.start("run")
    said = [process.communicate(timeout=600)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert sum("Waiting for another run" in text for text in said) == 1


def test_a_failing_step_is_said_in_words_and_on_the_pages_and_the_next_run_recovers(site):
    deliver(site)
    before = site.published.resolve()
    folder = site.home / "quality"
    shutil.rmtree(folder)
    folder.write_text("a file stands where a folder belongs")
    said = site.command("run", exits=1)
    assert "operations.fct_quality_results failed" in said
    assert site.published.resolve() != before
    assert "failed" in site.status()["blocked"]["reasons"][0]
    assert site.status()["as_of"] == "2026-11-17"
    folder.unlink()
    site.command("run")
    assert site.status()["blocked"] is None
    assert site.status()["as_of"] == "2026-11-20"
