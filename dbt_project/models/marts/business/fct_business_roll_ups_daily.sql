{%- set dimensions = [
    'page_group', 'device', 'country', 'region', 'browser', 'browser_version', 'connection', 'release', 'channel', 'visitor_kind'
] -%}
{%- set roll_ups = [
    [], ['page_group'], ['device'], ['country'], ['country', 'region'], ['browser'], ['browser', 'browser_version'],
    ['connection'], ['release'], ['channel'], ['visitor_kind']
] -%}

with
sessions as (
    select
        landing_page_group as page_group,
        device,
        country,
        coalesce(region, 'unknown') as region,
        browser,
        coalesce(browser_version, 'unknown') as browser_version,
        coalesce(connection, 'unknown') as connection,
        coalesce(release, 'unknown') as release,
        coalesce(channel, 'unknown') as channel,
        case when is_new_user then 'new' when not is_new_user then 'returning' else 'unknown' end as visitor_kind,
        weight,
        page_view_count,
        cast(duration_s as decimal(12, 3)) as duration_s,
        order_count,
        revenue,
        is_bounce,
        is_converted,
        event_date
    from {{ ref('fct_sessions') }}
    where {{ rebuilt('event_date') }}
),

-- Orders that no session explains, so that none is missing.
orders as (
    select
        {% for dimension in dimensions %}'unknown' as {{ dimension }}, {% endfor %}
        if(is_converting, 1, 0) as order_count,
        revenue_net as revenue,
        event_date
    from {{ ref('int_orders_attributed') }}
    where session_id is null and {{ rebuilt('event_date') }}
),

counted as (
    select
        {% for dimension in dimensions %}{{ dimension }}, {% endfor %}
        count(weight) as sample_count,
        coalesce(sum(weight), 0) as session_count,
        coalesce(sum(weight * weight), 0) as session_square_sum,
        coalesce(sum(weight) filter (where is_bounce), 0) as bounce_count,
        coalesce(sum(weight) filter (where is_converted), 0) as converted_session_count,
        coalesce(sum(weight * page_view_count), 0) as page_view_count,
        coalesce(sum(cast(weight * duration_s as decimal(18, 6))), 0) as duration_sum_s,
        sum(order_count) as order_count,
        sum(revenue) as revenue_net,
        event_date
    from (
        select * from sessions
        union all by name
        select * from orders
    )
    group by grouping sets (
        {%- for held in roll_ups %}
        ({{ (held + ['event_date']) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
),

final as (
    select
        coalesce(nullif(concat_ws(
            ', '
            {%- for dimension in dimensions %}, case when {{ dimension }} is not null then '{{ dimension }}' end{% endfor %}
        ), ''), 'site') as roll_up,
        {%- for dimension in dimensions %}
        coalesce({{ dimension }}, 'all') as {{ dimension }},
        {%- endfor %}
        sample_count,
        session_count,
        session_square_sum,
        bounce_count,
        converted_session_count,
        cast(page_view_count as decimal(38, 6)) as page_view_count,
        duration_sum_s,
        cast(order_count as bigint) as order_count,
        cast(revenue_net as decimal(38, 4)) as revenue_net,
        cast(converted_session_count / nullif(session_count, 0) as double) as conversion_share,
        cast(bounce_count / nullif(session_count, 0) as double) as bounce_share,
        cast(duration_sum_s / nullif(session_count, 0) as double) as duration_mean_s,
        cast(page_view_count / nullif(session_count, 0) as double) as pages_per_session,
        cast(revenue_net / nullif(order_count, 0) as double) as order_value_mean,
        event_date
    from counted
    {{ history_union() }}
)

select * from final
order by event_date, roll_up, {{ dimensions | join(', ') }}
