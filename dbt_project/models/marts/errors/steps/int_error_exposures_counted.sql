{{
    config(
        materialized='incremental',
        meta={
            'reach': {
                'raw_web_vitals.beacons': {'back': 3, 'forward': 5},
                'raw_web_errors.errors': {'back': 2},
                'raw_orders.orders': {'back': 2},
                'raw_sessions.sessions': {'back': 1, 'forward': 1},
            },
            'closes': 5,
        },
    )
}}

-- Who stays longer meets more errors and buys more. So a session that met a group is held against sessions without any
-- error that had come as far: to the same place at the same number of page views.
with
sessions as (
    select
        session_id,
        event_date,
        device,
        country,
        coalesce(channel, 'unknown') as channel,
        coalesce(is_new_user, false) as is_new_user,
        error_count,
        is_converted
    from {{ ref('fct_sessions') }}
    where {{ rebuilt() }}
),

views as (
    select
        session_id,
        session_date as event_date,
        page_view_id,
        page_group,
        least(position, 7) as position
    from {{ ref('int_page_views_sessionized') }}
    where {{ rebuilt('session_date') }}
),

met as (
    select
        errors.session_id,
        views.event_date,
        errors.error_group_id,
        min(views.position) as position,
        arg_min(views.page_group, views.position) as page_group
    from {{ ref('fct_errors') }} as errors
    inner join views
        on
            errors.session_id = views.session_id
            and errors.session_date = views.event_date
            and errors.page_view_id = views.page_view_id
    where {{ rebuilt('errors.session_date') }}
    group by errors.session_id, views.event_date, errors.error_group_id
),

placed as (
    select * from met
    union all by name
    select distinct
        views.session_id,
        views.event_date,
        '' as error_group_id,
        views.position,
        views.page_group
    from views
    inner join sessions using (session_id, event_date)
    where sessions.error_count = 0
),

final as (
    select
        placed.error_group_id,
        sessions.device,
        sessions.country,
        sessions.channel,
        placed.page_group,
        placed.position,
        count(*) as session_count,
        count_if(sessions.is_converted)::bigint as converted_session_count,
        sessions.is_new_user,
        placed.event_date
    from placed
    inner join sessions using (session_id, event_date)
    group by all
)

select * from final
