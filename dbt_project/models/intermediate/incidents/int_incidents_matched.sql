-- An incident and an outage of one service are one event when they overlap within a quarter of an hour, which is how
-- finely people write times down. Where several fit, the longest overlap, then the earliest, is the match.
with
contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

incidents as (select * from {{ ref('int_incidents_cleaned') }}),

outages as (
    select * from {{ ref('int_outages_merged') }}
    where is_counted and method in (select method from contract)
),

pairs as (
    select
        incidents.incident_id,
        incidents.service,
        outages.outage_id,
        coalesce(incidents.restored_at, incidents.resolved_at, incidents.as_of_at) as incident_ended_at,
        epoch_us(least(incident_ended_at, outages.last_down_at))
        - epoch_us(greatest(incidents.started_at, outages.started_at)) as overlap_us,
        incidents.started_at as incident_started_at,
        incidents.detected_at,
        outages.started_at as outage_started_at,
        if(outages.is_open, null, outages.last_down_at) as outage_ended_at
    from incidents
    inner join outages
        on
            incidents.service = outages.service
            and outages.last_down_at >= incidents.started_at - interval 15 minute
    where outages.started_at <= incident_ended_at + interval 15 minute
),

final as (
    select
        incident_id,
        service,
        outage_id,
        row_number() over (
            partition by incident_id, service
            order by overlap_us desc, outage_started_at asc
        ) as rank_in_incident,
        row_number() over (
            partition by outage_id
            order by overlap_us desc, incident_started_at asc, incident_id asc
        ) as rank_in_outage,
        detected_at,
        outage_ended_at
    from pairs
)

select * from final
