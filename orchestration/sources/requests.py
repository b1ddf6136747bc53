"""Requests, errors and latency of a service by the minute, as CSV."""

from orchestration.sources.feed import DURATION_MS, Feed, Field, Range, Rule

# The busiest services answer some ten million requests a second.
_COUNT = Range(0, 1e9, "requests")

FEED = Feed(
    name="requests",
    system="requests",
    table="requests",
    time="minute",
    rules=(Rule("errors <= requests", "more_errors_than_requests", "errors"),),
    series=("service",),
    fields=(
        Field("service", required=True),
        Field("requests", "integer", required=True, range=_COUNT),
        Field("errors", "integer", required=True, range=_COUNT),
        Field("p50_ms", "number", range=DURATION_MS),
        Field("p95_ms", "number", range=DURATION_MS),
        Field("p99_ms", "number", range=DURATION_MS),
        Field("minute", "time", required=True),
    ),
)
