"""One asset for each raw table of the lake, partitioned by export day.

How files are read, kept or rejected does not belong here: that is `orchestration.lake` and `orchestration.sources`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import dagster as dg

from orchestration import lake, progress
from orchestration.defs.resources import EXPORT_DAYS, Site, readable_failures

EVERY_ROW = "every_source_row_is_kept_or_rejected"


@dg.definitions
def ingest() -> dg.Definitions:
    """The raw tables that the lake knows, and beside each the rows that were refused."""
    rejects = {raw.schema: dg.AssetKey(name.split(".")) for name, raw in lake.RAW_TABLES.items()}
    specs = [
        dg.AssetSpec([schema, "rejects"], deps=[key], group_name="ingest", kinds={"parquet"})
        for schema, key in rejects.items()
    ]
    usual = [name for name in lake.RAW_TABLES if name not in _rare()]
    return dg.Definitions(assets=[*[_raw_table(name) for name in usual], _rare_raw_tables(), *specs])


def _raw_table(name: str) -> dg.AssetsDefinition:
    key = _key(name)

    @dg.asset(
        key=key,
        group_name="ingest",
        kinds={"parquet"},
        partitions_def=EXPORT_DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[_every_row(name)],
        description=_description(name),
    )
    def raw_table(context: dg.AssetExecutionContext, site: Site) -> dg.MaterializeResult:
        return _ingested(context, site, name)

    return raw_table


def _rare() -> list[str]:
    """Feeds that come now and then, and those of other tools, of which a site has one or two."""
    return [name for name, raw in lake.RAW_TABLES.items() if raw.joins or raw.is_occasional]


def _rare_raw_tables() -> dg.AssetsDefinition:
    """One step for them all: a step costs more than finding no files."""
    names = _rare()

    @dg.multi_asset(
        specs=[
            dg.AssetSpec(_key(name), group_name="ingest", kinds={"parquet"}, description=_description(name))
            for name in names
        ],
        name="rare_raw_tables",
        partitions_def=EXPORT_DAYS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[_every_row(name) for name in names],
        can_subset=True,
    )
    def raw_tables(context: dg.AssetExecutionContext, site: Site) -> Iterator[dg.MaterializeResult]:
        for name in names:
            if _key(name) in context.selected_asset_keys:
                yield _ingested(context, site, name)

    return raw_tables


def _ingested(context: dg.AssetExecutionContext, site: Site, name: str) -> dg.MaterializeResult:
    with readable_failures(context):
        days = site.export_days(context)
        report = lake.ingest(site.settings, name, days, progress=partial(progress.report, name))
    if report.read:
        intake = lake.intake_of(name, report.read)
        progress.notice(intake.alarm or intake.message, is_warning=bool(intake.alarm))
    _tell_each_day(context, _key(name), report)
    checked = _every_row_is_accounted_for(report.files, _key(name))
    return dg.MaterializeResult(asset_key=_key(name), check_results=[checked])


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey(name.split("."))


def _every_row(name: str) -> dg.AssetCheckSpec:
    text = "Rows read = kept + rejected + after close, in every file."
    return dg.AssetCheckSpec(EVERY_ROW, asset=_key(name), blocking=True, description=text)


def _description(name: str) -> str:
    return f"Rows of the feed {lake.RAW_TABLES[name].name} as they came, one partition for each export day."


def _tell_each_day(context: dg.AssetExecutionContext, key: dg.AssetKey, report: lake.IngestReport) -> None:
    """Put what came of a day's files on that day's partition, also on days that only a look at landing brought up."""
    by_day = defaultdict(list)
    for file in report.files:
        if not file.skipped:
            by_day[file.export_date.isoformat()].append(file)
    own = set(context.partition_keys)
    for day in own:
        context.add_asset_metadata({**_metadata(by_day[day]), "run_seconds": report.seconds}, key, partition_key=day)
    for day in sorted(by_day.keys() - own):
        context.log_event(dg.AssetMaterialization(key, metadata=_metadata(by_day[day]), partition=day))


def _metadata(files: list[lake.FileReport]) -> Mapping[str, Any]:
    dates = sorted({event_date for file in files for event_date in file.event_dates})
    return {
        "files": len(files),
        "rows": sum(file.rows_kept for file in files),
        "rejects": sum(file.rows_rejected for file in files),
        "after_close": sum(file.rows_after_close for file in files),
        "bytes": sum(file.bytes for file in files),
        "event_dates": f"{dates[0]} to {dates[-1]}, {len(dates)} days" if dates else "none",
    }


def _every_row_is_accounted_for(files: Iterable[lake.FileReport], key: dg.AssetKey) -> dg.AssetCheckResult:
    files = list(files)
    wrong = [
        f"{file.path}: read {file.rows_read}, kept {file.rows_kept}, rejected {file.rows_rejected},"
        f" after close {file.rows_after_close}"
        for file in files
        if file.rows_read != file.rows_kept + file.rows_rejected + file.rows_after_close
    ]
    return dg.AssetCheckResult(
        passed=not wrong,
        check_name=EVERY_ROW,
        asset_key=key,
        metadata={"files": len(files), "rows_read": sum(file.rows_read for file in files), "wrong": wrong or "none"},
    )
