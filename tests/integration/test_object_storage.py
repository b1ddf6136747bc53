"""Exports in object storage, on a real server that speaks S3: the same rows as from a folder, exactly once."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import duckdb
import fsspec
import pytest
from moto.server import ThreadedMotoServer

from orchestration import exports, lake
from orchestration.defs.resources import TRANSIENT
from orchestration.lake import object_storage
from orchestration.lake.object_storage import StorageError, fetched, stored_objects
from orchestration.selecting import Wanted
from orchestration.settings import load_settings
from orchestration.settings.exporting import Export
from orchestration.status import read_status
from orchestration.tables import TableError
from tests.conftest import ROOT
from tests.unit.lake.monitor import CHECKS, DAY, deliver, entries, rejects, rows, stored

pytestmark = pytest.mark.slow
PATH = "s3://exports/shop/{date}/probes*.csv*"


@pytest.fixture(scope="module")
def server():
    """A server of its own on loopback; the environment says where, as it would for any tool that speaks S3."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        yield f"http://{host}:{port}"
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    running.stop()


@pytest.fixture
def bucket(server):
    """An empty bucket."""
    storage = fsspec.filesystem("s3")
    storage.mkdir("exports", create_bucket=True)
    yield storage
    storage.rm("exports", recursive=True)


@pytest.fixture
def settings(tmp_path):
    """The default configuration with an empty home."""
    return replace(load_settings(), home=tmp_path / "home")


@pytest.fixture
def remote(settings, tmp_path, bucket):
    """The same, with probes that are exported to the bucket."""
    return reading(replace(settings, home=tmp_path / "remote"), "probes", PATH)


def reading(settings, name, path):
    sources = [
        source.model_copy(update={"path": path} if source.name == name else {}) for source in settings.config.sources
    ]
    return replace(settings, config=settings.config.model_copy(update={"sources": sources}))


def put(bucket, settings):
    """Uploads what lies in a local landing folder."""
    for path in sorted(settings.landing.rglob("*.*")):
        bucket.put_file(str(path), f"exports/shop/{path.relative_to(settings.landing)}")


def test_objects_give_the_rows_and_rejects_that_files_give_exactly_once(settings, remote, bucket):
    for number in range(3):
        deliver(settings, number, [number, 23 + number], bad=1)
    put(bucket, settings)
    bucket.pipe_file("exports/shop/2026-11-10/deeper/probes-9.csv", b"not matched")
    bucket.pipe_file("exports/shop/notes/probes-9.csv", b"not matched")
    lake.ingest(settings, CHECKS)
    report = lake.ingest(remote, CHECKS)
    assert [file.path for file in report.read] == [
        f"s3://exports/shop/{DAY}/probes-{number}.csv" for number in range(3)
    ]
    there = {f"s3://exports/shop/{row[0]}": row[1:] for row in rejects(settings)}
    assert {row[0]: row[1:] for row in rejects(remote)} == there != {}
    assert [row[:6] for row in rows(remote)] == [row[:6] for row in rows(settings)]
    assert lake.ingest(remote, CHECKS).read == [] == lake.pending_files(remote)
    assert lake.delivered_days(remote) == [DAY]
    assert not any((remote.lake / "_work").iterdir())


def test_an_object_that_changes_within_a_second_and_keeps_its_size_replaces_its_rows(settings, remote, bucket):
    path = deliver(settings, "a", [1])
    put(bucket, settings)
    lake.ingest(remote, CHECKS)
    path.write_text(path.read_text().replace("T01:", "T05:"))
    put(bucket, settings)
    (name,) = entries(remote)
    was = entries(remote)[name]
    (listed,) = stored_objects(PATH.replace("{date}", str(DAY)))
    assert listed.size == was.size
    assert listed.etag != was.etag
    assert [file.rows_kept for file in lake.ingest(remote, CHECKS).read] == [1]
    assert len(rows(remote)) == len(stored(remote)) == 1


def test_an_object_that_is_uploaded_again_unchanged_is_not_ingested_again(settings, remote, bucket):
    deliver(settings, "a", [1])
    put(bucket, settings)
    lake.ingest(remote, CHECKS)
    put(bucket, settings)
    assert lake.ingest(remote, CHECKS).read == []
    assert lake.pending_files(remote) == []


