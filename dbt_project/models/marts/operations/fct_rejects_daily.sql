{{ config(materialized='table') }}

with
rejects as (select * from {{ source('pipeline', 'ingested_rejects') }}),

final as (
    select
        raw_table,
        reason,
        coalesce(field, '') as field,
        sum(reject_count)::bigint as reject_count,
        count(distinct source_file) as file_count,
        export_date
    from rejects
    group by raw_table, reason, coalesce(field, ''), export_date
)

select * from final
order by export_date, raw_table, reason, field
