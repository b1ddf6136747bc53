{{ config(materialized='ephemeral') }}

-- Each duration of an incident that counts, and for how long it was seen to last: what has not come to its end by as_of
-- is censored, not dropped. Detection and acknowledgement are not waited for once an incident is over.
with
run as (select (as_of_date + 1)::timestamp as as_of_at from {{ source('pipeline', 'run') }}),

incidents as (
    select
        cells.*,
        (epoch_us(run.as_of_at) - epoch_us(cells.started_at)) / 1e6 as known_s
    from {{ ref('int_incident_cells_expanded') }} as cells
    cross join run
    where not cells.is_excluded
),

measured as (
    select
        month,
        service,
        severity,
        is_open,
        known_s,
        unnest(['mttd', 'mtta', 'mttr_restore', 'mttr_resolve']) as measure,
        unnest([mttd_s, mtta_s, restore_s, resolve_s]) as duration_s,
        unnest([null, null, lasted_s, coalesce(resolve_s, known_s)]) as seen_s
    from incidents
),

final as (
    select
        month,
        service,
        severity,
        measure,
        duration_s,
        coalesce(seen_s, duration_s) as seen_s
    from measured
    where duration_s is not null or seen_s is not null
)

select * from final
