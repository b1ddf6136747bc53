"""The dbt manifest, parsed once for all rules."""

import json

import pytest
from dbt.cli.main import dbtRunner


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    target = tmp_path_factory.mktemp("dbt")
    arguments = ["--quiet", "parse", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
    result = dbtRunner().invoke([*arguments, "--target-path", str(target), "--log-path", str(target)])
    assert result.success, result.exception
    return json.loads((target / "manifest.json").read_text())
