"""Sessions as another analytics tool counted them, as CSV."""

from orchestration.sources.feed import Feed, Field, Range

FEED = Feed(
    name="sessions",
    system="sessions",
    table="sessions",
    time="started_at",
    fields=(
        Field("session_id", required=True),
        Field("landing_url", "url"),
        Field("channel"),
        Field("device"),
        Field("country"),
        Field("page_views", "integer", type="INTEGER", range=Range(0, 1e6, "page views")),
        Field("is_new_user", "boolean"),
        Field("started_at", "time", required=True),
        Field("ended_at", "time"),
    ),
)
