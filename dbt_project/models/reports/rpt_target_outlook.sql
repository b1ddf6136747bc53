with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

goals (target, kpi) as (values ('ux_score', 'ux_score'), ('availability', 'availability_share')),

-- `predictions.kpi_forecasts` has the mean over 28 days of these KPIs under a name of its own.
judged as (
    select
        goals.target,
        measures.value >= targets.value as is_met,
        made.value_forecast >= targets.value as is_met_then,
        if(measures.value >= targets.value, made.value_80_lower >= targets.value, made.value_80_upper >= targets.value)
            as is_met_at_bound,
        made.event_date,
        made.value_forecast,
        made.value_80_lower,
        made.value_80_upper
    from {{ source('predictions', 'kpi_forecasts') }} as made
    inner join run on made.forecast_date = run.as_of_date
    inner join goals on made.kpi = goals.kpi || ':28_days'
    inner join {{ source('config', 'targets') }} as targets on goals.target = targets.target
    inner join {{ ref('fct_mission_targets') }} as measures
        on goals.target = measures.target and run.as_of_date = measures.event_date
    where measures.value is not null
),

forecast as (
    select
        target,
        bool_or(is_met) as is_met,
        min(event_date) filter (is_met_then <> is_met) as crosses_on,
        min(event_date) filter (is_met_at_bound <> is_met) as crosses_earliest_on,
        arg_max(value_forecast, event_date) as value_forecast,
        arg_max(value_80_lower, event_date) as value_80_lower,
        arg_max(value_80_upper, event_date) as value_80_upper,
        max(event_date) as ends_on
    from judged
    group by target
),

history as (
    select
        goals.target,
        measures.value >= goals.value as is_met,
        if(is_met, null, run.as_of_date + cast(ceil(goals.value - measures.value) as integer)) as crosses_on,
        crosses_on as crosses_earliest_on
    from {{ ref('fct_mission_targets') }} as measures
    inner join {{ source('config', 'targets') }} as goals using (target)
    cross join run
    where target = 'history_days' and measures.event_date = run.as_of_date and measures.value is not null
),

final as (
    select * from forecast
    union all by name
    select * from history
)

select
    final.*,
    run.as_of_date as event_date
from final
cross join run
order by final.target
