"""Checks of services by an uptime monitor, as CSV or one JSON object a line."""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="probes",
    system="probes",
    table="checks",
    time="checked_at",
    fields=(
        Field("service", required=True),
        Field("status", required=True, choices=("up", "degraded", "down", "maintenance", "pending")),
        Field("location"),
        Field("message", "free_text"),
        Field("status_code", "integer", type="INTEGER"),
        Field("response_ms", "number"),
        Field("interval_s", "number"),
        Field("checked_at", "time", required=True),
    ),
)
