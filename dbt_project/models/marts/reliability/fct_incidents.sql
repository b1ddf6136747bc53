{{ config(materialized='table') }}

with
incidents as (select * from {{ ref('int_incidents_measured') }}),

-- A record that is excluded shows no durations, so that nobody averages them.
final as (
    select
        incident_id,
        service,
        outage_id,
        severity,
        title,
        cause,
        url,
        exclusion_reason,
        restored_source,
        if(is_excluded, null, mttd_s) as mttd_s,
        if(is_excluded, null, mtta_s) as mtta_s,
        if(is_excluded, null, restore_s) as restore_s,
        if(is_excluded, null, resolve_s) as resolve_s,
        is_open,
        is_excluded,
        coalesce(restored_source = 'outage', false) as is_restored_from_outage,
        started_at::date as event_date,
        started_at,
        detected_at,
        acknowledged_at,
        restored_at,
        resolved_at
    from incidents
)

select * from final
order by event_date, started_at, incident_id, service
