with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

slo_days as (select * from {{ ref('fct_slo_daily') }}),

windows as (
    select
        slo_days.*,
        objectives.composite_slo,
        objectives.composite_weight,
        (1 - objectives.target_share)::double as allowed
    from slo_days
    inner join run on slo_days.event_date = run.as_of_date
    inner join objectives on slo_days.objective = objectives.objective
),

spent as (
    select
        objective,
        event_date,
        sum(total_amount - good_amount)::double as spent_amount
    from {{ ref('fct_sli_5m') }}
    group by objective, event_date
),

weights as (
    select
        composite_slo,
        sum(composite_weight) as composite_weight
    from windows
    where budget_total > 0
    group by composite_slo
),

-- Share of the budget that each day of a rolling window took; of a composite, by the weights of its parts with data.
shares as (
    select
        spent.objective,
        spent.event_date,
        spent.spent_amount / windows.budget_total as spent_share
    from spent
    inner join windows on spent.objective = windows.objective
    where windows.budget_total > 0
    union all
    select
        wholes.objective,
        spent.event_date,
        sum(parts.composite_weight * parts.allowed * spent.spent_amount / parts.budget_total)
        / max(weights.composite_weight) / max(wholes.allowed) as spent_share
    from windows as wholes
    inner join windows as parts on wholes.slo = parts.composite_slo and parts.budget_total > 0
    inner join spent on parts.objective = spent.objective
    inner join weights on wholes.slo = weights.composite_slo
    where wholes.is_composite
    group by wholes.objective, spent.event_date
),

window_days as (
    select
        objective,
        unnest(range(window_starts_on, event_date + 1, interval 1 day))::date as event_date
    from windows
    where window_kind = 'rolling' and budget_total > 0
),

rolling as (
    select
        window_days.objective,
        window_days.event_date,
        1 - sum(coalesce(shares.spent_share, 0)) over (
            partition by window_days.objective
            order by window_days.event_date
        ) as budget_left_share
    from window_days
    left join shares
        on window_days.objective = shares.objective and window_days.event_date = shares.event_date
),

-- The days of a calendar window have one start: each knows what had been spent by then.
calendar as (
    select
        slo_days.objective,
        slo_days.event_date,
        1 - slo_days.budget_spent / windows.budget_total as budget_left_share
    from slo_days
    inner join windows
        on
            slo_days.objective = windows.objective
            and slo_days.window_starts_on = windows.window_starts_on
            and slo_days.event_date <= windows.event_date
    where windows.window_kind = 'calendar' and windows.budget_total > 0
),

days as (
    select * from rolling
    union all
    select * from calendar
),

final as (
    select
        days.objective,
        round(days.budget_left_share, 9) as budget_left_share,
        windows.window_starts_on,
        case objectives.window_unit
            when 'day' then windows.window_starts_on + to_days(objectives.window_count)
            when 'week' then windows.window_starts_on + to_days(7 * objectives.window_count)
            when 'month' then windows.window_starts_on + to_months(objectives.window_count)
            when 'quarter' then windows.window_starts_on + to_months(3 * objectives.window_count)
            when 'year' then windows.window_starts_on + to_months(12 * objectives.window_count)
            else windows.event_date + interval 1 day
        end::date - 1 as window_ends_on,
        days.event_date
    from days
    inner join windows on days.objective = windows.objective
    inner join objectives on days.objective = objectives.objective
)

select * from final
order by objective, event_date
