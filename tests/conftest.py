"""A site that is finished and published, made once: what tests of the whole read, or copy before they change it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

# As in the Makefile: each of the many processes that tests start would compile Dagster and dbt anew, for ten CPU-s.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ROOT = Path(__file__).parents[1]
BEACONMART = [sys.executable, "-c", "from orchestration.cli import main; main()"]
OF_THE_CLOCK = ("run_id", "sequence", "path", "landed_at", "written_at", "notified_at")
DAYS, LATER_DAYS, LAST_DAY, SEED, PAGE_VIEWS_PER_DAY = 21, 3, date(2026, 11, 20), 11, 200


# A file of tests goes to one process as a whole. The dear ones come first, so that the processes end together.
DEAR = (
    "test_daily_run",
    "test_compaction_and_expiry",
    "test_dbt_unit_tests",
    "test_object_storage",
    "test_transform_equality",
    "test_any_subset_of_fields_and_feeds",
    "test_reliability_equality",
    "test_pages_in_a_browser",
    "test_alert_paths",
    "test_alert_daemon",
    "test_reliability_accounting",
    "test_publishing",
)


def pytest_collection_modifyitems(items):
    """Puts the dear files first, then what is left of the integration tests, then the others."""
    dear = {name: rank for rank, name in enumerate(DEAR)}
    items.sort(key=lambda item: (dear.get(item.path.stem, len(dear)), item.path.parent.name != "integration"))


@dataclass(frozen=True)
class Site:
    """A home with its configuration, and the command in it."""

    home: Path
    config: Path = ROOT / "config"

    @property
    def landing(self):
        """Where exports land."""
        return self.home / "landing"

    @property
    def published(self):
        """What people see."""
        return self.home / "published"

    @property
    def later(self):
        """Exports of the days after those that are published: move them to landing to have something new."""
        return self.home / "later"

    def environment(self):
        """What the command runs with; a colourless, narrow terminal that is none."""
        own = {"BEACONMART_HOME": str(self.home), "BEACONMART_CONFIG": str(self.config), "COLUMNS": "200"}
        return {**os.environ, **own}

    def start(self, *arguments):
        """The command, begun and not waited for."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([*BEACONMART, *arguments], env=self.environment(), cwd=ROOT, **pipes)

    def command(self, *arguments, exits=0):
        """What the command printed, once it has ended with the exit status that is expected."""
        done = subprocess.run(
            [*BEACONMART, *arguments], env=self.environment(), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == exits, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def rows(self, sql):
        """The answer of the published marts."""
        with duckdb.connect(str((self.published / "marts.duckdb").resolve()), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def marts(self):
        """For each published table, its number of rows and a fingerprint of them, whatever their order.

        When an alert was written, and by which run, is of the clock: those columns of the ledger have no part in it.
        """
        names = self.rows("select '\"' || schema_name || '\".\"' || table_name || '\"' from duckdb_tables() order by 1")
        kept = f"select columns(lambda c: c not in {OF_THE_CLOCK}) from {{}}"
        sql = f"select count(*), coalesce(sum(hash(t)), 0)::varchar from ({kept}) as t"
        return {name: self.rows(sql.format(name))[0] for (name,) in names}

    def status(self):
        """status.json as it is published."""
        return json.loads((self.published / "status.json").read_text())

    def copy(self, target):
        """A home of its own with the same content; what is in it is not shared."""
        shutil.copytree(self.home, target, symlinks=True)
        return Site(target, self.config)


@pytest.fixture(scope="session")
def small_site(tmp_path_factory, parsed_project):
    """Three weeks of 200 page views a day, run through the real command and published; three more days lie in `later`.

    Read it; `copy` it to change it. Made once, also where several test processes share the work.
    """
    made = _made_once(tmp_path_factory, "small_site", lambda folder: _make(Site(folder / "home"), parsed_project))
    return Site(made / "home")


@pytest.fixture
def site(small_site, tmp_path):
    """A copy of the finished site that a test may change."""
    return small_site.copy(tmp_path / "home")


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory):
    """A folder of this process alone with the dbt project parsed, and compiled for alerts; once for all processes."""
    made = _made_once(tmp_path_factory, "parsed_project", _parse)
    return shutil.copytree(made, tmp_path_factory.mktemp("parsed") / "dbt")


@pytest.fixture(scope="module")
def one_parse(parsed_project):
    """Tests of the module run dbt without parsing the project, each for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(parsed_project))
        yield


def _made_once(tmp_path_factory, name, make):
    """A folder that the first of the test processes fills while the others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".done")
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def _parse(folder):
    from orchestration.alerts import program
    from orchestration.settings import load_settings

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(folder))
        program.load(load_settings())


def _make(site, parsed_project):
    from orchestration.simulate import simulate

    simulate(site.landing, DAYS + LATER_DAYS, LAST_DAY, SEED, PAGE_VIEWS_PER_DAY)
    shutil.copytree(parsed_project, site.home / "dbt")
    site.later.mkdir()
    for day in sorted(site.landing.glob("2*"))[-LATER_DAYS:]:
        day.rename(site.later / day.name)
    site.command("run")
