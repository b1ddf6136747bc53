-- One row per feed that has ever been delivered. Late is what lies longer back than any gap between its deliveries in the
-- four weeks before; the silence of an occasional feed ($occasional_tables) says nothing.
-- Overdue are raw rows past their retention: expiry ends a run, so that the limit is that of the run before
-- ($previous_as_of; none: nothing can be overdue yet).
with

deliveries as (
    select distinct raw_table, export_date
    from pipeline.ingested_files
    where export_date <= $as_of
),

gaps as (
    select
        raw_table,
        export_date,
        date_diff('day', lag(export_date) over (partition by raw_table order by export_date), export_date) as gap_days
    from deliveries
),

feeds as (
    select
        raw_table,
        max(export_date) as newest_date,
        max(gap_days) filter (where export_date > $as_of - 28) as longest_gap_days
    from gaps
    group by all
),

oldest as (
    select raw_table, min(list_min(event_dates)) as oldest_date
    from pipeline.ingested_files
    group by all
)

select
    replace(raw_table, 'raw_', '') || ': newest delivery ' || newest_date as cell,
    case
        when list_contains($occasional_tables, raw_table) then 0
        else greatest(date_diff('day', newest_date, $as_of) - greatest(coalesce(longest_gap_days, 28), 1), 0)
    end as days_late,
    coalesce(
        greatest(
            date_diff(
                'day', greatest(oldest_date - 1, closed_through), cast($previous_as_of as date) - retention_days
            ),
            0
        ),
        0
    ) as overdue_days
from feeds
inner join oldest using (raw_table)
left join config.retention using (raw_table)
left join pipeline.closed_days using (raw_table)
order by 1
