"""The dbt project as assets, in three steps: staging to marts; the rules of alerts; what reads alerts, and reports.

Predictions and quality checks lie between the first two, the ledger of alerts between the last. One definition would be
split by Dagster behind our back. Selecting what is rebuilt and what the SQL means is not done here: that is
`orchestration.warehouse` and `dbt_project/`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration import dbt, progress, runs, shortage, warehouse
from orchestration.alerts import notes
from orchestration.defs.resources import Site, readable_failures
from orchestration.settings import Settings, load_settings

RULES = "tag:after_checks"
AFTER_ALERTS = "tag:after_alerts"
REPORTS = "fqn:beaconmart.reports"  # by name, not by path: a path is looked up from the working directory
UNIQUE_ID = "dagster_dbt/unique_id"  # what dagster-dbt notes on every asset and check that it makes
Event = dg.MaterializeResult | dg.AssetCheckResult


@dg.definitions
def transform() -> dg.Definitions:
    """The three steps; parses the dbt project first if it has changed."""
    manifest = dbt.manifest(load_settings())
    return dg.Definitions(assets=[_marts(manifest), _rules(manifest), _reports(manifest)])


def _marts(manifest: Path) -> dg.AssetsDefinition:
    later = [RULES, AFTER_ALERTS, REPORTS]

    @dbt_assets(manifest=manifest, exclude=" ".join(later), name="marts")
    def marts(context: dg.AssetExecutionContext, site: Site) -> Iterator[Event]:
        with readable_failures(context), warehouse.writing(site.settings):
            full_refresh = context.run_tags.get(runs.FULL_REFRESH) == "true"
            notes.looked_at_the_lake(site.settings)
            prepared = warehouse.prepare(site.settings, site.as_of(context), full_refresh)
            context.log.info(
                f"As of {prepared.as_of}, full refresh: {prepared.full_refresh}, touched: {prepared.touched}"
            )
            yield from _build(context, site.settings, exclude=later, full_refresh=prepared.full_refresh)

    return marts


def _rules(manifest: Path) -> dg.AssetsDefinition:
    @dbt_assets(manifest=manifest, select=RULES, name="rules")
    def rules(context: dg.AssetExecutionContext, site: Site) -> Iterator[Event]:
        with readable_failures(context), warehouse.writing(site.settings):
            full_refresh = warehouse.is_full_refresh(site.settings)
            yield from _build(context, site.settings, select=[RULES], full_refresh=full_refresh)
            if not context.is_subset:
                warehouse.finish(site.settings)
                notes.built(site.settings)

    return rules


def _reports(manifest: Path) -> dg.AssetsDefinition:
    @dbt_assets(manifest=manifest, select=f"{AFTER_ALERTS} {REPORTS}", exclude=RULES, name="reports")
    def reports(context: dg.AssetExecutionContext, site: Site) -> Iterator[Event]:
        with readable_failures(context):
            yield from _build(context, site.settings, select=[AFTER_ALERTS, REPORTS], exclude=[RULES])

    return reports


def _build(
    context: dg.AssetExecutionContext,
    settings: Settings,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    full_refresh: bool = False,
) -> Iterator[Event]:
    """Build the step's tables, or those picked in the UI, and tell what became of each, also when one failed."""
    results: list[dbt.NodeResult] = []
    total = len(context.selected_asset_keys) + len(context.selected_asset_check_keys)
    failure = None

    def note(result: dbt.NodeResult) -> None:
        results.append(result)
        progress.report(context.op_def.name, len(results), total, result.unique_id.split(".")[2])

    if context.is_subset:
        picked = [*context.selected_asset_keys, *context.selected_asset_check_keys]
        select = sorted(key.path[-1] if isinstance(key, dg.AssetKey) else key.name for key in picked)
    try:
        dbt.build(settings, select, exclude, full_refresh, on_node=note)
    except dbt.DbtError as error:
        failure = error
    yield from _events(context.assets_def, results, _row_counts(settings))
    if failure:
        words = shortage.explain(failure, settings) or str(failure)
        raise dg.Failure(words, allow_retries=False) from failure


def _events(
    definition: dg.AssetsDefinition, results: Sequence[dbt.NodeResult], rows: dict[str, int]
) -> Iterator[Event]:
    assets = {spec.metadata[UNIQUE_ID]: spec.key for spec in definition.specs}
    checks = {spec.metadata[UNIQUE_ID]: spec for spec in definition.check_specs}
    for result in results:
        if result.status == "success" and (key := assets.get(result.unique_id)):
            metadata = {"seconds": result.seconds, "dagster/row_count": rows.get(".".join(key.path))}
            yield dg.MaterializeResult(
                key, metadata={name: value for name, value in metadata.items() if value is not None}
            )
        elif result.status in {"pass", "warn", "fail"} and (spec := checks.get(result.unique_id)):
            yield dg.AssetCheckResult(
                passed=result.status == "pass",
                asset_key=spec.asset_key,
                check_name=spec.name,
                severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"seconds": result.seconds, "message": result.message or "true"},
            )


def _row_counts(settings: Settings) -> dict[str, int]:
    with warehouse.connect(settings) as connection:
        query = "select schema_name || '.' || table_name, estimated_size from duckdb_tables()"
        return dict(connection.execute(query).fetchall())
