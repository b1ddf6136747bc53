{{ config(materialized='ephemeral') }}

with
windows as (
    select * from {{ ref('stg_maintenance__windows') }}
    where ends_at > starts_at
),

turns as (
    select
        service,
        starts_at,
        ends_at,
        coalesce(starts_at > max(ends_at) over (
            partition by service order by starts_at, ends_at rows between unbounded preceding and 1 preceding
        ), true) as is_turn
    from windows
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service order by starts_at, ends_at) as island
    from turns
),

final as (
    select
        service,
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from numbered
    group by service, island
)

select * from final
