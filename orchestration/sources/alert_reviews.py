"""What people say of alerts, as CSV: was it right, wrong, or right and of no use.

A review names its alert, or a service and a moment: tools that page people do not know our ids.
"""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="alert_reviews",
    system="alert_reviews",
    table="reviews",
    time="reviewed_at",
    is_entity=True,
    is_occasional=True,
    fields=(
        Field("service"),
        Field("alerted_at", "time", key="at"),
        Field("alert_id", or_else="service || ' ' || alerted_at", required=True),
        Field("verdict", required=True, choices=("true", "false", "noise")),
        Field("reviewed_by", key="by"),
        Field("note", "free_text"),
        Field("reviewed_at", "time", or_else="_export_date::timestamp"),
    ),
)
