{{ config(materialized='view') }}

-- A day of a group is judged by the day before it on which the group was seen; two weeks of silence had resolved it.
with
days as (
    select
        error_group_id,
        event_date,
        sum(error_count)::bigint as error_count
    from {{ ref('int_errors_counted') }}
    group by error_group_id, event_date
),

final as (
    select
        error_group_id,
        case
            when lag(event_date) over w is null then 'new'
            when event_date - lag(event_date) over w > 14 then 'regressed'
            else 'ongoing'
        end as state,
        error_count,
        event_date,
        min(event_date) over (partition by error_group_id) as first_seen_date
    from days
    window w as (partition by error_group_id order by event_date)
)

select * from final
