-- One row per raw table: the rows of the newest export day against the median of the same weekday in the four weeks before (1 where there are fewer
-- than two such weeks, or where rows are too few to be compared), and the share of them that was rejected.
with

days as (
    select raw_table, export_date, sum(rows_read) as row_count, sum(rows_rejected) as rejected_count
    from pipeline.ingested_files
    where export_date between $as_of - 28 and $as_of
    group by all
),

weeks_before as (
    select raw_table, median(row_count) as usual_count, count(*) as week_count
    from days
    where export_date < $as_of and dayofweek(export_date) = dayofweek($as_of)
    group by all
)

select
    replace(raw_table, 'raw_', '') || ': ' || row_count || ' rows, usually ' || coalesce(cast(cast(usual_count as bigint) as varchar), '?') as cell,
    case when week_count >= 2 and usual_count >= 100 then row_count / usual_count else 1 end as rows_ratio,
    coalesce(rejected_count / nullif(row_count, 0), 0) as rejected_share
from days
left join weeks_before using (raw_table)
where export_date = $as_of
order by 1
