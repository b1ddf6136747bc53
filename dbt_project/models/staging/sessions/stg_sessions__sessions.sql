with

sessions as (

    select * from {{ source('raw_sessions', 'sessions') }}

),

newest as (

    select
        session_id,
        {{ own_name('left(channel, 100)') }} as channel,
        device,
        country,
        page_views,
        is_new_user,
        event_date,
        started_at,
        ended_at
    from sessions
    qualify row_number() over (
        partition by session_id, event_date
        order by _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
