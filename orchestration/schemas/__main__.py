"""Writes the schema of `beaconmart.yml` beside it; nothing else."""

from pathlib import Path

from orchestration.schemas import CONFIG_SCHEMA, config_schema

if __name__ == "__main__":
    Path(CONFIG_SCHEMA).write_text(config_schema(), encoding="utf-8")
