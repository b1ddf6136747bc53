"""Errors caught in the browser, one JSON object a line."""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="errors",
    system="web_errors",
    table="errors",
    time="occurred_at",
    is_ndjson_only=True,
    fields=(
        Field("message", "free_text", required=True),
        Field("type"),
        Field("stack", "free_text"),
        Field("url", "url"),
        Field("page_view_id"),
        Field("session_id"),
        Field("user_id", "user"),
        Field("release"),
        Field("browser"),
        Field("country"),
        Field("fingerprint"),
        Field("tags", "object"),
        Field("handled", "boolean"),
        Field("occurred_at", "time", key="ts", required=True),
    ),
)
