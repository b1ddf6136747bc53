with
backtests as (select * from {{ source('predictions', 'kpi_forecast_backtests') }}),

newest as (
    select
        kpi,
        max(forecast_date) as forecast_date
    from backtests
    group by kpi
),

final as (
    select
        backtests.kpi,
        backtests.model_name,
        backtests.horizon_days,
        any_value(backtests.model_version) as model_version,
        count(distinct backtests.cutoff_date) as cutoff_count,
        avg(backtests.mase) as mase,
        avg(backtests.smape) as smape,
        avg(backtests.coverage_80) as coverage_80_share,
        avg(backtests.coverage_90) as coverage_90_share,
        avg(backtests.coverage_95) as coverage_95_share,
        avg(backtests.msis) as msis,
        bool_or(backtests.is_chosen) as is_chosen,
        coalesce(backtests.is_hourly, false) as is_hourly,
        backtests.forecast_date as event_date
    from backtests
    inner join newest on backtests.kpi = newest.kpi and backtests.forecast_date = newest.forecast_date
    group by all
)

select * from final
