"""Which feeds the site delivers: what pages, tiles and sentences may speak of.

`dimensions.dim_feeds` decides; here it is read once a release. What was not delivered is unknown, never zero.
"""

import re
from collections.abc import Container

from orchestration.reports.marts import Marts

Feeds = frozenset[str]

_LINK = re.compile(r'<a\b[^>]*\bhref="?([\w-]+)\.html(?:#[^">\s]*)?"?[^>]*>(.*?)</a>', re.DOTALL)

# The pages of a module exist once any of these feeds is delivered; those of other modules always do.
_MADE_OF = {
    "experience": "page_views",
    "page_groups": "page_views",
    "degradations": "vitals",
    "opportunities": "vitals",
    "geography": "page_views",
    "integrity": "page_views page_requests",
    "reliability": "probes requests",
    "objectives": "page_views probes requests orders",
    "availability": "probes",
    "incidents": "probes incidents",
    "alerts": "page_views errors probes requests orders",
    "services": "probes requests incidents",
    "errors": "errors",
    "error_digest": "errors",
    "error_releases": "errors",
    "error_groups": "errors",
    "business": "sessions orders",
    "effects": "sessions",
    "forecasts": "page_views probes requests orders",
}


def delivered_feeds(marts: Marts) -> Feeds:
    """Return the feeds of which a row was ever kept, such as `page_views`, `probes` or `orders`."""
    rows = marts.rows("select feed from dimensions.dim_feeds where is_delivered")
    return frozenset(row["feed"] for row in rows)


def exists(module: str, feeds: Feeds) -> bool:
    """Whether the pages of a module of `content` have something to say; before anything has come, each says so."""
    return not feeds or module not in _MADE_OF or not feeds.isdisjoint(_MADE_OF[module].split())


def without_dead_links(text: str, pages: Container[str]) -> str:
    """Return the HTML of a page with the text of links to pages that do not exist in place of the links."""
    return _LINK.sub(lambda link: link[0] if link[1] in pages else link[2], text)
