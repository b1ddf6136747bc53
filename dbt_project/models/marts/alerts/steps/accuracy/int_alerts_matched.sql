-- What was withdrawn was never so; what was silent told nobody. A record whose times contradict each other still says
-- that something was wrong.
with
alerts as (
    select
        alert_id,
        rule,
        kind,
        subject,
        service,
        opened_at,
        coalesce((inputs ->> 'reaches_back_s')::bigint, 0) as reaches_back_s,
        opened_at - to_seconds(reaches_back_s) - interval 15 minute as looked_from_at,
        last_met_at
    from {{ source('alerts', 'alerts') }}
    where not is_silenced and resolution is distinct from 'withdrawn'
),

-- Other rules than those of then (`alerts replay`) raise alerts of their own: what was said of an alert that is none of
-- these holds for those about the same that overlap it.
reviews as (
    select
        alerts.alert_id,
        arg_max(reviews.verdict, (reviews.alert_id = alerts.alert_id, reviews.reviewed_at, reviews.alert_id)) as verdict
    from {{ ref('fct_alert_reviews') }} as reviews
    inner join alerts
        on
            reviews.alert_id = alerts.alert_id
            or (
                reviews.kind = alerts.kind
                and reviews.subject = alerts.subject
                and reviews.last_met_at >= alerts.opened_at
                and reviews.opened_at <= alerts.last_met_at
                and reviews.alert_id not in (select alert_id from {{ source('alerts', 'alerts') }})
            )
    group by alerts.alert_id
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
        alerts.kind,
        incidents.incident_id,
        alerts.service,
        reviews.verdict,
        incidents.is_excluded,
        if(
            alerts.opened_at >= incidents.started_at - interval 15 minute,
            greatest(epoch(alerts.opened_at) - epoch(incidents.started_at), 0),
            null
        ) as delay_s
    from alerts
    left join reviews using (alert_id)
    left join incidents
        on
            alerts.service = incidents.service
            and alerts.looked_from_at <= incidents.ended_at
            and alerts.last_met_at >= incidents.started_at
)

select * from final
