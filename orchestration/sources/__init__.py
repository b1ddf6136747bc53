"""The export formats: what a row of each holds, and how a file becomes source-shaped columns in DuckDB.

Nothing here knows Dagster or where the lake lies.
"""

from orchestration.sources import (
    access_log,
    alert_reviews,
    boomerang,
    faro,
    ga4,
    incidents,
    maintenance,
    opentelemetry,
    orders,
    probes,
    releases,
    requests,
    sentry,
    sessions,
    web_errors,
    web_vitals,
)
from orchestration.sources.feed import REJECT_COLUMNS, Feed, Field, Format

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
        alert_reviews,
        boomerang,
        faro,
        ga4,
        opentelemetry,
        access_log,
    )
}

# Systems whose exports are in another tool's words; any other system is a feed's own.
FORMATS: dict[str, Format] = {module.FORMAT.system: module.FORMAT for module in (sentry,)}

__all__ = ["FEEDS", "FORMATS", "REJECT_COLUMNS", "Feed", "Field", "Format", "raw_table_of"]


def raw_table_of(system: str) -> str:
    """Returns the raw table into which exports of a system go.

    Raises:
        KeyError: There is no such system.
    """
    if system in FORMATS:
        return FORMATS[system].raw_table
    return {feed.system: table for table, feed in FEEDS.items()}[system]
