with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

newest as (
    select days.*
    from {{ ref('fct_slo_daily') }} as days
    inner join run on days.event_date <= run.as_of_date
    qualify row_number() over (partition by days.objective order by days.event_date desc) = 1
),

rules as (
    select
        objective,
        count(*) as rule_count,
        count_if(not can_fire) as never_firing_rule_count
    from {{ source('config', 'burn_rate_windows') }}
    group by objective
),

final as (
    select
        objectives.objective,
        objectives.slo,
        objectives.service,
        objectives.description,
        objectives.indicator,
        objectives.page_group,
        objectives.location,
        objectives.budgeting_method,
        objectives.window_kind,
        objectives.window_unit,
        objectives.window_timezone,
        objectives.composite_slo,
        coalesce(newest.state, 'insufficient_data') as state,
        newest.unit,
        objectives.threshold as threshold_ms,
        objectives.percentile,
        objectives.slice_s,
        coalesce(newest.window_days, objectives.window_days) as window_days,
        objectives.window_count,
        objectives.composite_weight,
        objectives.slice_target_share::double as slice_target_share,
        objectives.target_share::double as target_share,
        newest.* exclude (
            objective, slo, service, indicator, page_group, budgeting_method, window_kind, state, unit, target_share,
            window_days, is_composite, event_date
        ),
        coalesce(rules.rule_count, 0) as rule_count,
        coalesce(rules.never_firing_rule_count, 0) as never_firing_rule_count,
        objectives.is_composite,
        run.as_of_date as event_date
    from objectives
    cross join run
    left join newest on objectives.objective = newest.objective
    left join rules on objectives.objective = rules.objective
)

select * from final
order by objective
