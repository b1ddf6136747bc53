{{ config(tags=['fast']) }}

-- Latency is known by the minute: all requests of a minute are good or none, so an event is a minute there.
with
minutes as (
    select * from {{ ref('stg_requests__requests') }}
    where {{ rebuilt() }} and requests > 0
),

objectives as (
    select * replace (coalesce(slice_s, 300) as slice_s)
    from {{ source('config', 'objectives') }}
    where feed = 'requests'
),

exclusions as (select * from {{ ref('int_sli_exclusions_merged') }}),

judged as (
    select
        objectives.objective,
        {{ sli_slice('minutes.minute', 'objectives.slice_s') }} as slice_starts_at,
        minutes.event_date,
        minutes.requests,
        case objectives.percentile
            when 50 then minutes.p50_ms
            when 99 then minutes.p99_ms
            else minutes.p95_ms
        end as latency_ms,
        objectives.indicator = 'request_latency' as is_latency,
        if(
            is_latency,
            minutes.requests * {{ sli_within('latency_ms') }},
            minutes.requests - least(minutes.errors, minutes.requests)
        ) as good,
        exclusions.reason
    from objectives
    inner join minutes using (service)
    left join exclusions
        on
            objectives.objective = exclusions.objective
            and minutes.event_date = exclusions.event_date
            and minutes.minute >= exclusions.starts_at
            and minutes.minute < exclusions.ends_at
    where not is_latency or latency_ms is not null
),

final as (
    select
        objective,
        'requests' as amount_unit,
        sum(good) filter (where reason is null) as good_amount,
        sum(requests) filter (where reason is null) as total_amount,
        sum(requests) filter (where reason is not null) as excluded_amount,
        max(reason) as excluded_reason,
        sum(if(is_latency, 1, requests)) filter (where reason is null) as event_count,
        sum(if(is_latency, (good < requests)::integer, requests - good)) filter (
            where reason is null
        ) as bad_event_count,
        event_date,
        slice_starts_at
    from judged
    group by objective, event_date, slice_starts_at
)

select * from final
