"""Writes the schemas of the configuration beside it; nothing else."""

from pathlib import Path

from orchestration.schemas import config_schemas

if __name__ == "__main__":
    for path, text in config_schemas().items():
        Path(path).write_text(text, encoding="utf-8")
