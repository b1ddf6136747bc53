{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_web_errors.errors': {}}, 'closes': 0, 'history': true},
    )
}}

with
errors as (
    select
        *,
        {{ error_kind() }} as kind
    from {{ ref('stg_web_errors__errors') }}
    where {{ rebuilt() }}
),

grouped as (
    {{ grouped_errors('errors') }}
),

-- What a group is called on a day: as most of its errors are.
labels as (
    select
        grouped.error_group_id,
        errors.event_date,
        grouped.category,
        grouped.type,
        grouped.message
    from errors
    inner join grouped using (kind)
    group by grouped.error_group_id, errors.event_date, grouped.category, grouped.type, grouped.message
    qualify row_number() over (
        partition by grouped.error_group_id, errors.event_date
        order by count(*) desc, grouped.message asc, grouped.type asc, grouped.category asc
    ) = 1
),

counted as (
    select
        grouped.error_group_id,
        coalesce(errors.page_group, 'unknown') as page_group,
        coalesce(errors.browser, 'unknown') as browser,
        coalesce(errors.release, 'unknown') as release,
        {{ fingerprint_version() }} as fingerprint_version,
        count(*) as error_count,
        count(distinct errors.page_view_id) as page_view_count,
        count(distinct errors.session_id) as session_count,
        count(distinct errors.visitor_id) as user_count,
        coalesce(errors.handled, false) as is_handled,
        errors.event_date
    from errors
    inner join grouped using (kind)
    group by all
),

opened as (
    select
        counted.*,
        labels.category,
        labels.type,
        labels.message
    from counted
    inner join labels using (error_group_id, event_date)
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
