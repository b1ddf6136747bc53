{{ config(materialized='incremental', tags=['fast', 'replay']) }}

-- Requests, page views, sessions and orders differ by chance, so that what they say must be over the factor by more
-- than that. Checks and time slices are bad together in an outage and else hardly ever: one fewer is proof enough.
-- Alerts, episodes and health all read this one judgement.
with
objectives as (select * from {{ source('config', 'objectives') }}),

rates as (
    select * from {{ ref('fct_burn_rates') }}
    where {{ loaded(back=3) }}
),

pairs as (
    select * from {{ source('config', 'burn_rate_windows') }}
    where can_fire
),

-- As many events as the least demanding rule of alerts asks for.
demands as (
    select coalesce(min(minimum_event_count), 0) as minimum_event_count
    from {{ source('config', 'alert_rules') }}
    where kind = 'burn_rate' and is_enabled
),

paired as (
    select
        pairs.*,
        long.event_date,
        long.bucket_starts_at,
        long.burn_rate as long_burn_rate,
        short.burn_rate as short_burn_rate,
        long.event_count,
        long.bad_event_count,
        coalesce(long.burn_rate > pairs.factor and short.burn_rate > pairs.factor, false) as is_over,
        objectives.feed = 'probes'
        or objectives.budgeting_method <> 'Occurrences'
        or objectives.is_composite
        or (
            {{ wilson('lower', 'long.bad_event_count', 'long.event_count') }}
            > pairs.factor * (1 - objectives.target_share)
            and {{ wilson('lower', 'short.bad_event_count', 'short.event_count') }}
            > pairs.factor * (1 - objectives.target_share)
        ) as is_beyond_chance,
        is_over
        and is_beyond_chance
        and long.event_count >= demands.minimum_event_count
        and (long.bad_share - long.bad_event_share) / (1 - objectives.target_share) > pairs.factor as is_proven
    from pairs
    cross join demands
    inner join objectives using (objective)
    inner join rates as long on pairs.objective = long.objective and pairs.long_window_s = long.window_s
    left join rates as short
        on
            pairs.objective = short.objective
            and pairs.short_window_s = short.window_s
            and long.bucket_starts_at = short.bucket_starts_at
),

-- An OpenSLO condition may ask that it has held for a while, three days at most: at every bucket since then.
held as (
    select
        *,
        is_over as is_over_long_enough,
        is_proven as is_proven_long_enough
    from paired
    where alert_after_s = 0
    union all
    select
        *,
        count_if(is_over) over since_then > alert_after_s // 300 as is_over_long_enough,
        count_if(is_proven) over since_then > alert_after_s // 300 as is_proven_long_enough
    from paired
    where alert_after_s > 0
    window
        since_then as (
            partition by objective, severity, policy, long_window_s, short_window_s
            order by bucket_starts_at
            range between to_seconds(alert_after_s) preceding and current row -- noqa: PRS
        )
),

final as (
    select
        held.objective,
        objectives.service,
        objectives.feed,
        held.severity,
        held.policy,
        held.long_window_s,
        held.short_window_s,
        held.factor,
        held.long_burn_rate,
        held.short_burn_rate,
        held.event_count,
        held.bad_event_count,
        held.is_proven_long_enough as is_met,
        held.is_over_long_enough and not held.is_proven_long_enough as is_insufficient,
        held.event_date,
        held.bucket_starts_at,
        held.bucket_starts_at + interval 5 minutes as evaluated_at
    from held
    inner join objectives using (objective)
    where {{ rebuilt('held.event_date') }}
)

select * from final
{{ in_order('event_date, objective, bucket_starts_at, long_window_s') }}
