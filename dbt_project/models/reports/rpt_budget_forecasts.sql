with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

forecasts as (
    select * from {{ source('predictions', 'kpi_forecasts') }}
    where forecast_date <= (select as_of_date from run)
),

made as (select max(forecast_date) as forecast_date from forecasts),

-- A forecast of today that names no objective says that every budget is spent or has too few days.
newest as (
    select exhaustions.*
    from {{ source('predictions', 'budget_exhaustion') }} as exhaustions
    inner join made on exhaustions.forecast_date = made.forecast_date
),

remaining as (
    select
        replace(forecasts.kpi, 'budget_remaining_share:', '') as objective,
        forecasts.value_forecast,
        forecasts.value_80_lower,
        forecasts.value_80_upper
    from forecasts
    inner join made on forecasts.forecast_date = made.forecast_date
    where forecasts.kpi like 'budget_remaining_share:%'
    qualify forecasts.horizon_days = max(forecasts.horizon_days) over (partition by forecasts.kpi)
),

final as (
    select
        newest.objective,
        coalesce(max(newest.probability) filter (newest.exhaustion_date <= newest.forecast_date + 7), 0)
            as spent_in_week_share,
        max(newest.probability) as spent_share,
        any_value(remaining.value_forecast) as left_share,
        any_value(remaining.value_80_lower) as left_lower,
        any_value(remaining.value_80_upper) as left_upper,
        max(newest.probability) >= 0.5 as is_likely,
        min(newest.exhaustion_date) filter (newest.probability >= 0.1) as early_date,
        min(newest.exhaustion_date) filter (newest.probability >= 0.5) as median_date,
        min(newest.exhaustion_date) filter (newest.probability >= 0.9) as late_date,
        max(newest.exhaustion_date) as ends_on,
        any_value(run.as_of_date) as event_date
    from newest
    cross join run
    left join remaining on newest.objective = remaining.objective
    group by newest.objective
)

select * from final
order by objective
