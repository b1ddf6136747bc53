{{ config(materialized='table') }}

with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

budgets as (
    select
        days.*,
        (1 - objectives.target_share)::double * days.window_minutes as budget_minutes
    from {{ ref('int_objective_days_measured') }} as days
    inner join objectives using (objective)
    where days.event_date = (select as_of_date from run)
),

buckets as (select * from {{ ref('int_bad_buckets_attributed') }}),

causes as (
    select
        objective,
        if(incident_id is null, 'unexplained', 'incident') as cause_kind,
        coalesce(incident_id, 'no incident') as cause,
        spent_amount
    from buckets
    union all
    select
        objective,
        'release' as cause_kind,
        release as cause,
        spent_amount
    from buckets
    where release is not null
    union all
    select
        causes.objective,
        causes.cause_kind,
        causes.cause,
        causes.spent_amount
    from {{ ref('int_sli_causes_summed') }} as causes
    inner join budgets
        on
            causes.objective = budgets.objective
            and causes.budget_date between budgets.window_starts_on and budgets.event_date
),

summed as (
    select
        objective,
        cause_kind,
        cause,
        sum(spent_amount)::decimal(28, 6) as spent_amount
    from causes
    group by objective, cause_kind, cause
),

final as (
    select
        summed.objective,
        summed.cause_kind,
        summed.cause,
        budgets.amount_unit,
        summed.spent_amount,
        summed.spent_amount / nullif(budgets.budget_total, 0) as spent_budget_share,
        summed.spent_amount / nullif(budgets.budget_total, 0) * budgets.budget_minutes as spent_minutes,
        budgets.window_starts_on,
        budgets.event_date
    from summed
    inner join budgets using (objective)
)

select * from final
order by objective, cause_kind, cause
