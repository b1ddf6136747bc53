import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration.event_log import OPEN_SHARDS, PooledSqliteEventLogStorage

pytestmark = pytest.mark.slow

DAYS = dg.DailyPartitionsDefinition("2026-01-01")
RANGE = {"dagster/asset_partition_range_start": "2026-01-01", "dagster/asset_partition_range_end": "2026-01-20"}


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def raw() -> None:
    """One raw table."""


@dg.asset(deps=[raw])
def mart() -> None:
    """One mart."""


@pytest.fixture
def instance(tmp_path):
    (tmp_path / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        "event_log_storage:\n"
        "  module: orchestration.event_log\n"
        "  class: PooledSqliteEventLogStorage\n"
        f"  config: {{base_dir: '{tmp_path}/history/runs'}}\n"
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def run(instance, tags=None):
    definitions = dg.Definitions(assets=[raw, mart], jobs=[dg.define_asset_job("both", "*")])
    return definitions.resolve_job_def("both").execute_in_process(instance=instance, tags=tags or RANGE)


def test_a_range_is_planned_once_for_each_asset_and_told_once_for_each_day(instance):
    result = run(instance)
    planned = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    made = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert len(planned) == 2
    assert len(made) == 20 + 1
    assert instance.get_materialized_partitions(raw.key) == set(DAYS.get_partition_keys()[:20])


def test_the_stock_storage_reads_what_this_one_wrote_and_the_other_way_round(instance, tmp_path):
    result = run(instance)
    stock = SqliteEventLogStorage(base_dir=f"{tmp_path}/history/runs")
    stock.register_instance(instance)
    mine = instance.all_logs(result.run_id)
    assert list(stock.get_logs_for_run(result.run_id)) == list(mine)
    assert instance.event_log_storage.alembic_version() == stock.alembic_version()


def test_only_so_many_runs_are_held_open(instance):
    for _ in range(3):
        run(instance, {"dagster/partition": "2026-01-02"})
    storage = instance.event_log_storage
    assert isinstance(storage, PooledSqliteEventLogStorage)
    for number in range(OPEN_SHARDS + 5):
        storage.get_logs_for_run(f"run-{number}")
    assert len(storage._engines) == OPEN_SHARDS
    assert len(storage.get_logs_for_run(run(instance, {"dagster/partition": "2026-01-03"}).run_id)) > 0
