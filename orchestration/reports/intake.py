"""What the newest exports gave, as pages and status.json say it; the words are those of the run and of the status."""

from orchestration.lake import Intake
from orchestration.reports.marts import Marts


def newest_intake(marts: Marts) -> list[Intake]:
    """Return what the newest export day of each raw table gave, in the order of raw tables."""
    rows = marts.rows(
        """
        select
            raw_table, newest_file_count, newest_rows_read, newest_rows_kept, newest_rows_rejected,
            newest_rows_after_close, newest_export_date, newest_reason, newest_field, newest_reason_count, newest_cause
        from reports.rpt_data_intake where newest_file_count is not null order by raw_table
        """
    )
    return [Intake(*row.values()) for row in rows]


def why_empty(marts: Marts, feed: str) -> str:
    """Return why nothing is known of a feed although its files came: every row was rejected. Empty otherwise."""
    alarms = [found.alarm for found in newest_intake(marts) if found.feed == feed]
    return "; ".join(f"{alarm}." for alarm in alarms if alarm)
