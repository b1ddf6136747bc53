with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

pairs as (select * from {{ source('config', 'burn_rate_windows') }}),

newest as (
    select rates.*
    from {{ ref('fct_burn_rates') }} as rates
    inner join run on rates.event_date between run.as_of_date - 3 and run.as_of_date
    qualify rates.bucket_starts_at = max(rates.bucket_starts_at) over (partition by rates.objective)
),

final as (
    select
        pairs.objective,
        objectives.service,
        pairs.severity,
        pairs.policy,
        case
            when not pairs.can_fire then 'never'
            when long.burn_rate is null then 'insufficient_data'
            when long.burn_rate > pairs.factor and short.burn_rate > pairs.factor then 'over'
            when long.burn_rate > pairs.factor then 'slowing'
            else 'ok'
        end as state,
        pairs.long_window_s,
        pairs.short_window_s,
        pairs.alert_after_s,
        pairs.budget_share,
        pairs.factor,
        long.burn_rate::double as long_burn_rate,
        short.burn_rate::double as short_burn_rate,
        (1 / (1 - objectives.target_share))::double as highest_burn_rate,
        long.event_count,
        pairs.can_fire,
        run.as_of_date as event_date,
        long.bucket_starts_at + interval 5 minutes as evaluated_at
    from pairs
    cross join run
    inner join objectives on pairs.objective = objectives.objective
    left join newest as long on pairs.objective = long.objective and pairs.long_window_s = long.window_s
    left join newest as short on pairs.objective = short.objective and pairs.short_window_s = short.window_s
)

select * from final
order by objective, long_window_s, short_window_s, severity, policy
