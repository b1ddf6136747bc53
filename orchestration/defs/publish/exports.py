"""The exports that the configuration declares, written after each publish.

Which rows, where to and when they are due is said in `orchestration.exports`. A site that declares none has no asset.
"""

import dagster as dg

from orchestration import access, exports
from orchestration.defs.resources import Site, readable_failures
from orchestration.settings import load_settings

RELEASE, EXPORTS = dg.AssetKey(["published", "release"]), dg.AssetKey(["published", "exports"])


@dg.definitions
def scheduled_exports() -> dg.Definitions:
    """The declared exports, of the release that was just made."""
    return dg.Definitions(assets=[_scheduled()] if load_settings().config.exports else [])


def _scheduled() -> dg.AssetsDefinition:
    @dg.asset(
        key=EXPORTS,
        deps=[RELEASE],
        group_name="publish",
        kinds={"file"},
        description="The exports of the configuration: rows of the release as files, here or in object storage.",
    )
    def published_exports(context: dg.AssetExecutionContext, site: Site) -> dg.MaterializeResult:
        with readable_failures(context), access.as_the_user():
            written, failed = exports.run_scheduled(site.settings, site.as_of_marts())
        if failed:
            raise dg.Failure("\n".join(failed))
        return dg.MaterializeResult(metadata={"files": written})

    return published_exports
