-- One row per day from the first with page views up to the run: a day without any is missing; a day
-- whose reports were ingested and that no mart knows is lost. A beacon of another tool need not carry a report.
with

in_marts as (
    select distinct event_date from experience.fct_beacon_integrity_daily where event_date <= $as_of
),

ingested as (
    select distinct unnest(event_dates) as event_date
    from pipeline.ingested_files
    where raw_table = 'raw_web_vitals.beacons' and rows_kept > 0
),

days as (
    select cast(unnest(generate_series(min(event_date), $as_of, interval 1 day)) as date) as event_date
    from (from in_marts union all from ingested)
)

select
    cast(event_date as varchar) as cell,
    cast(in_marts.event_date is null as integer) as is_missing,
    cast(in_marts.event_date is null and ingested.event_date is not null as integer) as is_lost
from days
left join in_marts using (event_date)
left join ingested using (event_date)
order by event_date
