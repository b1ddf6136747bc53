{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_probes.checks': {'back': 2, 'forward': 3}, 'raw_maintenance.windows': {}}},
    )
}}

with
slices as (select * from {{ ref('int_service_slices_accounted') }}),

-- Sums of whole numbers: the same in every run, whatever the order in which rows are added.
final as (
    select
        service,
        method,
        sum(columns('(_us|_count)$'))::bigint,
        bool_or(is_flapping) as is_flapping,
        event_date
    from slices
    group by service, method, event_date
)

select * exclude (outage_count) from final
