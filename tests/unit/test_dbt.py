"""The arguments that dbt is given."""

from pathlib import Path

from orchestration import dbt


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
