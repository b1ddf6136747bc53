"""The metrics of the dbt project over the published marts: what MetricFlow's `mf` needs to answer.

What a metric means is said in `dbt_project/models/metrics`. A release carries their definitions, so that they and the
tables that they read are of one generation.
"""

import json
import os
from pathlib import Path
from typing import Any

from orchestration import dbt
from orchestration.settings import Settings

MANIFEST = "semantic_manifest.json"
_PROJECT = """\
name: beaconmart
version: 1.0.0
profile: beaconmart
flags: {send_anonymous_usage_stats: false}
"""


class MetricsError(RuntimeError):
    """Nothing can be asked yet; the message says what to do."""


def write_definitions(settings: Settings, path: Path) -> None:
    """Write the semantic manifest of the dbt project to `path`, its tables being those of the file `marts.duckdb`."""
    found = json.loads(dbt.manifest(settings).with_name(MANIFEST).read_text(encoding="utf-8"))
    spines = found["project_configuration"]["time_spines"]
    for relation in (read["node_relation"] for read in [*found["semantic_models"], *spines]):
        relation["database"] = "marts"
        relation["relation_name"] = f'"marts"."{relation["schema_name"]}"."{relation["alias"]}"'
    path.write_text(json.dumps(found), encoding="utf-8")


def write_project(settings: Settings) -> Path:
    """Make `home/metrics` a dbt project of the published definitions, read-only on the published file; returns it.

    Raises:
        MetricsError: nothing was published, or by a version that had no metrics.
    """
    definitions, marts = settings.published / MANIFEST, settings.published / "marts.duckdb"
    if not definitions.exists():
        raise MetricsError("No metrics have been published yet. Run `beaconmart run` first.")
    profile = {"type": "duckdb", "path": str(marts), "schema": "main", "config_options": {"access_mode": "read_only"}}
    profiles: dict[str, Any] = {"beaconmart": {"target": "published", "outputs": {"published": profile}}}
    folder = settings.home / "metrics"
    (folder / "target").mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text(_PROJECT, encoding="utf-8")
    (folder / "profiles.yml").write_text(json.dumps(profiles), encoding="utf-8")  # JSON is YAML
    link = folder / "target" / MANIFEST
    link.unlink(missing_ok=True)
    link.symlink_to(definitions)
    return folder


def ask(settings: Settings, arguments: list[str]) -> None:
    """Run `mf` with these arguments inside this process; it exits by itself.

    Raises:
        MetricsError: as `write_project`.
    """
    folder = str(write_project(settings))
    os.environ |= {"DBT_PROJECT_DIR": folder, "DBT_PROFILES_DIR": folder, "DBT_LOG_PATH": f"{folder}/logs"}
    from dbt_metricflow.cli import main as metricflow  # seconds to import

    metricflow.UpdateChecker = _NoUpdates
    metricflow.cli(arguments, prog_name="beaconmart metrics")


class _NoUpdates:
    """In place of the check that asks PyPI for a newer version at each start: nothing of ours uses the network."""

    def check(self, package_name: str, package_version: str) -> None:
        """There is none."""
