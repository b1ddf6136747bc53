"""Real releases of a real warehouse file: whole at any moment, readable throughout, blocked with a reason."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import duckdb
import jsonschema
import pytest

from orchestration import dbt, publish
from orchestration.settings import load_settings
from tests.unit.reports.synthetic import AS_OF, ROOT, fill

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]
GENERATED_AT = datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)
FAILING = {
    "suite": "retention",
    "check_name": "no_day_is_missing",
    "asset": "executive/fct_kpi_daily",
    "is_passed": False,
    "is_blocking": True,
    "observed": "89 of 90",
    "expected": "90 of 90",
    "missing": "2026-10-07 <b>",
}
CHILD = """
import sys
from datetime import UTC, date, datetime
from orchestration import publish
from orchestration.settings import load_settings
say = lambda done, total, detail: print(done, flush=True)
publish.publish(load_settings(), date(2026, 11, 1), [], datetime.now(UTC), progress=say)
"""
READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
digest = "select sum(hash(k)) from executive.fct_kpi_daily k"
before = connection.execute(digest).fetchone()
running = connection.cursor().execute("select a.kpi from executive.fct_kpi_daily a, executive.fct_kpi_daily b")
rows = len(running.fetchmany(100_000))
print("reading", flush=True)
sys.stdin.readline()
while chunk := running.fetchmany(500_000):
    rows += len(chunk)
print(rows, connection.execute(digest).fetchone() == before, flush=True)
"""


@pytest.fixture(scope="module")
def synthetic_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        fill(connection)
    return path


