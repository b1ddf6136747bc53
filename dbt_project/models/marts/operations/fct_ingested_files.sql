{{ config(materialized='table') }}

with
files as (select * from {{ source('pipeline', 'ingested_files') }})

select
    raw_table,
    source_file,
    content_hash,
    state,
    rows_read,
    rows_kept,
    rows_rejected,
    rows_after_close,
    bytes,
    export_date
from files
order by export_date, raw_table, source_file