def test_an_object_that_changes_while_it_is_fetched_is_left_to_the_next_try(remote, bucket, tmp_path):
    address = f"s3://exports/shop/{DAY}/probes-a.csv"
    for size in (100, object_storage._ONE_ANSWER_BYTES + 1):
        bucket.pipe_file(address, b"x" * size)
        listed = list(stored_objects(address))
        bucket.pipe_file(address, b"y" * (size if size > 100 else size + 1))
        with pytest.raises(StorageError, match="changed while it was fetched"), fetched(listed, tmp_path / "spool"):
            pass
        assert not (tmp_path / "spool").exists()
        bucket.rm(address)
        with pytest.raises(StorageError, match="is gone"), fetched(listed, tmp_path / "spool"):
            pass


def test_what_keeps_object_storage_from_being_read_is_said_with_what_to_do(settings, bucket, monkeypatch):
    with pytest.raises(StorageError, match="s3://exporst does not exist; correct its name"):
        lake.pending_files(reading(settings, "probes", PATH.replace("exports", "exporst")))
    assert lake.pending_files(reading(settings, "probes", PATH)) == []
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    missing = reading(settings, "probes", PATH.replace("s3:", "gs:"))
    with pytest.raises(StorageError, match=r"needs gcsfs, which is not installed: pip install 'beaconmart\[gs\]'"):
        lake.pending_files(missing)
    told = read_status(missing)
    assert "needs gcsfs" in told.lines()[-1]
    assert told.exit_code == 2


def test_nobody_answering_is_said_and_may_pass(settings, server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(StorageError, match="s3://exports/shop cannot be reached") as caught:
        lake.pending_files(reading(settings, "probes", PATH))
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert caught.value.errno in TRANSIENT


def test_a_site_whose_exports_lie_in_a_bucket_publishes_what_it_does_from_a_folder(small_site, bucket, tmp_path):
    put(bucket, load_settings_of(small_site))
    site = type(small_site)(tmp_path / "home", tmp_path / "config")
    shutil.copytree(small_site.config, site.config)
    configured = site.config / "beaconmart.yml"
    configured.write_text(configured.read_text().replace('path: "{date}', 'path: "s3://exports/shop/{date}'))
    site.home.mkdir()
    shutil.copy(small_site.home / "user_key", site.home)
    shutil.copytree(small_site.home / "dbt", site.home / "dbt")
    site.command("run")
    ours, theirs = site.marts(), small_site.marts()
    told_of_files = {name for name in ours if "operations" in name or "rpt_data_intake" in name}
    assert {name: ours[name] for name in ours.keys() - told_of_files} == {
        name: theirs[name] for name in theirs.keys() - told_of_files
    }
    assert json.loads(site.command("status", "--json", exits=small_site_exit(small_site)))["waiting_files"] == 0


def small_site_exit(site):
    """The exit status of the same site from its folder, whatever its health."""
    done = subprocess.run(
        [sys.executable, "-c", "from orchestration.cli import main; main()", "status"],
        env={**os.environ, **site.environment()}, cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode


def load_settings_of(site):
    """Where that site's exports lie."""
    return replace(load_settings(), home=site.home)


def test_an_export_is_an_object_whole_or_as_it_was_before(settings, bucket):
    settings.published.mkdir(parents=True)
    with duckdb.connect(str(settings.published / "marts.duckdb")) as connection:
        connection.execute("create schema executive; create table executive.fct_kpi_daily as select 91 as value")
    daily = Export(name="kpis", table="fct_kpi_daily", to="s3://exports/out/{date}.csv")
    weekly = Export(name="weekly", table="fct_kpi_daily", to="s3://exports/out/week-{date}.json", when="weekly")
    lost = Export(name="lost", table="fct_kpi_daily", to="s3://no-such-bucket/out.csv")
    declared = settings.config.model_copy(update={"exports": [daily, weekly, lost]})
    for expected in (2, 1):  # the file of the week is there already
        written, failed = exports.run_scheduled(replace(settings, config=declared), DAY)
        assert len(written) == expected
        assert len(failed) == 1 and "no-such-bucket does not exist" in failed[0]
    assert bucket.cat(f"exports/out/{DAY}.csv") == b"value\n91\n"
    with pytest.raises(TableError):
        exports.export(settings, Wanted("fct_kpi_daily", where="nowhere"), None, f"s3://exports/out/{DAY}.csv")
    assert bucket.cat(f"exports/out/{DAY}.csv") == b"value\n91\n"
