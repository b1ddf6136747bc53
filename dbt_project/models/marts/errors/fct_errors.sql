{{
    config(
        meta={
            'reach': {'raw_web_errors.errors': {}, 'raw_web_vitals.beacons': {'back': 1, 'forward': 5}},
            'closes': 5,
        },
    )
}}

with
errors as (
    select * from {{ ref('int_errors_grouped') }}
    where {{ rebuilt() }}
),

-- A page view lasts for its day and the next.
page_views as (
    select
        page_view_id,
        device,
        country,
        event_date
    from {{ ref('fct_page_views') }}
    where {{ loaded(back=1) }}
),

viewed as (
    select
        errors.error_id,
        arg_max(page_views.device, page_views.event_date) as device,
        arg_max(page_views.country, page_views.event_date) as country
    from errors
    inner join page_views
        on
            errors.page_view_id = page_views.page_view_id
            and page_views.event_date between errors.event_date - 1 and errors.event_date
    group by errors.error_id
),

-- A view that came back on a later day is two: the later one met the error.
attributed as (
    select
        _source_file,
        _source_line,
        arg_max(session_id, (session_date, session_id)) as session_id,
        max(session_date) as session_date
    from {{ ref('int_errors_attributed') }}
    group by _source_file, _source_line
),

final as (
    select
        errors.error_id,
        errors.error_group_id,
        errors.page_view_id,
        coalesce(attributed.session_id, errors.session_id) as session_id,
        errors.visitor_id,
        errors.category,
        errors.type,
        errors.message,
        errors.culprit,
        errors.page_group,
        errors.browser,
        errors.release,
        coalesce(viewed.device, 'unknown') as device,
        if(errors.country = 'unknown', coalesce(viewed.country, 'unknown'), errors.country) as country,
        errors.culprit_line,
        errors.culprit_column,
        errors.is_handled,
        errors.event_date,
        attributed.session_date,
        errors.occurred_at
    from errors
    left join viewed using (error_id)
    left join attributed using (_source_file, _source_line)
)

select * from final
order by event_date, occurred_at, error_id
