"""The entry point of Dagster: loads what stands under `orchestration/defs/`, and nothing else belongs here."""

from pathlib import Path

import dagster as dg


@dg.definitions
def beaconmart() -> dg.Definitions:
    """Every asset, check, job, schedule and sensor of the project."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
