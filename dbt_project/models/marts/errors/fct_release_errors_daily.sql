{{
    config(
        meta={
            'reach': {'raw_web_vitals.beacons': {'back': 1, 'forward': 2}, 'raw_web_errors.errors': {'back': 1}},
            'closes': 2,
            'history': true,
        },
    )
}}

with
page_views as (
    select
        page_view_id,
        session_id,
        visitor_id,
        coalesce(release, 'unknown') as release,
        page_group,
        browser,
        event_date
    from {{ ref('fct_page_views') }}
    where {{ rebuilt() }}
),

-- A view lasts for its first day and the next.
errors as (
    select
        page_view_id,
        event_date
    from {{ ref('int_errors_grouped') }}
    where page_view_id is not null and {{ loaded(forward=1) }}
),

failed as (
    select distinct
        page_views.page_view_id,
        page_views.event_date
    from page_views
    inner join errors
        on
            page_views.page_view_id = errors.page_view_id
            and errors.event_date between page_views.event_date and page_views.event_date + 1
),

opened as (
    select
        page_views.release,
        page_views.page_group,
        page_views.browser,
        count(*) as page_view_count,
        count(failed.page_view_id) as error_page_view_count,
        count(distinct coalesce(page_views.session_id, page_views.page_view_id)) as session_count,
        count(distinct coalesce(page_views.session_id, page_views.page_view_id)) filter (
            failed.page_view_id is not null
        ) as error_session_count,
        count(distinct page_views.visitor_id) as user_count,
        count(distinct page_views.visitor_id) filter (failed.page_view_id is not null) as error_user_count,
        page_views.event_date
    from page_views
    left join failed using (page_view_id, event_date)
    group by page_views.release, page_views.page_group, page_views.browser, page_views.event_date
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
order by event_date, release, page_group, browser
