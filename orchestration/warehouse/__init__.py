"""The DuckDB seam: the pipeline's one private work file, and what is read from and copied out of it.

What belongs here: opening and locking `warehouse.duckdb`, handing a run its inputs (raw views, configuration, the
queue of touched days), keeping closed days in the lake, and copying marts out. What does not: what the data means (that
is SQL under `dbt_project/`), how raw files come to be (`orchestration.lake`), and anything of Dagster.
"""

from orchestration.warehouse.connection import connect, kept_open, writing
from orchestration.warehouse.history import close_days
from orchestration.warehouse.predictions import read_frame, write_inferences, write_predictions
from orchestration.warehouse.preparation import Prepared, finish, is_full_refresh, prepare
from orchestration.warehouse.release import export, published_tables, snapshot

__all__ = [
    "Prepared",
    "close_days",
    "connect",
    "export",
    "finish",
    "is_full_refresh",
    "kept_open",
    "prepare",
    "published_tables",
    "read_frame",
    "snapshot",
    "write_inferences",
    "write_predictions",
    "writing",
]
