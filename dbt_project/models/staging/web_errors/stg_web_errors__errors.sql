with

errors as (

    select
        *,
        {{ page_path('url') }} as page_path
    from {{ source('raw_web_errors', 'errors') }}

),

pages as (

    {{ grouped_pages('errors') }}

)

select
    errors.page_view_id,
    errors.session_id,
    errors.user_id as visitor_id,
    errors.message,
    errors.type,
    errors.stack,
    errors.fingerprint,
    errors.tags,
    errors.page_path,
    pages.page_group,
    coalesce({{ own_name('left(errors.release, 100)') }}, 'unknown') as release,
    coalesce({{ own_name('left(errors.browser, 50)') }}, 'unknown') as browser,
    {{ own_name('errors.country') }} as country,
    errors.handled,
    errors.event_date,
    errors.occurred_at,
    errors._source_file,
    errors._source_line
from errors
inner join pages on errors.page_path = pages.page_path
