{{ config(materialized='table', tags=['fast']) }}

with
methods as (select * from {{ ref('dim_accounting_methods') }}),

outages as (
    select * from {{ ref('int_outages_merged') }}
    where is_counted and is_contractual
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
    inner join methods using (method)
    inner join down_locations
        on
            outages.service = down_locations.service
            and methods.confirmation_rule = down_locations.confirmation_rule
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
        outages.confirmed_at,
        if(outages.is_open, null, outages.last_down_at) as ended_at
    from outages
    left join witnesses using (outage_id)
    left join recorded using (outage_id)
)

select * from final
order by event_date, started_at, service
