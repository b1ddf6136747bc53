{{ config(materialized='table') }}

-- That a group is new or back is told for a week, that it escalates for the day and the next.
with
run as (
    select
        as_of_date,
        resolved_after_days
    from {{ source('pipeline', 'run') }}
    cross join {{ source('config', 'error_settings') }}
),

days as (select * from {{ ref('fct_error_groups_daily') }}),

counted as (select * from {{ ref('fct_errors_daily') }}),

groups as (
    select
        days.error_group_id,
        arg_max(days.category, (days.error_count, days.event_date)) as category,
        arg_max(days.type, (days.error_count, days.event_date)) as type,
        arg_max(days.message, (days.error_count, days.event_date)) as message,
        arg_max(days.culprit, (days.error_count, days.event_date)) as culprit,
        arg_min(days.newest_release, days.event_date) as first_release,
        arg_max(days.newest_release, days.event_date) as last_release,
        max(days.event_date) filter (days.state = 'escalating') as escalated_date,
        max(days.event_date) filter (days.state = 'regressed') as regressed_date,
        sum(days.error_count)::bigint as error_count,
        coalesce(sum(days.error_count) filter (days.event_date > run.as_of_date - 28), 0)::bigint as error_count_28d,
        coalesce(sum(days.error_count) filter (
            days.event_date between run.as_of_date - 55 and run.as_of_date - 28
        ), 0)::bigint as previous_error_count_28d,
        count(*) as day_count,
        bool_or(days.is_ignored) as is_ignored,
        min(days.event_date) as first_seen_date,
        max(days.event_date) as last_seen_date
    from days
    cross join run
    where days.event_date <= run.as_of_date
    group by days.error_group_id
),

-- One visitor may meet an error on several days: who met it is counted over the whole window, from the errors.
met as (
    select
        errors.error_group_id,
        count(distinct errors.page_view_id) as page_view_count_28d,
        count(distinct errors.session_id) as session_count_28d,
        count(distinct errors.visitor_id) as user_count_28d
    from {{ ref('fct_errors') }} as errors
    cross join run
    where errors.event_date between run.as_of_date - 27 and run.as_of_date
    group by errors.error_group_id
),

sessions as (
    select count(*) as session_count
    from {{ ref('fct_sessions') }}
    cross join run
    where event_date between run.as_of_date - 27 and run.as_of_date
),

places as (
    select
        error_group_id,
        arg_max(page_group, error_count) as most_hit_page_group,
        arg_max(browser, error_count) as most_hit_browser,
        arg_max(country, error_count) as most_hit_country,
        max(fingerprint_version) as fingerprint_version
    from counted
    group by error_group_id
),

names as (
    select distinct
        left(md5('merged|' || name), 16) as error_group_id,
        name
    from {{ source('config', 'error_merges') }}
),

final as (
    select
        groups.error_group_id,
        coalesce(names.name, groups.message) as title,
        groups.category,
        groups.type,
        groups.message,
        groups.culprit,
        case
            when groups.last_seen_date < run.as_of_date - run.resolved_after_days then 'resolved'
            when groups.escalated_date >= run.as_of_date - 1 then 'escalating'
            when groups.regressed_date > run.as_of_date - 7 then 'regressed'
            when groups.first_seen_date > run.as_of_date - 7 then 'new'
            else 'ongoing'
        end as state,
        groups.first_release,
        groups.last_release,
        places.most_hit_page_group,
        places.most_hit_browser,
        places.most_hit_country,
        places.fingerprint_version,
        groups.error_count,
        groups.day_count,
        groups.error_count_28d,
        groups.previous_error_count_28d,
        coalesce(met.page_view_count_28d, 0) as page_view_count_28d,
        coalesce(met.session_count_28d, 0) as session_count_28d,
        coalesce(met.user_count_28d, 0) as user_count_28d,
        least(coalesce(met.session_count_28d, 0) / nullif(sessions.session_count, 0), 1) as session_share_28d,
        groups.is_ignored,
        groups.first_seen_date,
        groups.last_seen_date,
        groups.escalated_date,
        groups.regressed_date,
        if(
            groups.last_seen_date < run.as_of_date - run.resolved_after_days,
            groups.last_seen_date + run.resolved_after_days + 1,
            null
        ) as resolved_date
    from groups
    inner join places using (error_group_id)
    left join met using (error_group_id)
    left join names using (error_group_id)
    cross join sessions
    cross join run
)

select * from final
order by error_group_id
