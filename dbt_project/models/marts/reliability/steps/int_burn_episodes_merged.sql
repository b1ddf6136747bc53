-- A condition that is met again before its short window is over has not ended. An episode begins when it is first met,
-- which is when an alert on it would open.
with
met as (
    select * from {{ ref('int_burn_rates_judged') }}
    where is_met
),

turns as (
    select
        *,
        coalesce(evaluated_at > max(evaluated_at + to_seconds(short_window_s)) over (
            partition by objective, severity
            order by evaluated_at, long_window_s, short_window_s
            rows between unbounded preceding and 1 preceding
        ), true) as is_turn
    from met
),

numbered as (
    select
        *,
        count_if(is_turn) over (
            partition by objective, severity order by evaluated_at, long_window_s, short_window_s
        ) as episode
    from turns
),

final as (
    select
        left(md5(concat_ws('|', objective, severity, min(evaluated_at))), 16) as episode_id,
        objective,
        any_value(service) as service,
        severity,
        max(long_burn_rate) as highest_burn_rate,
        min(evaluated_at)::date as event_date,
        min(evaluated_at) as started_at,
        max(evaluated_at) as ended_at
    from numbered
    group by objective, severity, episode
)

select * from final
