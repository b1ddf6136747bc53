"""How releases replace each other in one step, and what a killed publish leaves behind."""

import os
import stat
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from orchestration.releases import PublishError, building, current, link_tree, replace_text

AS_OF = date(2026, 11, 1)


@pytest.fixture
def settings(tmp_path):
    return SimpleNamespace(home=tmp_path, published=tmp_path / "published")


def make(settings, text="whole", second=0):
    with building(settings, AS_OF, datetime(2026, 11, 2, 3, 4, second, tzinfo=UTC)) as (folder, made):
        (folder / "index.html").write_text(text)
        (folder / "exports").mkdir()
        (folder / "exports" / "a.parquet").write_text("rows")
    return made[0]


def shown(settings):
    return (settings.published / "index.html").read_text()


def test_a_release_becomes_what_published_points_to(settings):
    release = make(settings)
    assert settings.published.is_symlink() and not settings.published.readlink().is_absolute()
    assert shown(settings) == "whole" and current(settings) == release
    assert release.id == "20261102T030400Z_2026-11-01"


def test_a_home_that_was_moved_still_shows_its_release(settings, tmp_path):
    make(settings)
    moved = tmp_path.with_name(tmp_path.name + "_moved")
    tmp_path.rename(moved)
    assert (moved / "published" / "index.html").read_text() == "whole"


def test_files_of_a_release_are_read_only(settings):
    release = make(settings)
    files = [path for path in release.path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in files)


def test_what_raises_while_building_changes_nothing_that_people_see(settings):
    make(settings)
    with pytest.raises(ZeroDivisionError), building(settings, AS_OF, datetime.now(UTC)) as (folder, _):
        (folder / "index.html").write_text("half")
        raise ZeroDivisionError
    assert shown(settings) == "whole"
    assert [path.name for path in (settings.home / "releases").iterdir() if path.is_dir()] == [current(settings).id]


def test_leftovers_of_a_killed_publish_go_with_the_next(settings):
    make(settings)
    half = settings.home / "releases" / ".building-20261102T030401Z_2026-11-01"
    half.mkdir()
    (half / "index.html").write_text("half")
    (half / "index.html").chmod(0o444)
    (settings.home / ".published-99").symlink_to("releases/nowhere")
    make(settings, "new", second=1)
    assert shown(settings) == "new"
    assert not half.exists() and not (settings.home / ".published-99").is_symlink()


def test_three_releases_are_kept(settings):
    ids = [make(settings, str(second), second).id for second in range(5)]
    kept = sorted(path.name for path in (settings.home / "releases").iterdir() if path.is_dir())
    assert kept == ids[-3:] and shown(settings) == "4"


def test_the_published_release_is_never_pruned_however_old_it_looks(settings):
    for second in range(3):
        make(settings, str(second), second)
    with building(settings, AS_OF, datetime(2026, 11, 2, 3, 5, tzinfo=UTC)) as (folder, made):
        (folder / "index.html").write_text("newest")
        # The clock was set back: the release that is about to be shown sorts first.
        for path in (settings.home / "releases").glob("2*"):
            os.utime(path, (4e9, 4e9))
    assert shown(settings) == "newest" and made[0].path.exists()


def test_two_releases_of_one_second_have_names_of_their_own(settings):
    assert make(settings).id != make(settings).id


def test_a_folder_where_the_link_belongs_is_left_alone_and_named(settings):
    settings.published.mkdir()
    with pytest.raises(PublishError, match="Move it away"):
        make(settings)
    assert settings.published.is_dir()


def test_linked_files_share_their_bytes_until_one_is_replaced(tmp_path):
    (tmp_path / "a/csv").mkdir(parents=True)
    (tmp_path / "a/index.html").write_text("old")
    (tmp_path / "a/csv/x.csv").write_text("1")
    (tmp_path / "b").mkdir()
    link_tree(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a/csv/x.csv").samefile(tmp_path / "b/csv/x.csv")
    replace_text(tmp_path / "b/index.html", "new")
    assert (tmp_path / "a/index.html").read_text() == "old"
