with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

files as (select * from {{ ref('fct_ingested_files') }}),

final as (
    select
        files.raw_table,
        count(*) as file_count,
        sum(files.rows_read)::bigint as rows_read,
        sum(files.rows_kept)::bigint as rows_kept,
        sum(files.rows_rejected)::bigint as rows_rejected,
        sum(files.rows_after_close)::bigint as rows_after_close,
        sum(files.bytes)::bigint as bytes,
        sum(files.rows_rejected) / nullif(sum(files.rows_read), 0) as rejected_share,
        min(files.export_date) as first_export_date,
        max(files.export_date) as newest_export_date,
        run.as_of_date as event_date
    from files
    cross join run
    group by files.raw_table, run.as_of_date
)

select * from final
