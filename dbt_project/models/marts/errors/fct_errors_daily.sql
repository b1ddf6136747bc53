{{
    config(
        meta={'reach': {'raw_web_errors.errors': {}}},
        post_hook='{{ retrace_errors() }}',
    )
}}

with
errors as (
    select * from {{ ref('int_errors_counted') }}
    where not is_total and {{ rebuilt() }}
),

states as (select * from {{ ref('fct_error_groups_daily') }}),

final as (
    select
        errors.error_group_id,
        errors.category,
        errors.type,
        errors.message,
        errors.page_group,
        errors.browser,
        errors.release,
        errors.country,
        states.state,
        errors.fingerprint_version,
        errors.error_count,
        errors.page_view_count,
        errors.session_count,
        errors.user_count,
        errors.is_handled,
        states.first_seen_date,
        errors.event_date
    from errors
    inner join states using (error_group_id, event_date)
)

select * from final
order by event_date, error_group_id, page_group, browser, release, country, is_handled
