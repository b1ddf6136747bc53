{{ config(materialized='table') }}

with
incidents as (select * from {{ ref('int_incidents_measured') }}),

detections as (
    select * from {{ ref('fct_detections') }}
    where kind = 'incident'
),

-- What it took from the objective of its service that it cost most; known for the windows that end at as_of.
budgets as (
    select
        spent.cause as incident_id,
        objectives.service,
        arg_max(spent.objective, (spent.spent_budget_share, spent.objective)) as budget_objective,
        max(spent.spent_budget_share) as spent_budget_share,
        arg_max(spent.spent_minutes, (spent.spent_budget_share, spent.objective)) as spent_minutes
    from {{ ref('fct_budget_spent') }} as spent
    inner join {{ source('config', 'objectives') }} as objectives using (objective)
    where spent.cause_kind = 'incident'
    group by spent.cause, objectives.service
),

-- A record that is excluded shows no durations, so that nobody averages them.
final as (
    select
        incident_id,
        service,
        incidents.outage_id,
        incidents.severity,
        title,
        cause,
        url,
        exclusion_reason,
        restored_source,
        detections.outcome as detection,
        detections.detected_by as monitoring_detected_by,
        budgets.budget_objective,
        if(is_excluded, null, mttd_s) as mttd_s,
        if(is_excluded, null, mtta_s) as mtta_s,
        if(is_excluded, null, restore_s) as restore_s,
        if(is_excluded, null, resolve_s) as resolve_s,
        detections.delay_s as monitoring_delay_s,
        budgets.spent_budget_share,
        budgets.spent_minutes,
        is_open,
        is_excluded,
        coalesce(restored_source = 'outage', false) as is_restored_from_outage,
        incidents.started_at::date as event_date,
        incidents.started_at,
        incidents.detected_at,
        detections.detected_at as monitoring_detected_at,
        acknowledged_at,
        restored_at,
        resolved_at
    from incidents
    left join detections using (incident_id, service)
    left join budgets using (incident_id, service)
)

select * from final
order by event_date, started_at, incident_id, service
