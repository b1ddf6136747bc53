-- A forecast gives, for each objective, how probable it is that the budget is spent by each of several days.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind = 'predicted_exhaustion' and is_enabled
),

forecasts as (
    select * from {{ source('predictions', 'budget_exhaustion') }}
    where {{ rebuilt('forecast_date') }}
),

objectives as (select * from {{ source('config', 'objectives') }}),

judged as (
    select
        rules.*,
        forecasts.objective,
        objectives.service,
        forecasts.forecast_date,
        coalesce(max(forecasts.probability) filter (
            forecasts.forecast_date + rules.window_s // 86400 >= forecasts.exhaustion_date
        ), 0) as probability,
        min(forecasts.exhaustion_date) filter (forecasts.probability >= rules.threshold) as exhaustion_date
    from forecasts
    inner join objectives using (objective)
    cross join rules
    group by all
),

final as (
    select
        rule,
        kind,
        objective as subject,
        service,
        null::varchar as feed,
        severity,
        window_s,
        null::integer as short_window_s,
        probability as value,
        null::double as short_value,
        threshold,
        null::bigint as event_count,
        if(probability >= threshold, 'met', 'not_met') as outcome,
        if(outcome = 'met', { 'exhaustion_date': exhaustion_date }, null)::json::varchar as inputs,
        forecast_date as event_date,
        (forecast_date + 1)::timestamp - interval 1 second as event_at,
        (forecast_date + 1)::timestamp as evaluated_at
    from judged
)

select * from final
