-- Over the threshold by more than chance, and still so with one failed request fewer. A window that is longer than what
-- the fast path reads belongs to no feed there, so that the daily run alone judges it.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind = 'request_error_rate' and is_enabled
),

requests as (
    select * from {{ ref('fct_events_5m') }}
    where feed = 'requests' and {{ loaded(back=31) }}
),

windowed as (
    select
        rules.rule,
        rules.kind,
        rules.severity,
        rules.window_s,
        rules.threshold,
        rules.minimum_event_count,
        requests.service,
        requests.event_date,
        requests.event_at,
        requests.bucket_starts_at + interval 5 minute as evaluated_at,
        sum(requests.event_count) over in_window as event_count,
        sum(requests.failed_count) over in_window as failed_count
    from requests
    cross join rules
    window
        in_window as (
            partition by rules.rule, requests.service
            order by requests.bucket_starts_at
            range between to_seconds(rules.window_s - 300) preceding and current row -- noqa: PRS
        )
),

final as (
    select
        rule,
        kind,
        service as subject,
        service,
        if(window_s <= 259200, 'requests', null) as feed,
        severity,
        window_s,
        null::integer as short_window_s,
        (failed_count / nullif(event_count, 0))::double as value,
        null::double as short_value,
        threshold,
        event_count::bigint as event_count,
        case
            when event_count < minimum_event_count or event_count = 0 then 'insufficient_data'
            when value <= threshold then 'not_met'
            when {{ wilson('lower', 'failed_count - 1', 'event_count') }} > threshold then 'met'
            else 'insufficient_data'
        end as outcome,
        if(
            outcome = 'met', { 'failed_count': failed_count::bigint, 'reaches_back_s': window_s }, null
        )::json::varchar as inputs,
        event_date,
        event_at,
        evaluated_at
    from windowed
    where {{ rebuilt() }}
)

select * from final
