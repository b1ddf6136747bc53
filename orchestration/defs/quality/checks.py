"""The Great Expectations suites as one asset, and every check of theirs as an asset check where it belongs.

What is checked is declared in `orchestration.quality`; nothing is decided here.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration import quality
from orchestration.defs.resources import Site, readable_failures

RESULTS = dg.AssetKey(["operations", "fct_quality_results"])


@dg.definitions
def checks() -> dg.Definitions:
    """The results as an asset of their own; each check on the table that it is about."""
    return dg.Definitions(assets=[fct_quality_results], asset_checks=[suites])


@dg.asset(
    key=RESULTS,
    group_name="quality",
    kinds={"greatexpectations", "duckdb"},
    deps=[dg.AssetKey(asset.split("/")) for asset in sorted({check.asset for check in quality.CHECKS})],
    description="One row per check of a quality suite and as-of date.",
)
def fct_quality_results(context: dg.AssetExecutionContext, site: Site) -> dg.MaterializeResult:
    """Retention, coverage, volumes, ranges and reconciliation in one pass of Great Expectations."""
    with readable_failures(context):
        results = quality.evaluate(site.settings, site.as_of_marts())
    failing = [result.check_name for result in results if not result.is_passed]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(results),
            "failing": failing or "none",
            "data_docs": dg.MetadataValue.path(str(quality.data_docs_dir(site.settings) / "index.html")),
        }
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            check.name,
            asset=check.asset.split("/"),
            additional_deps=[RESULTS],
            description=f"{check.suite}: {check.name.replace('_', ' ')}"
            + ("; a failure blocks publishing" if check.is_blocking else ""),
        )
        for check in quality.CHECKS
    ],
    can_subset=True,
)
def suites(context: dg.AssetCheckExecutionContext, site: Site) -> Iterator[dg.AssetCheckResult]:
    """Show what the evaluation found; publishing itself reads the results and blocks."""
    selected = context.selected_asset_check_keys
    for result in quality.last_results(site.settings):
        key = dg.AssetCheckKey(dg.AssetKey(result.asset.split("/")), result.check_name)
        if key in selected:
            yield dg.AssetCheckResult(
                passed=result.is_passed,
                asset_key=key.asset_key,
                check_name=key.name,
                severity=dg.AssetCheckSeverity.ERROR if result.is_blocking else dg.AssetCheckSeverity.WARN,
                metadata={
                    "observed": result.observed,
                    "expected": result.expected,
                    "missing": result.missing or "none",
                },
            )
