"""The dbt manifest, parsed once for all rules."""

import json

import pytest


@pytest.fixture(scope="session")
def manifest(parsed_project):
    return json.loads((parsed_project / "manifest.json").read_text())
