"""What the site delivers, and so what pages may speak of: pages, sections, tiles, charts and columns.

`dimensions.dim_feeds` decides; here it is read once a release. What was not delivered is unknown, never zero. Each part
of a page is about the feeds that its definition needs, or that it names itself; what remains of a page is said by
`spoken`, so that no page asks for a feed where it only would leave something out.
"""

import re
from collections.abc import Container
from dataclasses import replace

from orchestration.reports.blocks import Page, Section, Table
from orchestration.reports.marts import Marts

Feeds = frozenset[str]

_LINK = re.compile(r'<a\b[^>]*\bhref="?([\w-]+)\.html(?:#[^">\s]*)?"?[^>]*>(.*?)</a>', re.DOTALL)

# What each needs to have something to say: any of the feeds, and of those that a plus joins all. Beside feeds there are
# `objectives` and `journeys`, which the configuration declares. What is not named here needs nothing.
_PAGES = {
    "experience": "page_views",
    "page_groups": "page_views",
    "degradations": "vitals",
    "opportunities": "vitals",
    "geography": "page_views",
    "integrity": "page_views page_requests",
    "reliability": "probes requests objectives",
    "objectives": "objectives",
    "availability": "probes",
    "incidents": "probes incidents",
    "alerts": "page_views errors probes requests orders objectives",
    "services": "probes requests incidents objectives",
    "journeys": "journeys",
    "errors": "errors",
    "error_digest": "errors",
    "error_releases": "errors+page_views",
    "error_groups": "errors",
    "business": "sessions orders",
    "effects": "sessions+vitals",
    "forecasts": "page_views probes requests orders",
}
_DEFINITIONS = {
    "page_views": "weight page_view mix beacon_integrity lost_beacons quoted_cell capacity",
    "page_views page_requests": "expected_views",
    "vitals": """
            p75 lcp inp cls fcp ttfb valid rating core_web_vitals ux_score baseline degradation ux_loss opportunity
            vital_parts element metric_break
        """,
    "probes requests objectives": "health",
    "journeys": "journey journey_coverage",
    "journeys+sessions": "journey_funnel",
    "probes": """
            check_state availability accounting_method exclusion flapping availability_coverage unknown_time
            checks_expected outage
        """,
    "objectives": """
            slo sli composite error_budget burn_down budget_minutes budget_policy burn_rate never_fires budget_forecast
        """,
    "objectives+incidents": "budget_cause",
    "requests page_views+errors": "error_rate",
    "requests probes+page_views objectives+page_views": "throughput",
    "probes requests": "response_time",
    "page_views sessions requests errors": "traffic_anomaly",
    "incidents": "incident mttd mtta mttr_restore mttr_resolve mtbf incident_exclusion mttr_halved",
    "incidents+probes incidents+objectives": "detection",
    "page_views errors probes requests orders": """
            alert alert_review alert_cascade alert_notification alert_clocks alert_latency
        """,
    "alert_reviews incidents+page_views incidents+errors incidents+probes incidents+requests incidents+orders": """
            alert_precision alert_recall alert_delay alert_accuracy
        """,
    "errors": "error_group error_category error_state error_expected error_impact",
    "errors+orders": "error_cost",
    "errors+page_views": "release_adoption release_errors",
    "sessions": "session bounce",
    "sessions+orders": "conversion_rate impact_score",
    "orders": "order revenue_net",
    "sessions+vitals": """
            association missing_exposure effect stratum dose_response agreement confounding_needed gain
            conversion_by_speed
        """,
    "sessions+vitals+orders": "at_risk",
    "sessions+page_views": "release_effect",
    "sessions+session_lists": "sessions_reconciled",
    "page_views probes requests orders sessions": """
            kpi_correlation forecast forecast_sum backtest mase relative_error smape interval_coverage msis
        """,
    "vitals probes": "predicted_breach",
    "": "interval day false_discovery_rate rows_read reject after_close history",
}
_NEEDS = {name: needs for needs, names in _DEFINITIONS.items() for name in names.split()}


def delivered_feeds(marts: Marts) -> Feeds:
    """Return the feeds of which a row was ever kept, such as `page_views`, and which of `_PAGES`' others are declared.

    Empty before anything has come.
    """
    rows = marts.rows("select feed from dimensions.dim_feeds where is_delivered")
    declared = marts.rows(
        """
        select 'objectives' as feed where exists(from reports.rpt_objectives)
        union all
        select 'journeys' where exists(from reports.rpt_journey_steps)
        """
    )
    return frozenset(row["feed"] for row in (*rows, *declared)) if rows else frozenset()


def needs(module: str) -> str:
    """Return what the pages of a module of `content` need to have something to say."""
    return _PAGES.get(module, "")


def exists(module: str, feeds: Feeds) -> bool:
    """Whether the pages of a module of `content` have something to say; before anything has come, each says so."""
    return known(needs(module), feeds)


def defines(definition: str, feeds: Feeds) -> bool:
    """Whether what an anchor of the definitions page explains can be known."""
    return known(_NEEDS.get(definition, ""), feeds)


def known(needed: str, feeds: Feeds) -> bool:
    """Whether any of the feeds is delivered that are needed, or all of those that a plus joins."""
    return not feeds or not needed or any(feeds.issuperset(all_of.split("+")) for all_of in needed.split())


def spoken(page: Page, feeds: Feeds) -> Page:
    """Return a page without the sections, tiles, charts and columns that are about feeds that are not delivered."""
    sections = [_spoken(section, feeds) for section in page.sections if known(section.needs, feeds)]
    return replace(page, sections=[section for section in sections if section])


def without_dead_links(text: str, pages: Container[str]) -> str:
    """Return the HTML of a page with the text of links to pages that do not exist in place of the links."""
    return _LINK.sub(lambda link: link[0] if link[1] in pages else link[2], text)


def _spoken(section: Section, feeds: Feeds) -> Section | None:
    """A section's known parts; None if it had such parts and none is left."""
    cards, tiles = (
        [tile for tile in some if defines(tile.definition, feeds)] for some in (section.cards, section.tiles)
    )
    charts = [chart for chart in section.charts if defines(chart.definition, feeds)]
    had_any = section.cards or section.tiles or section.charts
    if had_any and not (cards or tiles or charts or section.tables):
        return None
    tables = [_columns(table, feeds) for table in section.tables]
    return replace(section, cards=cards, tiles=tiles, charts=charts, tables=tables)


def _columns(table: Table, feeds: Feeds) -> Table:
    columns, details = (
        tuple(column for column in some if defines(column.definition, feeds)) for some in (table.columns, table.details)
    )
    return replace(table, columns=columns, details=details)
