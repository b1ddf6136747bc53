{{ config(materialized='table') }}

with
pairs as (select * from {{ ref('int_detections_paired') }}),

incidents as (
    select * from {{ ref('int_incidents_measured') }}
    where not is_excluded
),

outages as (
    select * from {{ ref('fct_outages') }}
    where not is_in_maintenance
),

episodes as (select * from {{ ref('int_burn_episodes_merged') }}),

noticed as (
    select
        incident_id,
        service,
        arg_min(signal_id, (detected_at, signal_id)) filter (signal = 'outage') as outage_id,
        arg_min(signal_id, (detected_at, signal_id)) filter (signal = 'burn_rate') as episode_id,
        arg_min(signal, (detected_at, signal)) as detected_by,
        min(detected_at) as detected_at
    from pairs
    group by incident_id, service
),

recorded as (
    select
        signal_id,
        incident_id
    from pairs
    where signal = 'burn_rate' and rank_in_signal = 1
),

collected as (
    select
        'incident' as kind,
        incidents.incident_id,
        noticed.outage_id,
        noticed.episode_id,
        incidents.service,
        null as objective,
        incidents.severity,
        noticed.detected_by,
        if(noticed.detected_at is null, 'missed_by_monitoring', 'matched') as outcome,
        incidents.started_at,
        noticed.detected_at,
        if(incidents.is_open, null, incidents.last_down_at) as ended_at
    from incidents
    left join noticed using (incident_id, service)
    union all
    select
        'outage' as kind,
        outages.incident_id,
        outages.outage_id,
        null as episode_id,
        outages.service,
        null as objective,
        null as severity,
        'outage' as detected_by,
        if(outages.incident_id is null, 'never_recorded', 'matched') as outcome,
        outages.started_at,
        outages.confirmed_at as detected_at,
        outages.ended_at
    from outages
    union all
    select
        'burn_rate' as kind,
        recorded.incident_id,
        null as outage_id,
        episodes.episode_id,
        episodes.service,
        episodes.objective,
        episodes.severity,
        'burn_rate' as detected_by,
        if(recorded.incident_id is null, 'never_recorded', 'matched') as outcome,
        episodes.started_at,
        episodes.started_at as detected_at,
        episodes.ended_at
    from episodes
    left join recorded on episodes.episode_id = recorded.signal_id
),

-- From when the incident began, or, of an outage that nobody recorded, from its first failed check.
final as (
    select
        left(md5(concat_ws('|', collected.kind, case collected.kind
            when 'incident' then concat_ws('|', collected.incident_id, collected.service)
            when 'outage' then collected.outage_id
            else collected.episode_id
        end)), 16) as detection_id,
        collected.* exclude (started_at, detected_at, ended_at),
        (
            epoch_us(collected.detected_at) - epoch_us(coalesce(
                incidents.started_at, if(collected.kind = 'outage', collected.started_at, null)
            ))
        ) / 1e6 as delay_s,
        collected.started_at::date as event_date,
        collected.started_at,
        collected.detected_at,
        collected.ended_at
    from collected
    left join incidents
        on collected.incident_id = incidents.incident_id and collected.service = incidents.service
)

select * from final
order by event_date, started_at, kind, service, detection_id
