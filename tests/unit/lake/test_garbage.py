"""What no manifest lists goes, and nothing else, and never while somebody is at work."""

import os

import pytest

from orchestration import lake
from orchestration.lake import ingesting
from orchestration.lake.layout import locked, manifest_path
from tests.unit.lake.monitor import CHECKS, DAY, Crash, deliver, listed, rows, stored


@pytest.fixture
def littered(settings, monkeypatch):
    """One ingested file, and the Parquet of another that died before it was listed."""
    deliver(settings, "whole", [1, 25], bad=1)
    lake.ingest(settings, CHECKS)
    deliver(settings, "dead", [2, 26], bad=1)
    with monkeypatch.context() as patch:
        patch.setattr(ingesting, "write_manifest", _die)
        with pytest.raises(Crash):
            lake.ingest(settings, CHECKS)
    assert len(stored(settings)) == 6
    return settings


def _die(*_):
    raise Crash


def test_unlisted_files_go_and_listed_ones_stay(littered):
    before = rows(littered)
    report = lake.collect_garbage(littered)
    assert report.files == 3
    assert report.bytes > 0
    assert report.is_complete
    assert stored(littered) == listed(littered)
    assert rows(littered) == before
    assert lake.collect_garbage(littered).files == 0


def test_nothing_goes_while_somebody_reads(littered):
    before = stored(littered)
    with lake.reading(littered):
        report = lake.collect_garbage(littered)
    assert (report.files, report.is_complete) == (0, False)
    assert stored(littered) == before


def test_files_of_a_day_that_is_being_ingested_stay(littered):
    before = stored(littered)
    with locked(manifest_path(littered, CHECKS, DAY).with_suffix(".lock")):
        report = lake.collect_garbage(littered)
    assert (report.files, report.is_complete) == (0, False)
    assert stored(littered) == before


def test_a_sweep_between_writing_and_listing_takes_nothing(settings, monkeypatch):
    deliver(settings, "slow", [3])
    written = ingesting.write_manifest

    def swept_first(*arguments):
        assert len(stored(settings)) == 1
        assert lake.collect_garbage(settings).files == 0
        written(*arguments)

    monkeypatch.setattr(ingesting, "write_manifest", swept_first)
    lake.ingest(settings, CHECKS)
    assert len(rows(settings)) == 1


def test_files_that_the_lake_never_wrote_stay(littered):
    strange = stored(littered)[0].with_name("notes.parquet")
    strange.write_text("mine")
    lake.collect_garbage(littered)
    assert strange.exists()


def test_work_folders_of_dead_processes_go_and_those_of_the_living_stay(settings):
    dead, living, young = (settings.lake / "_work" / name for name in ("dead", "living", "young"))
    for folder in (dead, living, young):
        folder.mkdir(parents=True)
    with locked(living / ".lock"):
        for folder in (dead, living):
            os.utime(folder, (0, 0))
        lake.collect_garbage(settings)
    assert sorted(path.name for path in (settings.lake / "_work").iterdir()) == ["living", "young"]
