with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

files as (select * from {{ ref('fct_ingested_files') }}),

intake as (select * from {{ source('pipeline', 'intake') }}),

totals as (
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
),

final as (
    select
        totals.raw_table,
        intake.reason as newest_reason,
        intake.field as newest_field,
        intake.cause as newest_cause,
        intake.alarm as newest_alarm,
        intake.file_count as newest_file_count,
        intake.rows_read as newest_rows_read,
        intake.rows_kept as newest_rows_kept,
        intake.rows_rejected as newest_rows_rejected,
        intake.rows_after_close as newest_rows_after_close,
        intake.reason_count as newest_reason_count,
        totals.* exclude (raw_table)
    from totals
    left join intake on totals.raw_table = intake.raw_table
)

select * from final
