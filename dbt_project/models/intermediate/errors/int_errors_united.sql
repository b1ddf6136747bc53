{{ config(materialized='ephemeral') }}

-- What other tools captured stands beside our own; several of theirs may come in one line.
with
told as (
    select
        null::varchar as page_view_id,
        session_id,
        user_id,
        message,
        type,
        stack,
        url,
        release,
        browser,
        null::varchar as country,
        event_date,
        received_at,
        _source_file,
        _place
    from {{ ref('stg_faro__signals') }}
    where kind = 'exception'
    union all by name
    select
        page_view_id,
        session_id,
        user_id,
        exception_message as message,
        exception_type as type,
        exception_stack as stack,
        url,
        release,
        browser,
        country,
        event_date,
        received_at,
        _source_file,
        _place
    from {{ ref('stg_opentelemetry__log_records') }}
    where coalesce(exception_message, exception_type) is not null
),

addressed as (
    select
        *,
        {{ page_path('url') }} as page_path
    from told
),

pages as (
    {{ grouped_pages('addressed') }}
),

foreign_errors as (
    select
        addressed.page_view_id,
        addressed.session_id,
        addressed.user_id as visitor_id,
        coalesce(addressed.message, addressed.type) as message,
        addressed.type,
        addressed.stack,
        null::varchar as fingerprint,
        null::varchar as tags,
        addressed.page_path,
        pages.page_group,
        coalesce({{ own_name('left(addressed.release, 100)') }}, 'unknown') as release,
        coalesce({{ own_name('left(addressed.browser, 50)') }}, 'unknown') as browser,
        {{ own_name('addressed.country') }} as country,
        false as handled,
        addressed.event_date,
        addressed.received_at as occurred_at,
        addressed._source_file,
        addressed._place as _source_line
    from addressed
    inner join pages using (page_path)
)

select * from {{ ref('stg_web_errors__errors') }}
union all by name
select * from foreign_errors
