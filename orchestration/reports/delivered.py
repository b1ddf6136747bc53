"""Which feeds the site delivers: what pages, tiles and sentences may speak of.

`dimensions.dim_feeds` decides; here it is read once a release. What was not delivered is unknown, never zero.
"""

from orchestration.reports.marts import Marts

Feeds = frozenset[str]


def delivered_feeds(marts: Marts) -> Feeds:
    """Return the feeds of which a row was ever kept, such as `page_views`, `probes` or `orders`."""
    rows = marts.rows("select feed from dimensions.dim_feeds where is_delivered")
    return frozenset(row["feed"] for row in rows)
