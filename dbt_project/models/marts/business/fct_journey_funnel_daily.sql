with

sessions as (

    select
        session_id,
        device,
        weight,
        is_converted,
        event_date
    from {{ ref('fct_sessions') }}
    where {{ rebuilt('event_date') }}

),

seen as (

    select distinct
        session_id,
        session_date as event_date,
        page_group
    from {{ ref('int_page_views_sessionized') }}
    where {{ rebuilt('session_date') }}

),

-- A session came as far as the last step of which it saw the pages and those of every step before it.
followed as (

    select
        steps.journey,
        steps.step,
        steps.position,
        seen.session_id,
        seen.event_date,
        row_number() over (
            partition by steps.journey, seen.session_id, seen.event_date
            order by steps.position
        ) as steps_seen
    from seen
    inner join {{ source('config', 'journey_steps') }} as steps on seen.page_group = steps.page_group

),

reached as (

    select
        followed.journey,
        followed.step,
        followed.position,
        sessions.device,
        count(*) as sample_count,
        sum(sessions.weight) as session_count,
        coalesce(sum(sessions.weight) filter (where sessions.is_converted), 0) as converted_session_count,
        followed.event_date
    from followed
    inner join sessions using (session_id, event_date)
    where followed.position = followed.steps_seen
    group by all

),

final as (

    select
        journey,
        step,
        device,
        cast(position as integer) as position,
        sample_count,
        session_count,
        converted_session_count,
        coalesce(lead(session_count) over next_step, 0) as next_session_count,
        event_date
    from reached
    window next_step as (partition by journey, device, event_date order by position)
    {{ history_union() }}

)

select * from final
order by event_date, journey, position, device
