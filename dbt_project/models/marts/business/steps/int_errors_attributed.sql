with

errors as (

    select * from {{ ref('int_errors_united') }}
    where {{ loaded('event_date', forward=2) }}

),

page_views as (

    select * from {{ ref('int_page_views_sessionized') }}

),

by_page_view as (

    select
        errors._source_file,
        errors._source_line,
        page_views.session_id,
        page_views.session_date,
        page_views.position
    from errors
    inner join page_views
        on
            errors.page_view_id = page_views.page_view_id
            and page_views.event_date between errors.event_date - 1 and errors.event_date

),

by_session as (

    select
        errors._source_file,
        errors._source_line,
        page_views.session_id,
        page_views.session_date,
        page_views.position
    from (
        select *
        from errors
        anti join by_page_view using (_source_file, _source_line)
    ) as errors
    asof inner join page_views
        on
            errors.session_id = page_views.beacon_session_id
            and errors.occurred_at >= page_views.started_at
    where page_views.event_date between errors.event_date - 1 and errors.event_date

)

select * from by_page_view
union all
select * from by_session
