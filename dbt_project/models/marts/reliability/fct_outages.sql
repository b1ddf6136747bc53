{{ config(materialized='table') }}

with
contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

outages as (
    select * from {{ ref('int_outages_merged') }}
    where is_counted and method in (select method from contract)
),

down_locations as (
    select * from {{ ref('int_location_states_confirmed') }}
    where state = 'down'
),

matches as (select * from {{ ref('int_incidents_matched') }}),

witnesses as (
    select
        outages.outage_id,
        count(distinct down_locations.location) as location_count,
        sum(down_locations.check_count)::bigint as check_count
    from outages
    inner join down_locations
        on
            outages.service = down_locations.service
            and outages.method = down_locations.method
            and outages.started_at < down_locations.ended_at
            and outages.last_down_at > down_locations.started_at
    group by outages.outage_id
),

recorded as (
    select
        outage_id,
        arg_min(incident_id, rank_in_outage) as incident_id,
        min(detected_at) as detected_at
    from matches
    group by outage_id
),

final as (
    select
        outages.outage_id,
        outages.service,
        outages.method,
        recorded.incident_id,
        if(recorded.detected_at < outages.started_at, 'incident', 'probe') as detected_by,
        outages.duration_us / 1e6 as duration_s,
        outages.downtime_us / 1e6 as downtime_s,
        witnesses.location_count,
        witnesses.check_count,
        outages.is_open,
        outages.downtime_us = 0 as is_in_maintenance,
        outages.event_date,
        outages.started_at,
        if(outages.is_open, null, outages.last_down_at) as ended_at
    from outages
    left join witnesses using (outage_id)
    left join recorded using (outage_id)
)

select * from final
order by event_date, started_at, service
