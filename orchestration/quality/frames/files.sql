-- One row per raw table: source rows of which nobody knows where they went.
select
    raw_table as cell,
    sum(abs(rows_read - rows_kept - rows_rejected - rows_after_close)) as unaccounted_rows
from pipeline.ingested_files
group by all
order by all
