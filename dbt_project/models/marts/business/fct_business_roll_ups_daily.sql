-- Each dimension by itself, since pages and effects read them, and then what the configuration crosses.
{%- set roll_ups = [
    [], ['page_group'], ['device'], ['country'], ['country', 'region'], ['browser'], ['browser', 'browser_version'], ['connection'],
    ['navigation_type'], ['release'], ['channel'], ['visitor_kind'],
] -%}
{%- set roll_ups = roll_ups + configured_roll_ups() | reject('in', roll_ups) | list %}

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
        navigation_type,
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
        'unknown' as page_group,
        'unknown' as device,
        'unknown' as country,
        'unknown' as region,
        'unknown' as browser,
        'unknown' as browser_version,
        'unknown' as connection,
        'unknown' as navigation_type,
        'unknown' as release,
        'unknown' as channel,
        'unknown' as visitor_kind,
        if(is_converting, 1, 0) as order_count,
        revenue_net as revenue,
        event_date
    from {{ ref('int_orders_attributed') }}
    where session_id is null and {{ rebuilt('event_date') }}
),

united as (
    select * from sessions
    union all by name
    select * from orders
),

counted as (
    select
        page_group,
        device,
        country,
        region,
        browser,
        browser_version,
        connection,
        navigation_type,
        release,
        channel,
        visitor_kind,
        count(weight) as sample_count,
        coalesce(sum(weight), 0) as session_count,
        coalesce(sum(weight * weight), 0) as session_square_sum,
        coalesce(sum(weight) filter (where is_bounce), 0) as bounce_count,
        coalesce(sum(weight) filter (where is_converted), 0) as converted_session_count,
        coalesce(sum(weight * page_view_count), 0) as page_view_count,
        coalesce(sum(cast(weight * duration_s as decimal(38, 6))), 0) as duration_sum_s,
        sum(order_count) as order_count,
        sum(revenue) as revenue_net,
        event_date
    from united
    group by grouping sets (
        {%- for dimensions in roll_ups %}
            ({{ (dimensions + ['event_date']) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
),

final as (
    select
        -- What is not rolled up names the row.
        coalesce(nullif(concat_ws(
            ', ',
            if(page_group is null, null, 'page_group'),
            if(device is null, null, 'device'),
            if(country is null, null, 'country'),
            if(region is null, null, 'region'),
            if(browser is null, null, 'browser'),
            if(browser_version is null, null, 'browser_version'),
            if(connection is null, null, 'connection'),
            if(navigation_type is null, null, 'navigation_type'),
            if(release is null, null, 'release'),
            if(channel is null, null, 'channel'),
            if(visitor_kind is null, null, 'visitor_kind')
        ), ''), 'site') as roll_up,
        coalesce(page_group, 'all') as page_group,
        coalesce(device, 'all') as device,
        coalesce(country, 'all') as country,
        coalesce(region, 'all') as region,
        coalesce(browser, 'all') as browser,
        coalesce(browser_version, 'all') as browser_version,
        coalesce(connection, 'all') as connection,
        coalesce(navigation_type, 'all') as navigation_type,
        coalesce(release, 'all') as release,
        coalesce(channel, 'all') as channel,
        coalesce(visitor_kind, 'all') as visitor_kind,
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

-- History from before sessions had one was not divided by it.
select * replace (coalesce(navigation_type, 'all') as navigation_type) from final
order by
    event_date, roll_up, page_group, device, country, region, browser, browser_version, connection, navigation_type,
    release, channel, visitor_kind
