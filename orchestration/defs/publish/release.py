"""The release that people see, and the words on it when there is no new one.

How pages are made and swapped in does not belong here: that is `orchestration.publish`.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from orchestration import dbt, progress, publish, quality, runs
from orchestration.defs.resources import Site, readable_failures
from orchestration.settings import Settings, load_settings
from orchestration.warehouse.predictions import DECLARED

RELEASE = dg.AssetKey(["published", "release"])


@dg.definitions
def release() -> dg.Definitions:
    """The release holds every mart, prediction and report, and what the checks found."""
    return dg.Definitions(assets=[_release(_published_tables(load_settings()))])


def _release(deps: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=RELEASE,
        deps=deps,
        group_name="publish",
        kinds={"html", "duckdb"},
        description="Pages, marts.duckdb, exports and status.json, swapped in as one.",
    )
    def published_release(context: dg.AssetExecutionContext, site: Site) -> dg.MaterializeResult:
        with readable_failures(context):
            settings, as_of, now = site.settings, site.as_of_marts(), datetime.now(UTC)
            results = quality.last_results(settings)
            found = [asdict(result) for result in results]
            if reasons := quality.blocking_failures(results):
                publish.block(settings, as_of, found, now, reasons)
                said = "\n".join(f"  {reason}" for reason in reasons)
                raise dg.Failure(
                    f"Publishing is blocked; the release before stays:\n{said}",
                    {runs.BLOCKED: True},
                    allow_retries=False,
                )
            new = publish.publish(
                settings,
                as_of,
                found,
                now,
                quality.data_docs_dir(settings),
                partial(progress.report, context.op_def.name),
            )
        index = settings.published / "index.html"
        return dg.MaterializeResult(
            metadata={"release": new.id, "as_of": str(as_of), "report": dg.MetadataValue.path(str(index))}
        )

    return published_release


def _published_tables(settings: Settings) -> list[dg.AssetKey]:
    nodes = json.loads(dbt.manifest(settings).read_text())["nodes"].values()
    tables = [
        f"{node['config']['schema']}.{node['name']}"
        for node in nodes
        if node["resource_type"] == "model" and node["fqn"][1] in {"marts", "reports"}
    ]
    return [dg.AssetKey(table.split(".")) for table in [*tables, *DECLARED]]
