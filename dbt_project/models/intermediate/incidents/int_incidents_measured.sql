with
incidents as (select * from {{ ref('int_incidents_cleaned') }}),

matches as (
    select * from {{ ref('int_incidents_matched') }}
    where rank_in_incident = 1
),

matched as (
    select
        incidents.*,
        matches.outage_id,
        case
            when incidents.restored_at is not null then 'recorded'
            when matches.outage_ended_at > incidents.started_at then 'outage'
            when incidents.resolved_at is not null then 'resolved'
        end as restored_source,
        case restored_source
            when 'recorded' then incidents.restored_at
            when 'outage' then matches.outage_ended_at
            when 'resolved' then incidents.resolved_at
        end as restore_ended_at
    from incidents
    left join matches using (incident_id, service)
),

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
        (epoch_us(detected_at) - epoch_us(started_at)) / 1e6 as mttd_s,
        (epoch_us(acknowledged_at) - epoch_us(detected_at)) / 1e6 as mtta_s,
        (epoch_us(restore_ended_at) - epoch_us(started_at)) / 1e6 as restore_s,
        (epoch_us(resolved_at) - epoch_us(started_at)) / 1e6 as resolve_s,
        is_open,
        exclusion_reason is not null as is_excluded,
        started_at,
        detected_at,
        acknowledged_at,
        restored_at,
        resolved_at,
        coalesce(restore_ended_at, as_of_at) as last_down_at
    from matched
)

select * from final
