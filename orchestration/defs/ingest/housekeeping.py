"""The lake's own upkeep, at the end of a run: finished days are compacted, raw rows older than their retention leave.

Both are assets, so that the UI shows when and what. How it is done belongs to `orchestration.lake` and
`orchestration.warehouse`.
"""

from datetime import timedelta

import dagster as dg

from orchestration import lake, progress, warehouse
from orchestration.defs.resources import Site, readable_failures

RELEASE = dg.AssetKey(["published", "release"])


@dg.asset(
    key=["lake", "compacted"],
    deps=[RELEASE],
    group_name="housekeeping",
    kinds={"parquet"},
    description="The lake with the many small files of a finished day put together.",
)
def compacted(context: dg.AssetExecutionContext, site: Site) -> dg.MaterializeResult:
    """Readers see the small files or the large one, never both; a day that later changes is compacted again."""
    reports: list[lake.CompactReport] = []
    with readable_failures(context):
        for number, raw_table in enumerate(lake.RAW_TABLES):
            progress.report(context.op_def.name, number, len(lake.RAW_TABLES), raw_table)
            reports.append(lake.compact(site.settings, raw_table))
    return dg.MaterializeResult(
        metadata={
            report.raw_table: f"{report.files_before} files became {report.files_after}"
            for report in reports
            if report.files_before
        }
    )


@dg.asset(
    key=["lake", "expired"],
    deps=[RELEASE, ["lake", "compacted"]],
    group_name="housekeeping",
    kinds={"parquet"},
    description="The lake without raw rows past their retention; their days' aggregates are in lake/history.",
)
def expired(context: dg.AssetExecutionContext, site: Site) -> dg.MaterializeResult:
    """After publishing, so that a day leaves only when its marts were good enough to be published."""
    settings = site.settings
    reports: list[lake.ExpireReport] = []
    with readable_failures(context):
        as_of = site.as_of_marts()
        for name, raw_table in lake.RAW_TABLES.items():
            if raw_table.joins and not lake.manifests(settings, name):
                continue  # nothing of that tool has ever come
            days = lake.retention_days(settings, name)
            if days is not None:
                progress.report(context.op_def.name, len(reports), None, name)
                through = as_of - timedelta(days=days)
                closed = warehouse.close_days(settings, name, through)
                if closed is None:
                    progress.notice(f"{name}: rows came in that no mart has seen; its days expire after the next run")
                    continue
                reports.append(lake.expire(settings, name, through))
                context.log.info(f"{name}: {sum(map(len, closed.values()))} days of marts kept, then {reports[-1]}")
    progress.notice(_told(reports))
    return dg.MaterializeResult(
        metadata={
            report.raw_table: f"up to {report.closed_through}: {report.rows} rows in {report.files} files"
            for report in reports
        }
    )


def _told(reports: list[lake.ExpireReport]) -> str:
    removed = [
        f"{report.raw_table} {report.rows:,} rows up to {report.closed_through}" for report in reports if report.rows
    ]
    return "Expired: " + ("; ".join(removed) or "nothing is past its retention")
