"""The arguments that dbt is given."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from orchestration import dbt, lake, warehouse
from orchestration.settings import load_settings


def test_a_production_build_leaves_unit_tests_out():
    assert dbt.build_args()[:3] == ["build", "--exclude-resource-type", "unit_test"]


def test_seeds_are_loaded_on_a_full_refresh_only():
    assert "seed" in dbt.build_args()
    assert "seed" not in dbt.build_args(full_refresh=True)
    assert "--full-refresh" in dbt.build_args(full_refresh=True)


def test_selection_and_exclusion_are_passed_on():
    args = dbt.build_args(select=["a", "b+"], exclude=["fqn:beaconmart.reports"])
    assert args[args.index("--select") + 1 :] == ["a", "b+", "--exclude", "fqn:beaconmart.reports"]


def test_nothing_is_passed_by_vars_which_would_parse_the_project_again():
    assert "--vars" not in dbt.build_args(["a"], ["b"], True)


def test_the_state_of_the_project_follows_its_files_and_reads_them_again_only_if_one_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(dbt, "PROJECT_DIR", tmp_path)
    file = tmp_path / "a.sql"
    file.write_text("select 1")
    first = dbt.project_state()
    with monkeypatch.context() as patch:
        patch.delattr(Path, "read_bytes")
        assert dbt.project_state() == first
    file.write_text("select 2")
    assert dbt.project_state() != first
    file.write_text("select 1")
    assert dbt.project_state() == first


def test_a_failure_names_the_table_its_days_the_files_behind_them_and_how_to_go_on(tmp_path):
    settings = replace(load_settings(), home=tmp_path)
    landed = settings.landing / "2026-11-10" / "orders.csv"
    landed.parent.mkdir(parents=True)
    landed.write_text("order_id,ordered_at,revenue\na,2026-11-10T10:00:00Z,1\n")
    lake.ingest(settings, "raw_orders.orders")
    warehouse.prepare(settings, date(2026, 11, 10))
    with warehouse.connect(settings) as connection:
        connection.execute("update pipeline.run set is_full_refresh = false")
    failed = dbt.NodeResult("model.beaconmart.fct_orders", "error", 0.1, "Out of Range Error", None)
    words = dbt._explain(settings, None, [failed], [])
    for word in (
        "fct_orders: Out of Range Error",
        "2026-11-10, which have rows of",
        "2026-11-10/orders.csv",
        "beaconmart forget FILE",
        "--full-refresh",
    ):
        assert word in words