@pytest.fixture
def settings(synthetic_file, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BEACONMART_CONFIG", str(ROOT / "config"))
    # The table docs are the costly part, and the same for all: written once, by the first test that publishes.
    found = load_settings()
    found.home.mkdir()
    shutil.copy(synthetic_file, found.warehouse)
    keep = synthetic_file.parent / "docs.html"

    def docs(settings, out_dir, write=dbt.docs):
        if not keep.exists():
            keep.write_bytes(write(settings, out_dir).read_bytes())
        out_dir.mkdir(exist_ok=True)
        shutil.copy(keep, out_dir / "index.html")

    monkeypatch.setattr(dbt, "docs", docs)
    return found


def document(settings):
    content = json.loads((settings.published / "status.json").read_text())
    jsonschema.validate(content, json.loads((ROOT / "orchestration/schemas/status.schema.json").read_text()))
    return content


def is_whole(settings):
    """Every page, the marts and the status are there, and of one generation."""
    folder = settings.published.resolve()
    pages = list(folder.glob("*.html"))
    linked = {name for page in pages for name in re.findall(r'href="([\w-]+\.html)', page.read_text())}
    assert linked == {page.name for page in pages}
    assert len(pages) > 20
    assert all(page.read_text().rstrip().endswith("</html>") for page in pages)
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from executive.fct_kpi_daily").fetchone() == (3000,)
    return json.loads((folder / "status.json").read_text())["release"]


def test_a_release_holds_pages_marts_exports_docs_and_status(settings, tmp_path):
    data_docs = tmp_path / "data-docs"
    data_docs.mkdir()
    (data_docs / "index.html").write_text("<p>checks</p>")
    told = []
    release = publish.publish(settings, AS_OF, [], GENERATED_AT, data_docs, lambda *step: told.append(step))
    assert is_whole(settings) == release.id
    assert [done for done, _, _ in told] == [0, 1, 2, 3, 4, 5]
    assert document(settings)["blocked"] is None
    assert "fct_kpi_daily" in (settings.published / "docs/index.html").read_text()
    index = (settings.published / "index.html").read_text()
    assert 'href="data-docs/index.html"' in index and 'href="docs/index.html"' in index
    export = settings.published / "exports/rpt_mission_targets.parquet"
    assert duckdb.sql(f"select count(*) from '{export}'").fetchall() == [(7,)]
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        tags = connection.execute("select tags from duckdb_databases() where not internal").fetchone()[0]
    assert "v1.2" in str(tags)


def test_the_docs_of_an_unchanged_project_are_not_written_again(settings, monkeypatch):
    first = publish.publish(settings, AS_OF, [], GENERATED_AT)
    second = publish.publish(settings, AS_OF, [], GENERATED_AT + timedelta(days=1))
    assert (second.path / "docs/index.html").samefile(first.path / "docs/index.html")
    monkeypatch.setattr(dbt, "project_state", lambda: "of another project")
    third = publish.publish(settings, AS_OF, [], GENERATED_AT + timedelta(days=2))
    assert not (third.path / "docs/index.html").samefile(first.path / "docs/index.html")


def test_an_analyst_s_running_query_survives_many_publishes(settings):
    publish.publish(settings, AS_OF, [], GENERATED_AT)
    command = [sys.executable, "-c", READER, str(settings.published / "marts.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "reading\n"
        first = settings.published.resolve()
        for minutes in range(1, 4):
            publish.publish(settings, AS_OF, [], GENERATED_AT + timedelta(minutes=minutes))
        assert not first.exists(), "the release that is being read should be gone from the folder"
        assert reader.communicate("go on\n", timeout=60)[0] == f"{3000 * 3000} True\n"
    assert reader.returncode == 0


def test_a_publish_killed_at_any_step_leaves_a_whole_release(settings):
    publish.publish(settings, AS_OF, [], GENERATED_AT)
    for step in (0, 3, 4):
        with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
            while (line := child.stdout.readline()) and int(line) < step:
                is_whole(settings)
            time.sleep(0.02)
            os.kill(child.pid, signal.SIGKILL)
        assert child.returncode == -signal.SIGKILL
        assert is_whole(settings) in {path.name for path in (settings.home / "releases").iterdir()}
    after = publish.publish(settings, AS_OF, [], GENERATED_AT + timedelta(minutes=1))
    assert is_whole(settings) == after.id
    assert not list((settings.home / "releases").glob(".building-*")) and not list(settings.home.glob(".published-*"))


def test_a_blocked_publish_keeps_the_old_figures_and_says_why_everywhere(settings):
    old = publish.publish(settings, AS_OF, [], GENERATED_AT)
    reason = "no day is missing: observed 89 of 90, expected 90 of 90 (2026-10-07 <b>)"
    publish.block(settings, AS_OF + timedelta(days=1), [FAILING], GENERATED_AT + timedelta(days=1), [reason])
    assert is_whole(settings) == old.id
    for page in settings.published.glob("*.html"):
        text = page.read_text()
        assert "The run with data to 2 Nov 2026 was not published: these pages show data to 1 Nov 2026." in text
        assert "expected 90 of 90 (2026-10-07 &lt;b&gt;)" in text and "(2026-10-07 <b>)" not in text
    assert (settings.published / "marts.duckdb").samefile(old.path / "marts.duckdb")
    assert "was not published" not in (old.path / "index.html").read_text()
    content = document(settings)
    assert content["blocked"]["reasons"] == [reason] and content["blocked"]["as_of"] == "2026-11-02"
    assert content["as_of"] == "2026-11-01" and content["failing_checks"][0]["missing"] == "2026-10-07 <b>"


def test_a_good_run_after_a_blocked_one_shows_no_banner(settings):
    publish.publish(settings, AS_OF, [], GENERATED_AT)
    publish.block(settings, AS_OF, [FAILING], GENERATED_AT + timedelta(hours=1), ["first"])
    publish.block(settings, AS_OF, [FAILING], GENERATED_AT + timedelta(hours=2), ["second"])
    text = (settings.published / "index.html").read_text()
    assert "second" in text and "first</li>" not in text and text.count('class="banner"') == 1
    publish.publish(settings, AS_OF, [], GENERATED_AT + timedelta(hours=3))
    assert 'class="banner"' not in (settings.published / "index.html").read_text()
    assert document(settings)["blocked"] is None


def test_a_first_run_that_is_blocked_leaves_a_page_that_says_why(settings):
    publish.block(settings, AS_OF, [FAILING], GENERATED_AT, ["no <day>"])
    text = (settings.published / "index.html").read_text()
    assert "Nothing has been published yet" in text and "no &lt;day&gt;" in text
    assert (settings.published / "assets/beaconmart.css").is_file()
    content = document(settings)
    assert content["status"] == "unknown" and content["blocked"]["reasons"] == ["no <day>"]


def test_a_failed_run_is_said_on_the_pages_once_there_are_any(settings):
    assert publish.block_after_failure(settings, "transform", "boom") is None
    publish.publish(settings, AS_OF, [FAILING], GENERATED_AT)
    publish.block_after_failure(settings, "transform", "table <x> failed", GENERATED_AT)
    assert "transform failed: table &lt;x&gt; failed" in (settings.published / "errors.html").read_text()
    content = document(settings)
    assert content["blocked"]["as_of"] is None and len(content["failing_checks"]) == 1
