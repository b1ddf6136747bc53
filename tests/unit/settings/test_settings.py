import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import ConfigError, load_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BEACONMART_CONFIG", str(ROOT / "config"))
    monkeypatch.delenv("BEACONMART_USER_KEY", raising=False)
    return tmp_path / "home"


def test_everything_lives_under_the_home(home):
    settings = load_settings()
    places = [settings.landing, settings.lake, settings.warehouse, settings.published, settings.dagster_home]
    assert [place.relative_to(home).as_posix() for place in places] == [
        "landing", "lake", "warehouse.duckdb", "published", "dagster",
    ]  # fmt: skip


def test_the_environment_counts_at_the_time_of_the_call(home, tmp_path, monkeypatch):
    before = load_settings().home
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path / "elsewhere"))
    assert (before, load_settings().home) == (home, tmp_path / "elsewhere")


def test_without_an_environment_home_and_config_are_beside_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("BEACONMART_HOME", raising=False)
    monkeypatch.delenv("BEACONMART_CONFIG", raising=False)
    monkeypatch.chdir(ROOT)
    settings = load_settings()
    assert (settings.home, settings.config_dir) == (ROOT / "data", ROOT / "config")


def test_a_relative_home_stays_the_same_when_the_process_moves(tmp_path, monkeypatch, home):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEACONMART_HOME", "site")
    assert load_settings().home == tmp_path / "site"


def test_loading_creates_nothing(home):
    load_settings()
    assert not home.exists()


def test_a_wrong_configuration_is_refused_with_every_mistake(home, folder, monkeypatch):
    monkeypatch.setenv("BEACONMART_CONFIG", str(folder.path))
    folder.replace("currency: EUR", "currency: euro")
    folder.replace("system: orders", "system: oders")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert len(caught.value.mistakes) == 2
    assert "2 mistakes" in str(caught.value)
    assert all(str(mistake) in str(caught.value) for mistake in caught.value.mistakes)


def test_reading_settings_loads_none_of_the_heavy_libraries():
    code = (
        "import sys; from orchestration.settings import load_settings; load_settings();"
        "print([m for m in ('dagster', 'dbt', 'duckdb', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_entities_are_kept_for_good_and_other_feeds_for_their_days(home, folder, monkeypatch):
    monkeypatch.setenv("BEACONMART_CONFIG", str(folder.path))
    folder.replace("by_feed: {}", "by_feed: {probes: 400}")
    settings = load_settings()
    feeds = ("beacons", "probes", "orders", "incidents", "releases", "maintenance", "alert_reviews")
    assert [settings.retention_days(feed) for feed in feeds] == [90, 400, None, None, None, None, None]


def test_an_unknown_feed_has_no_retention(home):
    with pytest.raises(KeyError, match="There is no feed 'cookies'"):
        load_settings().retention_days("cookies")


def test_the_user_key_is_made_once_and_only_its_owner_can_read_it(home):
    first, second = load_settings().user_key(), load_settings().user_key()
    file = home / "user_key"
    assert (first.key, first.key_id) == (second.key, second.key_id)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["user_key"]


def test_the_user_key_of_the_environment_wins_and_leaves_no_file(home, monkeypatch):
    from_file = load_settings().user_key()
    monkeypatch.setenv("BEACONMART_USER_KEY", "a-key-of-more-than-sixteen")
    from_environment = load_settings().user_key()
    assert from_environment.key == "a-key-of-more-than-sixteen"
    assert from_environment.key_id != from_file.key_id


def test_a_user_key_that_could_be_guessed_is_refused(home, monkeypatch):
    monkeypatch.setenv("BEACONMART_USER_KEY", "short")
    with pytest.raises(ValueError, match="at least 16"):
        load_settings().user_key()


def test_neither_the_key_nor_its_bytes_stand_in_what_is_printed(home):
    key = load_settings().user_key()
    assert key.key not in repr(key)
    assert key.key_id not in key.key


def test_processes_that_start_together_agree_on_one_user_key(home):
    code = "from orchestration.settings.user_key import read_user_key as r; from pathlib import Path; import sys; "
    code += "print(r(Path(sys.argv[1])).key)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    racers = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    keys = {racer.communicate()[0] for racer in racers}
    assert len(keys) == 1
    assert [path.name for path in home.iterdir()] == ["user_key"]
