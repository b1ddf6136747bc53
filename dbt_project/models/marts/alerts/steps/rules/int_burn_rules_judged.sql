-- Two policies may ask the same of an objective; the lower factor is met whenever the higher one is.
-- Requests, page views, sessions and orders differ by chance, so that what they say must be over the factor by more
-- than that. Checks and time slices are bad together in an outage and else hardly ever: one fewer is proof enough.
with
objectives as (select * from {{ source('config', 'objectives') }}),

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

-- A long window remembers an outage for hours; the short one must not open the alert again for one bad event.
shorts as (
    select
        objective,
        window_s as short_window_s,
        bucket_starts_at,
        event_count as short_event_count,
        bad_event_count as short_bad_event_count
    from {{ ref('fct_burn_rates') }}
    where {{ rebuilt() }}
),

judged as (
    select
        rates.*,
        rates.factor * (1 - objectives.target_share) as bad_share_limit,
        objectives.feed = 'probes'
        or objectives.budgeting_method <> 'Occurrences'
        or objectives.is_composite
        or (
            {{ wilson('lower', 'rates.bad_event_count', 'rates.event_count') }} > bad_share_limit
            and {{ wilson('lower', 'shorts.short_bad_event_count', 'shorts.short_event_count') }} > bad_share_limit
        ) as is_beyond_chance
    from rates
    inner join objectives using (objective)
    left join shorts using (objective, short_window_s, bucket_starts_at)
),

final as (
    select
        pairs.rule,
        pairs.kind,
        judged.objective as subject,
        judged.service,
        judged.feed,
        pairs.alert_severity as severity,
        judged.long_window_s as window_s,
        judged.short_window_s,
        judged.long_burn_rate::double as value,
        judged.short_burn_rate::double as short_value,
        judged.factor as threshold,
        judged.event_count,
        case
            when judged.is_met and judged.is_beyond_chance and judged.event_count >= pairs.minimum_event_count
                then 'met'
            when judged.is_met or judged.is_insufficient then 'insufficient_data'
            else 'not_met'
        end as outcome,
        if(
            outcome = 'not_met',
            null,
            {
                'policy': pairs.policy,
                'bad_event_count': judged.bad_event_count,
                'reaches_back_s': judged.short_window_s
            }
        )::json::varchar as inputs,
        judged.event_date,
        coalesce(newest.event_at, judged.bucket_starts_at) as event_at,
        judged.evaluated_at
    from judged
    inner join pairs using (objective, severity, policy, long_window_s, short_window_s)
    left join newest using (feed, service, bucket_starts_at)
)

select * from final
