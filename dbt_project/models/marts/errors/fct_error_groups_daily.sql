{{ config(materialized='table') }}

-- Late errors can make an older day the first of a group, so that all days are judged anew: there are few.
with
counted as (
    select * from {{ ref('int_errors_counted') }}
    where event_date <= {{ as_of() }}
),

settings as (select * from {{ source('config', 'error_settings') }}),

ignores as (select * from {{ source('config', 'error_ignores') }}),

-- A release is as old as its first deployment, else as the first error in it.
releases as (
    select
        release,
        min(known_from) as known_from
    from (
        select
            release,
            min(deployed_at)::date as known_from
        from {{ ref('dim_releases') }}
        group by release
        union all
        select
            release,
            min(event_date) as known_from
        from counted
        where release not in ('all', 'unknown')
        group by release
    )
    group by release
),

-- History of earlier versions has no totals: the sums of its cells are the most that they can have been.
days as (
    select
        error_group_id,
        event_date,
        arg_max(category, is_total) as category,
        arg_max(type, is_total) as type,
        arg_max(message, is_total) as message,
        arg_max(culprit, is_total) as culprit,
        coalesce(max(error_count) filter (is_total), sum(error_count))::bigint as error_count,
        coalesce(max(page_view_count) filter (is_total), sum(page_view_count))::bigint as page_view_count,
        coalesce(max(session_count) filter (is_total), sum(session_count))::bigint as session_count,
        coalesce(max(user_count) filter (is_total), sum(user_count))::bigint as user_count,
        arg_max(release, releases.known_from) filter (releases.known_from is not null) as newest_release,
        max(releases.known_from) as release_known_from
    from counted
    left join releases using (release)
    group by error_group_id, event_date
),

traced as (
    select
        *,
        lag(event_date) over w as previous_date,
        min(event_date) over (partition by error_group_id) as first_seen_date
    from days
    window w as (partition by error_group_id order by event_date)
),

ignored as (
    select distinct
        traced.error_group_id,
        traced.event_date
    from traced
    inner join ignores
        on traced.error_group_id = ignores.error_group_id or regexp_matches(traced.message, ignores.pattern)
),

predicted as (select * from {{ ref('int_error_days_predicted') }}),

-- Every group that could have escalated on a date was looked at: what was not worth a test counts as one that failed.
families as (
    select
        event_date,
        count(*) filter (previous_date is not null) as group_count
    from traced
    group by event_date
),

tested as (
    select
        predicted.*,
        predicted.p_value * families.group_count / count(*) over (
            partition by event_date order by predicted.p_value range between unbounded preceding and current row
        ) as q_raw
    from predicted
    inner join families using (event_date)
    where predicted.p_value is not null
),

controlled as (
    select
        *,
        least(1, min(q_raw) over (
            partition by event_date order by p_value desc
            range between unbounded preceding and current row
        )) as q_value
    from tested
),

final as (
    select
        traced.error_group_id,
        traced.category,
        traced.type,
        traced.message,
        traced.culprit,
        case
            when traced.previous_date is null then 'new'
            when
                traced.event_date - traced.previous_date > settings.resolved_after_days
                and coalesce(traced.release_known_from > traced.previous_date, true) then 'regressed'
            when
                controlled.q_value <= settings.escalation_false_discovery_rate
                and traced.error_count >= predicted.expected_count * (1 + settings.escalation_smallest_change_share)
                then 'escalating'
            else 'ongoing'
        end as state,
        traced.newest_release,
        traced.error_count,
        traced.page_view_count,
        traced.session_count,
        traced.user_count,
        predicted.expected_count,
        predicted.expected_upper,
        controlled.p_value,
        controlled.q_value,
        (traced.event_date - traced.previous_date)::integer as days_since_seen,
        ignored.error_group_id is not null as is_ignored,
        traced.first_seen_date,
        traced.event_date
    from traced
    left join predicted using (error_group_id, event_date)
    left join controlled using (error_group_id, event_date)
    left join ignored using (error_group_id, event_date)
    cross join settings
)

select * from final
order by event_date, error_group_id
