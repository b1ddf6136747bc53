-- Groups that were seen in the last two weeks are judged every day, so that an alert ends when a group is silent. Who
-- met a group is the most that page views, sessions or users say: not every source tells of all three.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind in ('error_group_new', 'error_escalation', 'error_regression') and is_enabled
),

days as (
    select
        *,
        greatest(page_view_count, session_count, user_count) as met_count
    from {{ ref('fct_error_groups_daily') }}
    where not is_ignored
),

calendar as (
    {{ rebuilt_calendar() }}
),

seen as (
    select
        days.error_group_id,
        calendar.event_date,
        arg_max(days.message, days.event_date) as message,
        arg_max(days.newest_release, days.event_date) as newest_release,
        min(days.first_seen_date) as first_seen_date,
        sum(days.met_count) filter (days.event_date > calendar.event_date - 3)::bigint as met_count_3d,
        sum(days.error_count) filter (days.event_date = calendar.event_date)::bigint as error_count,
        coalesce(sum(days.met_count) filter (days.event_date = calendar.event_date), 0)::bigint as met_count,
        any_value(days.expected_count) filter (days.event_date = calendar.event_date) as expected_count,
        any_value(days.expected_upper) filter (days.event_date = calendar.event_date) as expected_upper,
        any_value(days.state) filter (days.event_date = calendar.event_date) as state
    from calendar
    inner join days on days.event_date between calendar.event_date - 14 and calendar.event_date
    group by days.error_group_id, calendar.event_date
),

judged as (
    select
        rules.*,
        seen.* exclude (met_count),
        if(rules.kind = 'error_group_new', coalesce(seen.met_count_3d, 0), seen.met_count) as met_count,
        case rules.kind
            when 'error_group_new' then seen.first_seen_date > seen.event_date - 3 and seen.state is not null
            when 'error_escalation' then coalesce(seen.state = 'escalating', false)
            else coalesce(seen.state = 'regressed', false)
        end as is_over
    from seen
    cross join rules
),

final as (
    select
        rule,
        kind,
        error_group_id as subject,
        null::varchar as service,
        null::varchar as feed,
        severity,
        null::integer as window_s,
        null::integer as short_window_s,
        if(is_over, error_count, null)::double as value,
        null::double as short_value,
        if(is_over and kind = 'error_escalation', expected_upper, null) as threshold,
        met_count::bigint as event_count,
        case
            when not is_over then 'not_met'
            when met_count < minimum_event_count then 'insufficient_data'
            else 'met'
        end as outcome,
        if(
            outcome = 'met',
            { 'error': message, 'release': newest_release, 'expected': round(expected_count, 1) },
            null
        )::json::varchar as inputs,
        event_date,
        (event_date + 1)::timestamp - interval 1 second as event_at,
        (event_date + 1)::timestamp as evaluated_at
    from judged
)

select * from final
