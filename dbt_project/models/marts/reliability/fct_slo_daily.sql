{{ config(materialized='table') }}

with
objectives as (select * from {{ source('config', 'objectives') }}),

-- With data on less than half of the days that have passed, nobody knows the budget, unless what is known alone spends
-- more than that of all of them.
measured as (
    select
        days.*,
        days.day_bad_share / (1 - objectives.target_share)::double as burn_rate,
        coalesce(days.total_count, 0) = 0
        or days.budget_event_count < 1
        or (
            2 * days.day_count < days.passed_day_count
            and days.budget_spent * days.day_count <= days.budget_total * days.passed_day_count
        ) as is_insufficient
    from {{ ref('int_objective_days_measured') }} as days
    inner join objectives using (objective)
),

-- A composite is the weighted mean of its parts over the same window, in shares; parts without data have no say.
parts as (
    select
        wholes.objective as whole,
        (1 - wholes.target_share)::double as allowed,
        parts.composite_weight::decimal(18, 6) as weight,
        measured.*
    from measured
    inner join objectives as parts using (objective)
    inner join objectives as wholes on parts.composite_slo = wholes.slo and wholes.is_composite
),

averaged as (
    select
        whole as objective,
        max(allowed) as allowed,
        min(day_count) as day_count,
        max(window_day_count) as window_day_count,
        {%- for share in ('sli_share', 'sli_lower', 'sli_upper', 'window_bad_share', 'day_bad_share') %}
            sum(weight * {{ share }}::decimal(18, 12))
            / sum(weight) filter (where {{ share }} is not null) as {{ share }},
        {%- endfor %}
        sum(weight) filter (where window_minutes > 0)
        / sum(weight * (1 / window_minutes)::decimal(18, 12)) as window_minutes,
        bool_or(is_insufficient) as is_insufficient,
        min(window_starts_on) as window_starts_on,
        event_date
    from parts
    group by whole, event_date
),

composites as (
    select
        *,
        'share' as amount_unit,
        coalesce(sli_share, 0) as good_count,
        (sli_share is not null)::integer as total_count,
        0 as excluded_amount,
        total_count * allowed as budget_total,
        coalesce(window_bad_share, 0) as budget_spent,
        1 - window_bad_share / allowed as budget_remaining_share,
        day_bad_share / allowed as burn_rate,
        (allowed - window_bad_share) * window_minutes as minutes_left
    from averaged
),

days as (
    select * from measured
    union all by name
    select * from composites
),

final as (
    select
        objective,
        objectives.slo,
        objectives.service,
        objectives.indicator,
        objectives.page_group,
        objectives.budgeting_method,
        objectives.window_kind,
        case
            when days.is_insufficient then 'insufficient_data'
            when days.budget_remaining_share < 0 then 'breached'
            when days.budget_remaining_share < 0.25 then 'warning'
            else 'ok'
        end as state,
        coalesce(days.amount_unit, case
            when objectives.budgeting_method <> 'Occurrences' then 'slices'
            when objectives.indicator = 'availability' then 's'
            when objectives.feed = 'beacons' then if(objectives.indicator like 'good_%', 'page_views', 'sessions')
            when objectives.feed = 'orders' then 'sessions'
            when objectives.feed = 'requests' then 'requests'
            else 'checks'
        end) as unit,
        objectives.target_share::double as target_share,
        days.window_day_count::integer as window_days,
        days.day_count,
        days.good_count,
        days.total_count,
        days.excluded_amount,
        days.sli_share,
        days.sli_lower,
        days.sli_upper,
        coalesce(days.budget_total, 0) as budget_total,
        days.budget_spent,
        coalesce(days.budget_total, 0) - days.budget_spent as budget_remaining,
        days.budget_remaining_share,
        days.burn_rate,
        days.minutes_left,
        objectives.is_composite,
        days.window_starts_on,
        days.event_date
    from days
    inner join objectives using (objective)
)

select * from final
order by event_date, objective
