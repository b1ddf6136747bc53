"""The export formats: what a row of each holds, and how a file becomes source-shaped columns in DuckDB.

Nothing here knows Dagster or where the lake lies.
"""

from orchestration.sources import (
    incidents,
    maintenance,
    orders,
    probes,
    releases,
    requests,
    sessions,
    web_errors,
    web_vitals,
)
from orchestration.sources.feed import REJECT_COLUMNS, Feed, Field

FEEDS: dict[str, Feed] = {
    module.FEED.raw_table: module.FEED
    for module in (
        web_vitals,
        web_errors,
        probes,
        maintenance,
        incidents,
        orders,
        sessions,
        requests,
        releases,
    )
}

__all__ = ["FEEDS", "REJECT_COLUMNS", "Feed", "Field"]
