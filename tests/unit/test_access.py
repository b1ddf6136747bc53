import os
import stat
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from orchestration import access, runs
from orchestration.releases import building
from orchestration.settings import load_settings


@pytest.fixture(params=[0o000, 0o022, 0o077])
def settings(request, tmp_path, monkeypatch):
    """A home of its own, under different umasks."""
    monkeypatch.setattr(access, "_umask_of_the_user", [])
    before = os.umask(request.param)
    yield replace(load_settings(), home=tmp_path / "home")
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_only_what_is_published_can_be_read_by_others(settings):
    runs.write_instance_config(settings)
    (settings.lake / "raw").mkdir(parents=True)
    (settings.lake / "raw" / "x.parquet").write_text("secret")
    with building(settings, date(2026, 11, 1), datetime(2026, 11, 2, tzinfo=UTC)) as (folder, _):
        (folder / "docs").mkdir()
        (folder / "docs" / "index.html").write_text("for all")
    home = settings.home
    assert (mode(home), mode(home / "releases")) == (0o711, 0o711)
    assert [mode(home / name) for name in ("lake", "lake/raw", "dagster")] == [0o700] * 3
    assert [mode(home / name) for name in ("lake/raw/x.parquet", "dagster/dagster.yaml")] == [0o600] * 2
    published = settings.published
    assert (mode(published), mode(published / "docs")) == (0o755, 0o755)
    assert mode(published / "docs" / "index.html") == 0o444


def test_a_home_of_an_earlier_version_is_tightened_and_landing_stays(settings):
    for name in ("lake/raw", "landing"):
        (settings.home / name).mkdir(parents=True)
        (settings.home / name / "x").write_text("")
        for path in (settings.home / name / "x", settings.home / name, settings.home / name.split("/")[0]):
            path.chmod(0o755)
    settings.home.chmod(0o755)
    settings.warehouse.write_text("")
    settings.warehouse.chmod(0o644)
    access.keep_private(settings)
    assert mode(settings.home) == 0o711
    assert (mode(settings.lake), mode(settings.lake / "raw"), mode(settings.lake / "raw" / "x")) == (
        0o700,
        0o700,
        0o600,
    )
    assert mode(settings.warehouse) == 0o600
    assert (mode(settings.landing), mode(settings.landing / "x")) == (0o755, 0o755)


def test_what_the_user_exports_has_the_modes_that_the_user_has(settings, tmp_path):
    umask = os.umask(0)
    os.umask(umask)
    access.keep_private(settings)
    with access.as_the_user():
        (tmp_path / "export.csv").write_text("")
    (tmp_path / "ours").write_text("")
    assert (mode(tmp_path / "export.csv"), mode(tmp_path / "ours")) == (0o666 & ~umask, 0o600)
