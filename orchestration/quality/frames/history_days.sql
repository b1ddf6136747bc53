-- One row per day from the first with page views up to the run: a day without any is missing, unless its weekday is
-- closed; a day whose reports were ingested and that no mart knows is lost. A beacon of another tool need not carry a
-- report.
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
),

known as (
    select
        days.event_date,
        isodow(days.event_date) as weekday,
        in_marts.event_date is null as is_absent,
        ingested.event_date is not null as is_ingested,
        -- In a week without anything nothing was delivered: such a week says of no weekday that it is closed.
        count(in_marts.event_date) over (order by days.event_date rows between 3 preceding and 3 following) > 0
            as is_in_known_week
    from days
    left join in_marts on days.event_date = in_marts.event_date
    left join ingested on days.event_date = ingested.event_date
),

spells as (
    select
        *,
        is_absent and is_in_known_week and not is_ingested as is_quiet,
        count(*) filter (not is_quiet) over (partition by weekday order by event_date) as spell
    from known
),

-- The same weekday was quiet eight weeks in a row: closed, as in `models.forecasts.closed_weekdays`.
closed as (
    select
        *,
        is_quiet and count(*) filter (is_quiet) over (partition by weekday, spell) >= 8 as is_closed
    from spells
)

select
    cast(event_date as varchar) as cell,
    cast(is_absent and not is_closed as integer) as is_missing,
    cast(is_absent and is_ingested as integer) as is_lost
from closed
order by event_date
