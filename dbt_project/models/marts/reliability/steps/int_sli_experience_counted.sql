with
objectives as (
    select * replace (coalesce(slice_s, 300) as slice_s)
    from {{ source('config', 'objectives') }}
    where feed in ('beacons', 'orders')
),

exclusions as (select * from {{ ref('int_sli_exclusions_merged') }}),

page_views as (
    select * from {{ ref('fct_page_views') }}
    where {{ rebuilt() }} and {{ is_headline('navigation_type') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
    where {{ rebuilt() }}
),

session_pages as (
    select * from {{ ref('int_session_pages_collected') }}
    where {{ rebuilt() }}
),

events as (
    {%- for metric, column in [('LCP', 'lcp_ms'), ('INP', 'inp_ms'), ('CLS', 'cls')] %}
        select
            objectives.objective,
            objectives.slice_s,
            'page_views' as amount_unit,
            page_views.country,
            page_views.weight,
            page_views.{{ column }} <= {{ vitals_limit('good', "'" ~ metric ~ "'") }} as is_good,
            page_views.event_date,
            page_views.started_at
        from page_views
        inner join objectives on coalesce(objectives.page_group, page_views.page_group) = page_views.page_group
        where objectives.indicator = 'good_{{ metric | lower }}' and page_views.{{ column }} is not null
        union all
    {%- endfor %}
    select
        objectives.objective,
        objectives.slice_s,
        'sessions' as amount_unit,
        sessions.country,
        sessions.weight,
        if(objectives.indicator = 'order_success', sessions.is_converted, sessions.error_count = 0) as is_good,
        sessions.event_date,
        sessions.started_at
    from sessions
    cross join objectives
    left join session_pages
        on
            sessions.session_id = session_pages.session_id
            and sessions.event_date = session_pages.event_date
            and objectives.page_group = session_pages.page_group
    where
        objectives.indicator in ('error_free_sessions', 'order_success')
        and (objectives.page_group is null or session_pages.session_id is not null)
),

judged as (
    select
        events.*,
        {{ sli_slice('events.started_at', 'events.slice_s') }} as slice_starts_at,
        exclusions.reason
    from events
    left join exclusions
        on
            events.objective = exclusions.objective
            and events.event_date = exclusions.event_date
            and events.started_at >= exclusions.starts_at
            and events.started_at < exclusions.ends_at
),

final as (
    select
        objective,
        country,
        amount_unit,
        sum(weight) filter (where reason is null and is_good) as good_amount,
        sum(weight) filter (where reason is null) as total_amount,
        sum(weight) filter (where reason is not null) as excluded_amount,
        max(reason) as excluded_reason,
        count_if(reason is null) as event_count,
        count_if(reason is null and not is_good) as bad_event_count,
        sum(weight * weight) filter (where reason is null) as weight_square_sum,
        event_date,
        slice_starts_at
    from judged
    group by objective, country, amount_unit, event_date, slice_starts_at
)

select * from final
