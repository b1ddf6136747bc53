"""Requests, errors and latency of a service by the minute, as CSV."""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="requests",
    system="requests",
    table="requests",
    time="minute",
    fields=(
        Field("service", required=True),
        Field("requests", "integer", required=True),
        Field("errors", "integer", required=True),
        Field("p50_ms", "number"),
        Field("p95_ms", "number"),
        Field("p99_ms", "number"),
        Field("minute", "time", required=True),
    ),
)
