with

counted_elsewhere as (

    select
        session_id,
        page_views as expected_count,
        event_date
    from {{ ref('stg_sessions__sessions') }}
    where page_views > 0 and {{ rebuilt('event_date') }}

),

received as (

    select
        counted_elsewhere.session_id,
        counted_elsewhere.event_date,
        any_value(counted_elsewhere.expected_count) as expected_count,
        coalesce(sum(sessions.page_view_count), 0) as received_count
    from counted_elsewhere
    -- The two tools may put midnight on different sides of the same session.
    left join {{ ref('fct_sessions') }} as sessions
        on
            counted_elsewhere.session_id = sessions.session_id
            and sessions.event_date between counted_elsewhere.event_date - 1 and counted_elsewhere.event_date + 1
            and {{ loaded('sessions.event_date', back=1, forward=1) }}
    group by counted_elsewhere.session_id, counted_elsewhere.event_date

),

-- Only on days of which the other tool tells anything: without a feed all sessions would seem to be missing there.
unlisted as (

    select
        sessions.event_date,
        count(*) as unlisted_session_count
    from {{ ref('fct_sessions') }} as sessions
    anti join {{ ref('stg_sessions__sessions') }} as elsewhere
        on
            sessions.session_id = elsewhere.session_id
            and sessions.event_date between elsewhere.event_date - 1 and elsewhere.event_date + 1
            and {{ loaded('elsewhere.event_date', back=1, forward=1) }}
    where {{ rebuilt('sessions.event_date') }}
    group by sessions.event_date

),

final as (

    select
        count(*) as session_count,
        count(*) filter (where received_count = 0) as silent_session_count,
        count(*) filter (where received_count > 0) as matched_session_count,
        coalesce(any_value(unlisted.unlisted_session_count), 0) as unlisted_session_count,
        cast(sum(expected_count) as bigint) as expected_page_view_count,
        cast(sum(least(expected_count, received_count)) as bigint) as received_page_view_count,
        event_date
    from received
    left join unlisted using (event_date)
    group by event_date
    {{ history_union() }}

)

select * from final
order by event_date
