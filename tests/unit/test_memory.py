"""DuckDB gets as much memory as the configuration, the container or the machine says; too little is one clear line."""

import os
from dataclasses import replace

import pytest

from orchestration import database, memory, shortage, warehouse
from orchestration.settings import load_settings
from orchestration.settings.model import Config, Warehouse

PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.fixture
def settings(tmp_path):
    return replace(load_settings(), home=tmp_path / "home")


def with_memory(settings, size):
    return replace(settings, config=settings.config.model_copy(update={"warehouse": Warehouse(memory=size)}))


def system(root, groups, limits):
    """A file system in which this process is in `groups`, some of which have limits."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for path, value in limits.items():
        file = root / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
    return root


def limit_of(connection):
    """Megabytes; DuckDB shows its limit in units of 1024 and cuts it after one digit."""
    ((shown,),) = connection.execute("select current_setting('memory_limit')").fetchall()
    number, unit = shown.split()
    return float(number) * {"MiB": 1.048576, "GiB": 1073.741824}[unit]


def test_a_container_of_version_2_has_the_smallest_limit_of_its_groups(tmp_path):
    limits = {"shop/memory.max": 3_000_000_000, "shop/run/memory.max": "max", "memory.max": 9_000_000_000}
    assert memory.available(system(tmp_path, "0::/shop/run\n", limits)) == 3_000_000_000


def test_a_container_that_sees_the_path_of_its_host_has_the_limit_of_what_is_mounted(tmp_path):
    root = system(tmp_path, "0::/docker/4f2a\n", {"memory.max": 2_000_000_000})
    assert memory.available(root) == 2_000_000_000


def test_a_container_of_version_1_has_the_limit_of_the_memory_controller(tmp_path):
    groups = "12:cpu,cpuacct:/run\n7:memory:/run\n"
    limits = {"memory/run/memory.limit_in_bytes": 1_000_000_000, "cpu/run/memory.limit_in_bytes": 5}
    assert memory.available(system(tmp_path, groups, limits)) == 1_000_000_000


def test_without_a_container_or_with_a_limit_beyond_it_there_is_what_the_machine_has(tmp_path):
    assert memory.available(tmp_path) == PHYSICAL
    unlimited = {"memory/memory.limit_in_bytes": 9_223_372_036_854_771_712}
    assert memory.available(system(tmp_path, "7:memory:/\n", unlimited)) == PHYSICAL


@pytest.mark.parametrize(
    ("size", "size_bytes"), [("8GB", 8_000_000_000), ("1.5 GB", 1_500_000_000), ("750MB", 750_000_000)]
)
def test_a_configured_size_is_what_the_warehouse_may_use(settings, size, size_bytes):
    given = with_memory(settings, size)
    assert memory.limit(given) == size_bytes
    with warehouse.connect(given) as connection, warehouse.connect(given) as another:
        assert limit_of(connection) == limit_of(another) == pytest.approx(size_bytes / 1e6, rel=0.08)


def test_without_one_it_is_half_of_what_there_is(settings):
    assert memory.limit(settings) == memory.available() // 2
    with warehouse.connect(settings) as connection, database.connect() as other:
        assert limit_of(connection) == limit_of(other) == pytest.approx(memory.available() / 2e6, rel=0.08)


@pytest.mark.parametrize("size", ["8", "8gb", "lots", "-1GB", "64MB", "0GB", "8GiB"])
def test_what_is_no_size_or_too_little_is_a_mistake_of_the_configuration(settings, size):
    values = settings.config.model_dump(by_alias=True) | {"warehouse": {"memory": size}}
    with pytest.raises(ValueError, match="memory"):
        Config.model_validate(values)


def test_what_does_not_fit_is_spilled_into_a_folder_of_the_process_that_goes_away(settings):
    with warehouse.connect(with_memory(settings, "500MB")) as connection:
        ((folder,),) = connection.execute("select current_setting('temp_directory')").fetchall()
        assert folder.startswith(str(settings.home / "beaconmart-spill-"))
        connection.execute("create temp table wide as select repeat(i::varchar, 20) as t from range(5000000) as r (i)")
        assert list(settings.home.glob("beaconmart-spill-*/duckdb/*"))
    assert not list(settings.home.glob("beaconmart-spill-*"))


def test_too_little_memory_says_how_much_there_was_and_how_to_give_more(settings):
    given = with_memory(settings, "500MB")
    with warehouse.connect(given) as connection, pytest.raises(Exception) as caught:
        connection.execute("select length(string_agg(range::varchar, ',')) from range(400000000)").fetchall()
    words = shortage.explain(caught.value, given)
    assert "0.5 GB" in words and "warehouse: {memory: 16GB}" in words
    assert shortage.explain(f"1 table failed: {caught.value}", given) == words
    assert shortage.explain(words, given) == words
    assert shortage.explain(ValueError("memory"), given) is None


def test_a_sum_beside_an_ungrouped_aggregate_is_right():
    # DuckDB 2.0.0 takes the rows of such a filter for one, and the bounds of their sum for those of a single value.
    with database.connect() as connection:
        connection.execute("create table steps as select 100 as n from range(100)")
        answer = connection.execute("select sum(n) > 300 from steps where n > (select min(range) from range(2))")
        assert answer.fetchall() == [(True,)]
