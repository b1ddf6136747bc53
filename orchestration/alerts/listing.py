"""What a person is shown of the ledger in a terminal; pages read its copy beside the marts."""

from typing import Any

from orchestration.alerts import ledger
from orchestration.settings import Settings


def alerts(settings: Settings, everything: bool, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of the open alerts, or of all, the newest first; instants are UTC."""
    if not ledger.path(settings).exists():
        return [], []
    with ledger.opened(settings) as connection:
        answer = connection.execute(
            "select severity, case when state = 'open' and is_silenced then 'silenced' when resolution = 'withdrawn'"
            " then resolution else state end as state, rule, subject, opened_at, resolved_at, notified_at, alert_id"
            " from alerts"
            " where $everything or state = 'open' order by opened_at desc, alert_id limit $limit",
            {"everything": everything, "limit": limit},
        )
        return [column[0] for column in answer.description or []], answer.fetchall()
