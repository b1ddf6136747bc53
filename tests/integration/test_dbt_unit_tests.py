"""The unit tests that stand in YAML beside the tables, run against empty relations."""

import json
from datetime import date
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from orchestration import dbt, warehouse
from orchestration.settings import load_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_unit_test_of_the_dbt_project_passes(tmp_path, monkeypatch):
    """A unit test gives its own rows, but asks the warehouse for the columns of what it stands in for."""
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    monkeypatch.setenv("BEACONMART_CONFIG", str(ROOT / "config"))
    settings = load_settings()
    warehouse.prepare(settings, date(2026, 11, 1))
    monkeypatch.setenv("BEACONMART_WAREHOUSE", str(settings.warehouse))
    ended = []
    runner = dbtRunner(
        callbacks=[lambda event: ended.append(event.data) if event.info.name == "NodeFinished" else None]
    )
    empty = ["build", "--empty", "--full-refresh", "--exclude-resource-types", "unit_test", "test"]
    try:
        built = runner.invoke([*empty, *dbt.global_args(settings)])
        assert built.success, built.exception or [result.message for result in built.result if result.message]
        ended.clear()
        tested = runner.invoke(["test", "--select", "test_type:unit", *dbt.global_args(settings)])
    finally:
        dbt._release_warehouse()
    bad = [f"{end.node_info.node_name}: {end.run_result.message}" for end in ended if end.run_result.status != "pass"]
    assert tested.success and not bad, "\n".join(bad)
    assert len(ended) == len(json.loads(dbt.manifest(settings).read_text())["unit_tests"])
