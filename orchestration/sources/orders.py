"""Orders of the shop, as CSV. Amounts stay in the currency in which they were given."""

from orchestration.sources.feed import MONEY, Feed, Field

FEED = Feed(
    name="orders",
    system="orders",
    table="orders",
    time="ordered_at",
    is_entity=True,
    strict=("status", "refund"),
    fields=(
        Field("order_id", required=True),
        Field("session_id"),
        Field("user_id", "user"),
        Field("currency", "currency"),
        Field("status", choices=("completed", "cancelled", "refunded")),
        Field("revenue", "money", required=True, range=MONEY),
        Field("refund", "money", range=MONEY, is_absolute=True),
        Field("ordered_at", "time", required=True),
    ),
)
