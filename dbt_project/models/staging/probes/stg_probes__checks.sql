with

checks as (

    select * from {{ source('raw_probes', 'checks') }}

),

-- A check delivered twice must not confirm an outage; where the copies differ, the worst status counts.
merged as (

    select
        service,
        location,
        arg_max(status, severity) as status,
        max(message) as message,
        max(status_code) as status_code,
        max(response_ms) as response_ms,
        max(interval_s) filter (where interval_s between 0.001 and 86400) as interval_s,
        event_date,
        checked_at
    from (
        select
            * replace (
                {{ own_name('service') }} as service,
                coalesce(nullif({{ own_name('location') }}, ''), 'default') as location
            ),
            list_position(['maintenance', 'up', 'pending', 'degraded', 'down'], status) as severity
        from checks
    ) as ranked
    group by service, location, event_date, checked_at

)

select * from merged
