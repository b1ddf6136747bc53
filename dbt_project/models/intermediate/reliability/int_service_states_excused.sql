{{ config(materialized='ephemeral') }}

with
states as (
    select * from {{ ref('int_service_states_merged') }}
    where event_date <= (select as_of_date from {{ source('pipeline', 'run') }})
),

maintenance as (select * from {{ ref('int_maintenance_windows_merged') }}),

excused as (
    select
        states.service,
        states.method,
        states.started_at,
        sum(
            epoch_us(least(maintenance.ends_at, states.ended_at))
            - epoch_us(greatest(maintenance.starts_at, states.started_at))
        ) as excused_us
    from states
    inner join maintenance
        on
            states.service = maintenance.service
            and states.started_at < maintenance.ends_at
            and states.ended_at > maintenance.starts_at
    group by states.service, states.method, states.started_at
),

final as (
    select
        states.*,
        (epoch_us(states.ended_at) - epoch_us(states.started_at) - coalesce(excused.excused_us, 0))::bigint as spent_us
    from states
    left join excused using (service, method, started_at)
)

select * from final
