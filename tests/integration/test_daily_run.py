"""The daily run as people start it: the real command, Dagster instance, dbt, DuckDB and files."""

import gzip
import json
import random
import shutil
import signal
import subprocess
import sys
import time

import duckdb
import pytest

from tests.conftest import Site
from tests.integration import alert_lab
from tests.unit.reports.test_one_truth import contradictions

pytestmark = pytest.mark.slow

MANGLED_SHARE = 10  # one line in so many
MANGLED_DAY, CUT_DAY, BINARY_DAY = "2026-11-18", "2026-11-19", "2026-11-20"
PUBLISH_ONLY = """
import sys
import dagster as dg
from orchestration import runs
from orchestration.definitions import beaconmart
from orchestration.settings import load_settings
job = beaconmart().resolve_job_def(runs.DAILY)
with runs.open_instance(load_settings()) as instance:
    release = [dg.AssetKey(["published", "release"])]
    result = job.execute_in_process(instance=instance, asset_selection=release, raise_on_error=False)
sys.exit(not result.success)
"""


def deliver(site):
    """The later days arrive in landing, damaged: a tenth of the lines mangled, a file cut off, a file that is none."""
    chance = random.Random(1)
    for day in site.later.iterdir():
        shutil.copytree(day, site.landing / day.name)
    mangled = site.landing / MANGLED_DAY / "beacons.ndjson.gz"
    lines = gzip.decompress(mangled.read_bytes()).splitlines(keepends=True)
    bad = set(chance.sample(range(len(lines)), len(lines) // MANGLED_SHARE))
    broken = [b'{"name": "LCP", mangled\n' if number in bad else line for number, line in enumerate(lines)]
    mangled.write_bytes(gzip.compress(b"".join(broken), mtime=0))
    cut = site.landing / CUT_DAY / "beacons.ndjson.gz"
    cut.write_bytes(cut.read_bytes()[:-200])
    (site.landing / BINARY_DAY / "errors.ndjson").write_bytes(chance.randbytes(5000))


def assert_whole(site):
    """What people see is one whole release, right now."""
    release = site.published.resolve()
    status = json.loads((release / "status.json").read_text())
    with duckdb.connect(str(release / "marts.duckdb"), read_only=True) as connection:
        (newest,) = connection.execute("select max(event_date) from executive.fct_kpi_daily").fetchone()
    pages = {path.name: path.read_text() for path in release.glob("*.html")}
    assert {"index.html", "experience.html", "reliability.html", "data-quality.html"} <= pages.keys()
    assert str(newest) == status["as_of"]
    assert [name for name, text in pages.items() if "</html>" not in text] == []


@pytest.fixture(scope="module")
def undisturbed(small_site, tmp_path_factory):
    """The site after a run, from which nothing came between, on the damaged later days."""
    site = small_site.copy(tmp_path_factory.mktemp("undisturbed") / "home")
    deliver(site)
    site.command("run")
    return site


def test_a_published_site_has_rows_in_every_mart_that_its_exports_feed(small_site):
    counts = {name.replace('"', ""): count for name, (count, _) in small_site.marts().items()}
    empty = [name for name, count in counts.items() if not count and not name.startswith(("reports.", "predictions."))]
    # Nobody is to be told, FID is of the past, and there is no access log.
    assert empty == ["alerts.notifications", "experience.fct_fid_daily", "experience.fct_page_requests_daily"]
    assert_whole(small_site)


def test_no_two_pages_of_a_published_site_show_two_figures_of_one_kpi(small_site):
    texts = {path.name: path.read_text() for path in small_site.published.glob("*.html")}
    assert contradictions(texts) == {}


def test_availability_is_one_number_wherever_it_is_told(small_site):
    told = small_site.status()
    (target,) = [target for target in told["targets"] if target["target"] == "availability"]
    interval = ("value", "value_lower", "value_upper")
    assert [told["metrics"]["availability_share"][key] for key in interval] == pytest.approx(
        [target[key] for key in interval], rel=1e-12
    )
    assert told["uptime"]["availability_share"] == told["metrics"]["availability_share"]["value"]


def test_a_damaged_landing_gives_every_good_row_and_a_reject_for_each_bad_one(undisturbed):
    columns = "source_file, rows_read, rows_kept, rows_rejected, rows_after_close"
    files = {path: counts for path, *counts in undisturbed.rows(f"select {columns} from operations.fct_ingested_files")}
    lines = len(gzip.decompress((undisturbed.later / MANGLED_DAY / "beacons.ndjson.gz").read_bytes()).splitlines())
    assert [path for path, counts in files.items() if counts[0] != sum(counts[1:])] == []
    read, kept, rejected, _ = files[f"{MANGLED_DAY}/beacons.ndjson.gz"]
    assert read == lines
    # Lines that the simulator spoils itself may be among those that were mangled here.
    assert lines // MANGLED_SHARE <= rejected <= lines // MANGLED_SHARE + 0.05 * read
    assert files[f"{CUT_DAY}/beacons.ndjson.gz"][1] > 0.5 * kept
    assert files[f"{BINARY_DAY}/errors.ndjson"][1] == 0
    assert files[f"{BINARY_DAY}/errors.ndjson"][2] > 0


@pytest.fixture(scope="module")
def killed(small_site, tmp_path_factory):
    """The same site and days, the run killed three times; then it is begun twice at once, the second for an old day."""
    site = small_site.copy(tmp_path_factory.mktemp("killed") / "home")
    deliver(site)
    for moment in (
        lambda: (site.home / "lake" / "raw_web_vitals" / "beacons" / "_manifest" / f"{MANGLED_DAY}.json").exists(),
        lambda: (site.home / "warehouse.duckdb.wal").exists(),
        lambda: any((site.home / "releases").glob(".building-*")),
    ):
        kill_at(site, moment)
    first = site.start("run")
    while (site.home / "warehouse.lock").read_text() != str(first.pid):
        assert first.poll() is None, first.stdout.read()
        time.sleep(0.05)
    processes = [first, site.start("run", "--date", "2026-10-30")]
    said = [process.communicate(timeout=600)[0] for process in processes]
    return site, [process.returncode for process in processes], said


@pytest.fixture(scope="module")
def marts(killed, undisturbed):
    """Those of the site that was killed, and those of the one that was not."""
    return killed[0].marts(), undisturbed.marts()


def kill_at(site, moment):
    """Start a run, kill it at the moment, and watch all the while that what is published is whole."""
    run = site.start("run")
    deadline, looked_at, seen = time.monotonic() + 300, 0.0, None
    while not moment():
        # A look at everything takes 30 ms of the other core; what is published changes where the link does.
        if (release := site.published.resolve()) != seen or time.monotonic() > looked_at + 1:
            assert_whole(site)
            seen, looked_at = release, time.monotonic()
        assert run.poll() is None, f"ended before the moment came:\n{run.stdout.read()}"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert_whole(site)


def test_a_run_killed_at_any_point_is_made_good_by_the_same_command(killed, marts):
    site, codes, said = killed
    assert codes[0] == 0, said[0]
    assert marts[0] == marts[1]
    assert site.status()["as_of"] == BINARY_DAY
    assert not any((site.home / "releases").glob(".building-*"))


def test_two_runs_at_once_wait_for_each_other_and_a_run_again_changes_no_row_of_a_mart(killed, marts):
    _, codes, said = killed
    assert codes == [0, 0], said
    assert ["Waiting for another run" in text for text in said] == [False, True]
    assert marts[0] == marts[1]


def test_orders_that_a_changed_configuration_would_lose_are_alerted_and_not_published_over_those_that_were(
    site, tmp_path, monkeypatch
):
    """The exports were archived after they were read, so that nothing tells their orders from lost ones any more."""
    webhook = alert_lab.Webhook()
    monkeypatch.setenv(alert_lab.URL_ENV, webhook.url)
    site = Site(site.home, shutil.copytree(site.config, tmp_path / "config"))
    shutil.move(site.landing, tmp_path / "archive")
    release, before = site.published.resolve(), site.status()
    rates = (site.config / "beaconmart.yml").read_text().replace("  targets: []", alert_lab.TARGET)
    (site.config / "beaconmart.yml").write_text(rates.replace("    GBP: 1.17\n", ""))
    said = site.command("run", exits=1)
    reason = "every order is in the marts: observed "
    assert "failed: Publishing is blocked; the release before stays" in said
    assert reason in said
    assert (site.published / "marts.duckdb").samefile(release / "marts.duckdb")
    pages = [page.read_text() for page in site.published.glob("*.html")]
    assert [page for page in pages if "was not published: these pages show data to" not in page] == []
    told = site.status()
    assert reason in told["blocked"]["reasons"][0]
    assert "orders that were delivered and are not in the mart" in told["blocked"]["reasons"][0]
    assert told["metrics"] == before["metrics"]
    assert reason in site.command("status", exits=2)
    assert "every_order_is_in_the_marts" in site.command("alerts", "list")
    assert webhook.wait_for("[critical] data check failed", "every order is in the marts", timeout_s=0)
    (site.config / "beaconmart.yml").write_text(rates)
    site.command("run")
    assert site.status()["blocked"] is None
    assert "was not published" not in (site.published / "index.html").read_text()
    assert "every_order_is_in_the_marts" not in site.command("alerts", "list")


def test_a_falsehood_is_not_published_and_the_pages_say_why(undisturbed, tmp_path):
    site = undisturbed.copy(tmp_path / "home")
    release = site.published.resolve()
    with duckdb.connect(str(site.home / "warehouse.duckdb")) as connection:
        connection.execute(
            "update operations.fct_quality_results set is_passed = false, observed = '3', missing = 'three orders'"
            " where check_name = 'every_order_is_in_the_marts'"
        )
    done = subprocess.run([sys.executable, "-c", PUBLISH_ONLY], env=site.environment(), cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert site.published.resolve() != release
    assert (site.published / "marts.duckdb").read_bytes() == (release / "marts.duckdb").read_bytes()
    reason = "every order is in the marts: observed 3"
    assert reason in site.status()["blocked"]["reasons"][0]
    assert reason in (site.published / "index.html").read_text()
    said = site.command("status", exits=2)
    assert reason in said
    assert "three orders" in said
