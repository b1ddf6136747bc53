with

checks as (

    select * from {{ source('raw_probes', 'checks') }}

),

-- A check delivered twice must not confirm an outage; where the copies differ, the worst status counts.
merged as (

    select
        service,
        coalesce(nullif(location, ''), 'default') as location,
        arg_max(status, severity) as status,
        max(message) as message,
        max(status_code) as status_code,
        max(response_ms) as response_ms,
        max(interval_s) as interval_s,
        event_date,
        checked_at
    from (
        select
            *,
            list_position(['maintenance', 'up', 'pending', 'degraded', 'down'], status) as severity
        from checks
    ) as ranked
    group by service, coalesce(nullif(location, ''), 'default'), event_date, checked_at

)

select * from merged
