{{ config(materialized='table') }}

with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

windows as (
    select * from {{ ref('int_objective_windows_dated') }}
    where event_date = (select as_of_date from run)
),

budgets as (
    select
        days.*,
        (1 - objectives.target_share)::double * days.window_minutes as budget_minutes
    from {{ ref('int_objective_days_measured') }} as days
    inner join objectives using (objective)
    where days.event_date = (select as_of_date from run)
),

bad as (
    select
        sli.objective,
        sli.service,
        sli.total_amount - sli.good_amount as spent_amount,
        sli.bucket_starts_at
    from {{ ref('fct_sli_5m') }} as sli
    inner join windows
        on
            sli.objective = windows.objective
            and sli.bucket_starts_at >= windows.window_starts_at
            and sli.bucket_starts_at < windows.day_ends_at
    where sli.good_amount < sli.total_amount
),

incidents as (
    select
        incidents.incident_id,
        incidents.service,
        least(incidents.started_at, outages.started_at) as started_at,
        greatest(incidents.last_down_at, outages.last_down_at) as ended_at
    from {{ ref('int_incidents_measured') }} as incidents
    left join {{ ref('int_outages_merged') }} as outages using (outage_id)
    where not incidents.is_excluded
),

by_incident as (
    select
        bad.objective,
        bad.spent_amount,
        incidents.incident_id
    from bad
    left join incidents
        on
            bad.service = incidents.service
            and bad.bucket_starts_at + interval 5 minutes > incidents.started_at
            and bad.bucket_starts_at < incidents.ended_at
    qualify row_number() over (
        partition by bad.objective, bad.bucket_starts_at order by incidents.started_at, incidents.incident_id
    ) = 1
),

-- A site that tells no releases has none to blame.
releases as (
    select
        objectives.objective,
        max(deployed.release) as release,
        deployed.deployed_at
    from objectives
    inner join {{ ref('dim_releases') }} as deployed on deployed.service in (objectives.service, 'all')
    group by objectives.objective, deployed.deployed_at
),

told as (select distinct objective from releases),

by_release as (
    select
        bad.objective,
        bad.spent_amount,
        coalesce(releases.release, 'before the first') as release
    from bad
    asof left join releases
        on bad.objective = releases.objective and bad.bucket_starts_at >= releases.deployed_at
    where bad.objective in (select objective from told)
),

causes as (
    select
        objective,
        if(incident_id is null, 'unexplained', 'incident') as cause_kind,
        coalesce(incident_id, 'no incident') as cause,
        spent_amount
    from by_incident
    union all
    select
        objective,
        'release' as cause_kind,
        release as cause,
        spent_amount
    from by_release
    union all
    select
        causes.objective,
        causes.cause_kind,
        causes.cause,
        causes.spent_amount
    from {{ ref('int_sli_causes_summed') }} as causes
    inner join windows
        on
            causes.objective = windows.objective
            and causes.budget_date between windows.window_starts_on and windows.event_date
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
