"""The raw lake: Parquet by source file and event date, listed by manifests, so that readers always see one whole copy.

Writing, replacing, listing, compacting and expiring belong here; what a format holds belongs to
`orchestration.sources`. No database lock and no Dagster.
"""

from orchestration.lake.compacting import CompactReport, compact
from orchestration.lake.expiring import ExpireReport, expire, seal
from orchestration.lake.forgetting import Forgotten, forget, forgotten_files, remember
from orchestration.lake.garbage import GarbageReport, collect_garbage
from orchestration.lake.ingesting import FileReport, IngestReport, ingest
from orchestration.lake.intake import Intake, intake_of, newest_intake
from orchestration.lake.landing import looked_for
from orchestration.lake.layout import RAW_TABLES, joined, joining, reading, retention_days
from orchestration.lake.listing import (
    closed_through,
    delivered_days,
    parquet_files,
    pending_days,
    pending_files,
    reject_files,
    unmatched_message,
    unmatched_sources,
    unreadable_files,
)
from orchestration.lake.manifest import Entry, manifests, read_manifest
from orchestration.lake.object_storage import StorageError

__all__ = [
    "RAW_TABLES",
    "CompactReport",
    "Entry",
    "ExpireReport",
    "FileReport",
    "Forgotten",
    "GarbageReport",
    "IngestReport",
    "Intake",
    "StorageError",
    "closed_through",
    "collect_garbage",
    "compact",
    "delivered_days",
    "expire",
    "forget",
    "forgotten_files",
    "ingest",
    "intake_of",
    "joined",
    "joining",
    "looked_for",
    "manifests",
    "newest_intake",
    "parquet_files",
    "pending_days",
    "pending_files",
    "read_manifest",
    "reading",
    "reject_files",
    "remember",
    "retention_days",
    "seal",
    "unmatched_message",
    "unmatched_sources",
    "unreadable_files",
]
