{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_web_errors.errors': {}}, 'closes': 0, 'history': true},
    )
}}

with
errors as (
    select * from {{ ref('int_errors_grouped') }}
    where {{ rebuilt() }}
),

-- What a group is called on a day: as most of its errors are.
labels as (
    select
        error_group_id,
        event_date,
        category,
        type,
        message,
        culprit
    from errors
    group by error_group_id, event_date, category, type, message, culprit
    qualify row_number() over (
        partition by error_group_id, event_date
        order by count(*) desc, message asc, type asc, category asc, culprit asc
    ) = 1
),

-- Who met a group is counted for its whole day too: one may have met it in two places.
counted as (
    select
        error_group_id,
        coalesce(page_group, 'all') as page_group,
        coalesce(browser, 'all') as browser,
        coalesce(release, 'all') as release,
        coalesce(country, 'all') as country,
        {{ fingerprint_version() }} as fingerprint_version,
        count(*) as error_count,
        count(distinct page_view_id) as page_view_count,
        count(distinct session_id) as session_count,
        count(distinct visitor_id) as user_count,
        coalesce(is_handled, bool_and(is_handled)) as is_handled,
        grouping(page_group) = 1 as is_total,
        event_date
    from errors
    group by grouping sets (
        (error_group_id, event_date, page_group, browser, release, country, is_handled), (error_group_id, event_date)
    )
),

opened as (
    select
        counted.*,
        labels.category,
        labels.type,
        labels.message,
        labels.culprit
    from counted
    inner join labels using (error_group_id, event_date)
),

kept as (
    select * from opened
    {{ history_union() }}
),

-- Closed days know their groups by the ids that they had then; two of them may be one today.
renames as (
    select
        earlier_group_id,
        arg_max(error_group_id, (error_count, error_group_id)) as error_group_id
    from (
        select
            earlier_group_id,
            error_group_id,
            sum(error_count) as error_count
        from {{ ref('fct_error_group_migrations') }}
        group by earlier_group_id, error_group_id
    )
    group by earlier_group_id
),

final as (
    select
        coalesce(
            left(md5('merged|' || names.name), 16), renames.error_group_id, kept.error_group_id
        ) as current_group_id,
        arg_max(category, (kept.error_count, category)) as category,
        arg_max(type, (kept.error_count, type)) as type,
        arg_max(message, (kept.error_count, message)) as message,
        arg_max(culprit, (kept.error_count, culprit)) as culprit,
        page_group,
        browser,
        release,
        coalesce(country, 'unknown') as country,
        max(fingerprint_version) as fingerprint_version,
        sum(kept.error_count)::bigint as error_count,
        sum(page_view_count)::bigint as page_view_count,
        sum(session_count)::bigint as session_count,
        sum(user_count)::bigint as user_count,
        bool_and(is_handled) as is_handled,
        coalesce(is_total, false) as is_total,
        event_date
    from kept
    left join renames on kept.error_group_id = renames.earlier_group_id
    left join {{ source('config', 'error_merges') }} as names on kept.error_group_id = names.error_group_id
    group by
        current_group_id,
        page_group,
        browser,
        release,
        coalesce(country, 'unknown'),
        if(coalesce(is_total, false), null, is_handled),
        coalesce(is_total, false),
        event_date
)

select * rename (current_group_id as error_group_id) from final
