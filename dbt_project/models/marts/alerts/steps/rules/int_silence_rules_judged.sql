-- Checks are due by their interval, judged whenever any check comes; deliveries as often as they came in the four weeks
-- before, judged once a day. What has been silent for three days is known to be: it is judged no more until it speaks.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind = 'missing_data' and is_enabled
),

checks as (
    select * from {{ ref('fct_events_5m') }}
    where feed = 'probes' and {{ loaded(back=3) }}
),

places as (
    select
        locations.service,
        locations.location,
        if(count(*) over (partition by locations.service) = 1, '', '@' || locations.location) as suffix,
        greatest(2 * services.probe_interval_s, 900) as allowed_s
    from {{ source('config', 'service_locations') }} as locations
    inner join {{ source('config', 'services') }} as services using (service)
),

buckets as (
    select
        event_date,
        bucket_starts_at,
        max(event_at) as event_at
    from checks
    where {{ rebuilt() }}
    group by event_date, bucket_starts_at
),

awaited as (
    select
        places.*,
        buckets.*
    from buckets
    cross join places
),

heard as (
    select
        awaited.service || awaited.suffix as subject,
        awaited.service,
        'probes' as feed,
        awaited.allowed_s::double as threshold,
        (epoch(awaited.event_at) - epoch(checks.event_at))::double as value,
        { 'since': checks.event_at }::json::varchar as inputs,
        awaited.event_date,
        awaited.event_at,
        awaited.bucket_starts_at + interval 5 minute as evaluated_at
    from awaited
    asof inner join checks
        on
            awaited.service = checks.service
            and awaited.location = checks.location
            and awaited.bucket_starts_at >= checks.bucket_starts_at
    where awaited.bucket_starts_at < checks.bucket_starts_at + interval 3 day
),

delivered as (select * from {{ ref('int_deliveries_awaited') }}),

final as (
    select
        rules.rule,
        rules.kind,
        silent.subject,
        silent.service,
        silent.feed,
        rules.severity,
        if(silent.feed is null, rules.window_s, null) as window_s,
        null::integer as short_window_s,
        greatest(silent.value, 0) as value,
        null::double as short_value,
        coalesce(silent.threshold, rules.window_s) as threshold,
        null::bigint as event_count,
        if(silent.value >= coalesce(silent.threshold, rules.window_s), 'met', 'not_met') as outcome,
        if(outcome = 'met', silent.inputs, null) as inputs,
        silent.event_date,
        silent.event_at,
        silent.evaluated_at
    from (
        select * from heard
        union all by name
        select * from delivered
    ) as silent
    cross join rules
)

select * from final
