with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

goals (target, kpi) as (values ('ux_score', 'ux_score'), ('availability', 'availability_share')),

past as (
    select
        goals.target,
        kpis.value as middle,
        kpis.value as low,
        kpis.value as high,
        cast(kpis.sample_count as double) as weight,
        kpis.event_date
    from {{ ref('fct_kpi_daily') }} as kpis
    inner join goals using (kpi)
    inner join run on kpis.event_date between run.as_of_date - 27 and run.as_of_date
    where kpis.value is not null
),

usual as (
    select
        target,
        avg(weight) as weight
    from past
    group by target
),

-- Days to come weigh as much as those of the window do on average. Taking each of them at its bound is more than the
-- 80 % interval of their mean holds, so that the worst and the best are on the safe side.
days as (
    select * from past
    union all by name
    select
        goals.target,
        made.value_forecast as middle,
        made.value_80_lower as low,
        made.value_80_upper as high,
        usual.weight,
        made.event_date
    from {{ source('predictions', 'kpi_forecasts') }} as made
    inner join run on made.forecast_date = run.as_of_date
    inner join goals using (kpi)
    inner join usual using (target)
),

windows as (
    select
        target,
        event_date,
        sum(middle * weight) over back / nullif(sum(weight) over back, 0) as value_forecast,
        sum(low * weight) over back / nullif(sum(weight) over back, 0) as value_80_lower,
        sum(high * weight) over back / nullif(sum(weight) over back, 0) as value_80_upper
    from days
    window back as (partition by target order by event_date range between interval 27 days preceding and current row)
),

judged as (
    select
        windows.*,
        first_value(windows.value_forecast >= goals.value) over onward as is_met,
        windows.value_forecast >= goals.value as is_met_then,
        windows.value_80_lower >= goals.value as is_met_at_worst,
        windows.value_80_upper >= goals.value as is_met_at_best
    from windows
    inner join run on windows.event_date >= run.as_of_date
    inner join {{ source('config', 'targets') }} as goals using (target)
    window onward as (partition by windows.target order by windows.event_date)
),

forecast as (
    select
        target,
        bool_or(is_met) as is_met,
        min(event_date) filter (is_met_then <> is_met) as crosses_on,
        min(event_date) filter (if(is_met, not is_met_at_worst, is_met_at_best)) as crosses_earliest_on,
        arg_max(value_forecast, event_date) as value_forecast,
        arg_max(value_80_lower, event_date) as value_80_lower,
        arg_max(value_80_upper, event_date) as value_80_upper,
        max(event_date) as ends_on
    from judged
    group by target
    having count(*) > 1
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
