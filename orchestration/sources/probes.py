"""Checks of services by an uptime monitor, as CSV or one JSON object a line."""

from orchestration.sources.feed import DURATION_MS, Feed, Field, Range

FEED = Feed(
    name="probes",
    system="probes",
    table="checks",
    time="checked_at",
    series=("service", "location"),
    fields=(
        Field("service", required=True),
        Field("status", required=True, choices=("up", "degraded", "down", "maintenance", "pending")),
        Field("location"),
        Field("message", "free_text"),
        Field("status_code", "integer", type="INTEGER", range=Range(0, 999, "HTTP status")),
        Field("response_ms", "number", range=DURATION_MS),
        Field("interval_s", "number", range=Range(0, 86_400, "s", is_above_minimum=True)),
        Field("checked_at", "time", required=True),
    ),
)
