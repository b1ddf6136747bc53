{{ config(materialized='table') }}

with
policies as (select * from {{ source('config', 'error_budget_policies') }}),

objectives as (select * from {{ ref('fct_slo_daily') }}),

judged as (
    select
        policies.policy,
        policies.objective,
        policies.consequence,
        policies.description,
        policies.remaining_share_below,
        objectives.budget_remaining_share,
        objectives.state <> 'insufficient_data'
        and coalesce(objectives.budget_remaining_share < policies.remaining_share_below, false) as is_in_force,
        objectives.event_date
    from policies
    inner join objectives using (objective)
),

-- A run of days in force is numbered by the days before it that were not.
numbered as (
    select
        *,
        count_if(not is_in_force) over (
            partition by policy, objective, consequence, remaining_share_below order by event_date
        ) as run
    from judged
),

final as (
    select
        policy,
        objective,
        consequence,
        description,
        remaining_share_below,
        budget_remaining_share,
        is_in_force,
        if(is_in_force, min(if(is_in_force, event_date, null)) over (
            partition by policy, objective, consequence, remaining_share_below, run
        ), null) as in_force_since_date,
        event_date
    from numbered
)

select * from final
order by event_date, policy, objective, remaining_share_below, consequence
