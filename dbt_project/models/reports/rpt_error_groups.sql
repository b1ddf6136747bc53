with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

errors as (
    select
        error_days.*,
        error_days.event_date > run.as_of_date - 28 as is_current,
        run.as_of_date
    from {{ ref('fct_errors_daily') }} as error_days
    inner join run on error_days.event_date between run.as_of_date - 55 and run.as_of_date
),

final as (
    select
        errors.error_group_id,
        arg_max(category, event_date) as category,
        arg_max(errors.type, errors.event_date) as type,
        arg_max(message, event_date) as message,
        arg_max(state, event_date) as state,
        arg_max(errors.page_group, error_count) as most_hit_page_group,
        arg_max(errors.browser, error_count) as most_hit_browser,
        arg_max(errors.release, event_date) as newest_release,
        (sum(error_count) filter (errors.is_current))::bigint as error_count,
        coalesce(sum(error_count) filter (not errors.is_current), 0)::bigint as previous_error_count,
        (sum(page_view_count) filter (errors.is_current))::bigint as page_view_count,
        count(distinct event_date) filter (errors.is_current) as day_count,
        bool_and(is_handled) as is_handled,
        min(first_seen_date) as first_seen_date,
        max(errors.event_date) as last_seen_date,
        max(errors.as_of_date) as event_date
    from errors
    group by errors.error_group_id
    having sum(error_count) filter (errors.is_current) > 0
)

select * from final
