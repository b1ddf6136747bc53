"""Maintenance windows, as CSV."""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="maintenance",
    system="maintenance",
    table="windows",
    time="starts_at",
    is_entity=True,
    is_occasional=True,
    is_planned=True,
    fields=(
        Field("service", required=True),
        Field("note", "free_text"),
        Field("starts_at", "time", required=True),
        Field("ends_at", "time", required=True),
    ),
)
