-- Two policies may ask the same of an objective; the lower factor is met whenever the higher one is.
with
pairs as (
    select
        rules.rule,
        rules.kind,
        rules.minimum_event_count,
        coalesce(rules.severity, windows.severity) as alert_severity,
        windows.*
    from {{ source('config', 'burn_rate_windows') }} as windows
    cross join {{ source('config', 'alert_rules') }} as rules
    where rules.kind = 'burn_rate' and rules.is_enabled and windows.can_fire
    qualify row_number() over (
        partition by rules.rule, windows.objective, alert_severity, windows.long_window_s, windows.short_window_s
        order by windows.factor, windows.alert_after_s, windows.policy
    ) = 1
),

rates as (
    select * from {{ ref('int_burn_rates_judged') }}
    where {{ rebuilt() }}
),

-- The feeds that tell of services at once say when; of the others the bucket is known.
newest as (
    select
        feed,
        service,
        bucket_starts_at,
        max(event_at) as event_at
    from {{ ref('fct_events_5m') }}
    where {{ rebuilt() }}
    group by feed, service, bucket_starts_at
),

final as (
    select
        pairs.rule,
        pairs.kind,
        rates.objective as subject,
        rates.service,
        rates.feed,
        pairs.alert_severity as severity,
        rates.long_window_s as window_s,
        rates.short_window_s,
        rates.long_burn_rate::double as value,
        rates.short_burn_rate::double as short_value,
        rates.factor as threshold,
        rates.event_count,
        case
            when rates.is_met and rates.event_count >= pairs.minimum_event_count then 'met'
            when rates.is_met or rates.is_insufficient then 'insufficient_data'
            else 'not_met'
        end as outcome,
        if(
            outcome = 'not_met',
            null,
            {
                'policy': pairs.policy,
                'bad_event_count': rates.bad_event_count,
                'reaches_back_s': rates.short_window_s
            }
        )::json::varchar as inputs,
        rates.event_date,
        coalesce(newest.event_at, rates.bucket_starts_at) as event_at,
        rates.evaluated_at
    from rates
    inner join pairs using (objective, severity, policy, long_window_s, short_window_s)
    left join newest using (feed, service, bucket_starts_at)
)

select * from final
