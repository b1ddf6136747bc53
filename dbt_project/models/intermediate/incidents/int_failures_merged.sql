{{ config(materialized='ephemeral') }}

-- When a cell (service and severity, or 'all') was down: recorded incidents and confirmed outages, merged where they
-- overlap. An outage has no severity, so it counts where the severity is 'all'. An open incident is a failure without
-- length: how long the service was down is not known, and a forgotten record must not make it down for months.
with
contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

incidents as (
    select
        service,
        severity,
        started_at,
        if(restore_s is null, started_at, last_down_at) as last_down_at
    from {{ ref('int_incident_cells_expanded') }}
    where not is_excluded and month > {{ lifetime() }}
),

outages as (
    select
        unnest([service, 'all']) as service,
        'all' as severity,
        started_at,
        last_down_at
    from {{ ref('int_outages_merged') }}
    where is_counted and downtime_us > 0 and method in (select method from contract)
),

failures as (
    select * from incidents
    union all
    select * from outages
),

turns as (
    select
        *,
        coalesce(started_at > max(last_down_at) over (
            partition by service, severity
            order by started_at, last_down_at rows between unbounded preceding and 1 preceding
        ), true) as is_turn
    from failures
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by service, severity order by started_at, last_down_at) as island
    from turns
),

final as (
    select
        service,
        severity,
        min(started_at) as started_at,
        max(last_down_at) as last_down_at
    from numbered
    group by service, severity, island
)

select * from final
