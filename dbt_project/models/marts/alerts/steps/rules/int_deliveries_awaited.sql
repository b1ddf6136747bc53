-- Feeds that are delivered only when there is something to tell are never late. A day is judged by what had been
-- exported up to it, so that what comes late does not hide that it was.
with
calendar as (
    {{ rebuilt_calendar() }}
),

tables as (
    select raw_table from {{ source('config', 'retention') }}
    where not is_occasional
),

deliveries as (
    select
        files.raw_table,
        files.export_date,
        lag(files.export_date) over (partition by files.raw_table order by files.export_date) as previous_date,
        files.export_date - coalesce(previous_date, files.export_date) as gap_days
    from {{ ref('fct_ingested_files') }} as files
    inner join tables using (raw_table)
    where files.rows_kept > 0 and files.export_date is not null
    group by files.raw_table, files.export_date
),

final as (
    select
        replace(deliveries.raw_table, 'raw_', '') as subject,
        null::varchar as service,
        null::varchar as feed,
        null::double as threshold,
        (86400 * (
            calendar.event_date - max(deliveries.export_date)
            - greatest(max(deliveries.gap_days) filter (deliveries.export_date > calendar.event_date - 28), 1)
        ))::double as value,
        { 'since': (max(deliveries.export_date) + 1)::timestamp }::json::varchar as inputs,
        calendar.event_date,
        (calendar.event_date + 1)::timestamp - interval 1 second as event_at,
        (calendar.event_date + 1)::timestamp as evaluated_at
    from calendar
    inner join deliveries on calendar.event_date >= deliveries.export_date
    group by deliveries.raw_table, calendar.event_date
)

select * from final
