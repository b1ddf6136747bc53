"""Incidents as people recorded them, as CSV or one JSON object a line."""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="incidents",
    system="incidents",
    table="incidents",
    time="started_at",
    is_entity=True,
    is_occasional=True,
    fields=(
        Field("incident_id", required=True),
        Field("severity", choices=("critical", "major", "minor")),
        Field("title", "free_text"),
        Field("url", "url"),
        Field("cause", "free_text"),
        Field("services", "list", key="service", required=True),
        Field("started_at", "time", required=True),
        Field("detected_at", "time"),
        Field("acknowledged_at", "time"),
        Field("restored_at", "time"),
        Field("resolved_at", "time"),
    ),
)
