-- One row per feed that has ever been delivered: how many days its newest delivery lies behind the run, and how many days of its raw rows are overdue.
-- Expiry ends a run, so that the limit is that of the run before ($previous_as_of; none: nothing can be overdue yet).
with

files as (
    select raw_table, max(export_date) as newest_export_date, min(list_min(event_dates)) as oldest_date
    from pipeline.ingested_files
    group by all
),

limits as (
    select
        files.*,
        cast($previous_as_of as date) - retention_days as should_be_closed,
        greatest(oldest_date - 1, closed_through) as is_closed
    from files
    left join config.retention using (raw_table)
    left join pipeline.closed_days using (raw_table)
)

select
    replace(raw_table, 'raw_', '') || ': newest delivery ' || newest_export_date as cell,
    date_diff('day', newest_export_date, $as_of) as days_behind,
    coalesce(greatest(date_diff('day', is_closed, should_be_closed), 0), 0) as overdue_days
from limits
order by 1
