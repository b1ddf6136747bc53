"""The unit tests that stand in YAML beside the tables, run against empty relations."""

import json
from dataclasses import replace
from datetime import date

import pytest

from orchestration import dbt, warehouse
from orchestration.settings import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


def test_every_unit_test_of_the_dbt_project_passes(tmp_path):
    """A unit test gives its own rows, but asks the warehouse for the columns of what it stands in for."""
    settings = replace(load_settings(), home=tmp_path)
    warehouse.prepare(settings, date(2026, 11, 1))
    empty = ["build", "--empty", "--full-refresh", "--exclude-resource-types", "unit_test", "test"]
    built = dbt._invoke(settings, [*empty, "--no-write-json"])
    assert {node.status for node in built} <= {"success", "no-op"}  # metrics and exposures are nothing to build
    tested = dbt._invoke(settings, ["test", "--select", "test_type:unit", "--no-write-json"])
    assert {node.status for node in tested} == {"pass"}
    assert len(tested) == len(json.loads(dbt.manifest(settings).read_text())["unit_tests"])
