"""Writes the schemas of the configuration, and the ranges of fields into those of feeds; nothing else."""

from pathlib import Path

from orchestration.schemas import config_schemas, feed_schemas

if __name__ == "__main__":
    for path, text in (config_schemas() | feed_schemas()).items():
        Path(path).write_text(text, encoding="utf-8")
