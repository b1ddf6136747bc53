"""Beacons: reports of the web-vitals library with page context, and page views, one JSON object a line."""

from orchestration.sources.feed import EPOCH_MS, METRIC, WEIGHT, Feed, Field, Range

# Of the browser's own clock, which begins with the page; some collectors send the clock of the wall.
_SINCE_NAVIGATION = Range(0, EPOCH_MS.maximum, "ms")

FEED = Feed(
    name="beacons",
    system="web_vitals",
    table="beacons",
    time="received_at",
    is_ndjson_only=True,
    fields=(
        Field("name", required=True, choices=("LCP", "INP", "CLS", "FCP", "TTFB", "FID", "page_view")),
        Field("id", required=True),
        Field("page_view_id"),
        Field("session_id"),
        Field("user_id", "user"),
        Field("url", "url", or_else="navigation_url", required=True),
        Field("navigation_url", "url", key="navigationURL"),
        Field("navigation_id", key="navigationId"),
        Field("navigation_type", key="navigationType"),
        Field("rating"),
        Field("attribution", "object"),
        Field("time_zone"),
        Field("device"),
        Field("country"),
        Field("region"),
        Field("browser"),
        Field("os"),
        Field("connection"),
        Field("ua"),
        Field("release"),
        Field("referrer", "url"),
        Field("channel"),
        Field("value", "number", required=True, required_unless="name = 'page_view'", range=METRIC),
        Field("delta", "number", range=METRIC),
        Field("navigation_start_ms", "number", key="navigationStartTime", range=_SINCE_NAVIGATION),
        Field("weight", "number", range=WEIGHT),
        Field("is_new_user", "boolean"),
        Field("received_at", "time", key="ts", required=True),
    ),
)
