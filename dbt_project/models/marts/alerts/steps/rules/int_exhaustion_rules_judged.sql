-- A forecast gives, for each budget and each target that is met, how probable it is that by several coming days it is
-- spent or missed.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind in ('predicted_exhaustion', 'predicted_breach') and is_enabled
),

objectives as (select * from {{ source('config', 'objectives') }}),

predicted as (
    select
        'predicted_exhaustion' as kind,
        objective as subject,
        objectives.service,
        forecasts.probability,
        forecasts.exhaustion_date as due_date,
        forecasts.forecast_date
    from {{ source('predictions', 'budget_exhaustion') }} as forecasts
    inner join objectives using (objective)
    where {{ rebuilt('forecast_date') }}
    union all
    select
        'predicted_breach' as kind,
        kpi as subject,
        null as service,
        probability,
        breach_date as due_date,
        forecast_date
    from {{ source('predictions', 'target_breaches') }}
    where {{ rebuilt('forecast_date') }}
),

judged as (
    select
        rules.*,
        predicted.subject,
        predicted.service,
        predicted.forecast_date,
        coalesce(max(predicted.probability) filter (
            predicted.forecast_date + rules.window_s // 86400 >= predicted.due_date
        ), 0) as highest_probability,
        min(predicted.due_date) filter (predicted.probability >= rules.threshold) as due_date
    from predicted
    inner join rules using (kind)
    group by all
),

final as (
    select
        rule,
        kind,
        subject,
        service,
        null::varchar as feed,
        severity,
        window_s,
        null::integer as short_window_s,
        highest_probability as value,
        null::double as short_value,
        threshold,
        null::bigint as event_count,
        if(highest_probability >= threshold, 'met', 'not_met') as outcome,
        case
            when outcome <> 'met' then null
            when kind = 'predicted_breach' then { 'breach_date': due_date }::json::varchar
            else { 'exhaustion_date': due_date }::json::varchar
        end as inputs,
        forecast_date as event_date,
        (forecast_date + 1)::timestamp - interval 1 second as event_at,
        (forecast_date + 1)::timestamp as evaluated_at
    from judged
)

select * from final
