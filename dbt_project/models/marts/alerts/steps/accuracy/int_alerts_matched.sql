-- Of what people record as incidents, hence of rules about services. What was withdrawn was never so; what was silent
-- told nobody. A record whose times contradict each other still says that something was wrong.
with
alerts as (
    select
        alert_id,
        rule,
        service,
        opened_at,
        coalesce((inputs ->> 'reaches_back_s')::bigint, 0) as reaches_back_s,
        opened_at - to_seconds(reaches_back_s) - interval 15 minute as looked_from_at,
        last_met_at
    from {{ source('alerts', 'alerts') }}
    where
        kind in ('burn_rate', 'outage', 'health_critical', 'request_error_rate')
        and not is_silenced
        and resolution is distinct from 'withdrawn'
),

incidents as (
    select
        incident_id,
        service,
        is_excluded,
        started_at,
        if(is_open, 'infinity', greatest(started_at, coalesce(restored_at, resolved_at, started_at))) as ended_at
    from {{ ref('fct_incidents') }}
),

final as (
    select
        alerts.alert_id,
        alerts.rule,
        incidents.incident_id,
        alerts.service,
        incidents.is_excluded,
        if(
            alerts.opened_at >= incidents.started_at - interval 15 minute,
            greatest(epoch(alerts.opened_at) - epoch(incidents.started_at), 0),
            null
        ) as delay_s
    from alerts
    left join incidents
        on
            alerts.service = incidents.service
            and alerts.looked_from_at <= incidents.ended_at
            and alerts.last_met_at >= incidents.started_at
)

select * from final
