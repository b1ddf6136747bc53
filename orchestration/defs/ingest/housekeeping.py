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
    done: dict[str, object] = {}
    with readable_failures(context):
        for raw_table in lake.RAW_TABLES:
            progress.report(context.op_def.name, len(done), len(lake.RAW_TABLES), raw_table)
            done[raw_table] = getattr(lake, "compact", lambda *_: None)(site.settings, raw_table)
    return dg.MaterializeResult(metadata={name: str(report) for name, report in done.items() if report})


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
    removed: dict[str, object] = {}
    with readable_failures(context):
        for name, raw_table in lake.RAW_TABLES.items():
            days = settings.retention_days(raw_table.name)
            if days is None:
                continue
            through = site.as_of_marts() - timedelta(days=days)
            progress.report(context.op_def.name, len(removed), None, name)
            closed = warehouse.close_days(settings, name, through)
            removed[name] = getattr(lake, "expire", lambda *_: None)(settings, name, through)
            context.log.info(f"{name}: kept {closed} in history, then removed {removed[name]}")
    return dg.MaterializeResult(metadata={name: str(report) for name, report in removed.items()})
