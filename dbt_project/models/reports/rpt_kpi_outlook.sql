with
run as (
    select
        as_of_date,
        first_date
    from {{ source('pipeline', 'run') }}
),

-- What a site does not deliver has no value there.
scores as (
    select * from {{ ref('rpt_kpi_scorecard') }}
    where value is not null
),

-- Sums and means over 28 days have names of their own.
made as (
    select
        forecasts.* exclude (kpi),
        replace(forecasts.kpi, ':28_days', '') as kpi,
        ends_with(forecasts.kpi, ':28_days') as is_window
    from {{ source('predictions', 'kpi_forecasts') }} as forecasts
    inner join run on forecasts.forecast_date = run.as_of_date
    where forecasts.horizon_days = 28
),

final as (
    select
        made.kpi,
        scores.unit,
        made.model_name,
        made.value_forecast,
        made.value_80_lower,
        made.value_80_upper,
        made.value_95_lower,
        made.value_95_upper,
        -- A window that history fills only in part is nothing to compare with.
        if(
            made.is_window and run.first_date <= run.as_of_date - 27,
            made.value_forecast / nullif(scores.value, 0) - 1,
            null
        ) as change_share,
        made.is_window,
        made.is_window and scores.unit in ('count', 'money') as is_sum,
        made.event_date as ends_on,
        made.forecast_date as event_date
    from made
    inner join scores using (kpi)
    cross join run
    qualify row_number() over (partition by made.kpi order by made.is_window desc) = 1
)

select * from final
order by kpi
