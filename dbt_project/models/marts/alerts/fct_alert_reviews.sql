{{ config(materialized='table', tags=['after_alerts']) }}

with
reviews as (select * from {{ ref('stg_alert_reviews__reviews') }}),

alerts as (select * from {{ source('alerts', 'alerts') }}),

-- A moment means the service's alerts at that time: they may open a while after somebody saw that something is wrong.
named as (
    select
        reviews.*,
        alerts.alert_id as named_id
    from reviews
    left join alerts
        on
            if(
                reviews.is_by_moment,
                reviews.service = alerts.service
                and reviews.alerted_at >= alerts.opened_at - interval 15 minute
                and reviews.alerted_at <= coalesce(alerts.resolved_at, 'infinity'),
                reviews.alert_id = alerts.alert_id
            )
),

newest as (
    select * from named
    qualify row_number() over (
        partition by coalesce(named_id, alert_id) order by reviewed_at desc, is_by_moment asc, alert_id asc
    ) = 1
),

final as (
    select
        coalesce(newest.named_id, newest.alert_id) as alert_id,
        newest.verdict,
        newest.reviewed_by,
        newest.note,
        alerts.rule,
        alerts.kind,
        alerts.subject,
        coalesce(alerts.service, newest.service) as service,
        newest.named_id is not null as is_known,
        coalesce(alerts.event_date, newest.reviewed_at::date) as event_date,
        alerts.opened_at,
        alerts.last_met_at,
        newest.reviewed_at
    from newest
    left join alerts on newest.named_id = alerts.alert_id
)

select * from final
order by event_date, alert_id
