{{ config(materialized='table', tags=['fast']) }}

with
run as (select (as_of_date + 1)::timestamp as as_of_at from {{ source('pipeline', 'run') }}),

segments as (select * from {{ ref('int_health_segments_judged') }}),

turns as (
    select
        *,
        coalesce(lag(health) over w <> health, true) as is_new_health,
        is_new_health or lag(reason) over w <> reason as is_turn
    from segments
    window w as (partition by subject_kind, subject order by started_at)
),

numbered as (
    select
        *,
        count_if(is_turn) over w as stretch,
        max(if(is_new_health, started_at, null)) over w as since_at
    from turns
    window w as (partition by subject_kind, subject order by started_at)
),

-- What lasts to the end of as_of has not ended.
final as (
    select
        numbered.subject_kind,
        numbered.subject,
        numbered.health,
        numbered.reason,
        min(numbered.started_at)::date as event_date,
        any_value(numbered.since_at) as since_at,
        min(numbered.started_at) as started_at,
        nullif(max(numbered.ended_at), any_value(run.as_of_at)) as ended_at
    from numbered
    cross join run
    group by numbered.subject_kind, numbered.subject, numbered.health, numbered.reason, numbered.stretch
)

select * from final
order by event_date, started_at, subject_kind, subject
