{{ config(materialized='ephemeral') }}

-- What is known at the end of as_of: an instant after it has not happened yet.
with
run as (select (as_of_date + 1)::timestamp as as_of_at from {{ source('pipeline', 'run') }}),

incidents as (
    select
        incidents.* replace (
            if(incidents.detected_at < run.as_of_at, incidents.detected_at, null) as detected_at,
            if(incidents.acknowledged_at < run.as_of_at, incidents.acknowledged_at, null) as acknowledged_at,
            if(incidents.restored_at < run.as_of_at, incidents.restored_at, null) as restored_at,
            if(incidents.resolved_at < run.as_of_at, incidents.resolved_at, null) as resolved_at
        ),
        run.as_of_at
    from {{ ref('stg_incidents__incidents') }} as incidents
    inner join run on incidents.started_at < run.as_of_at
),

final as (
    select
        incident_id,
        unnest(if(len(services) > 0, list_distinct(services), ['unknown'])) as service,
        coalesce(severity, 'unknown') as severity,
        title,
        cause,
        url,
        restored_at is null and resolved_at is null as is_open,
        case
            when coalesce(resolved_at, restored_at) < started_at then 'negative'
            when coalesce(restored_at, resolved_at) = started_at then 'zero_length'
            when least(detected_at, acknowledged_at, restored_at, resolved_at) < started_at then 'unordered'
            when acknowledged_at < detected_at or resolved_at < restored_at then 'unordered'
        end as exclusion_reason,
        started_at,
        detected_at,
        acknowledged_at,
        restored_at,
        resolved_at,
        as_of_at
    from incidents
)

select * from final
