with
run as (
    select
        as_of_date,
        -- A window that history fills only in part is nothing to compare with.
        first_date <= as_of_date - 55 as has_window_before
    from {{ source('pipeline', 'run') }}
),

business as (
    select
        business_days.*,
        if(business_days.event_date > run.as_of_date - 28, 'current', 'previous') as period,
        if(roll_up = 'site', 'all', roll_up) as segment_kind,
        case roll_up
            when 'page_group' then page_group
            when 'device' then device
            when 'country' then country
            when 'browser' then browser
            when 'connection' then connection
            when 'navigation_type' then navigation_type
            when 'channel' then channel
            when 'visitor_kind' then visitor_kind
            else 'all'
        end as segment
    from {{ ref('fct_business_roll_ups_daily') }} as business_days
    inner join run on business_days.event_date between run.as_of_date - 55 and run.as_of_date
    where
        roll_up in (
            'site', 'page_group', 'device', 'country', 'browser', 'connection', 'navigation_type', 'channel',
            'visitor_kind'
        )
),

-- Sessions have no orders only where orders are delivered; else nothing is known of them.
sold as (
    select
        * replace (
            if({{ is_delivered('orders') }}, converted_session_count, null) as converted_session_count,
            if({{ is_delivered('orders') }}, order_count, null) as order_count,
            if({{ is_delivered('orders') }}, revenue_net, null) as revenue_net
        )
    from business
),

segments as (
    select
        period,
        segment_kind,
        segment,
        cast(sum(sample_count) as bigint) as sample_count,
        cast(sum(session_count) as double) as sessions,
        power(sessions, 2) / nullif(cast(sum(session_square_sum) as double), 0) as n,
        cast(sum(converted_session_count) as double) as conversions,
        cast(sum(bounce_count) as double) as bounces,
        cast(sum(order_count) as bigint) as orders,
        sum(revenue_net) as revenue,
        cast(sum(duration_sum_s) as double) / nullif(sessions, 0) as duration_mean_s,
        cast(sum(page_view_count) as double) / nullif(sessions, 0) as pages_per_session,
        conversions / nullif(sessions, 0) as conversion,
        {{ wilson('lower', 'conversion * n', 'n') }} as conversion_lower,
        {{ wilson('upper', 'conversion * n', 'n') }} as conversion_upper,
        power((conversion_upper - conversion_lower) / 2, 2) as squared_half_width
    from sold
    group by period, segment_kind, segment
    having sum(session_count) > 0
),

final as (
    select
        now.segment_kind,
        now.segment,
        now.sample_count,
        now.sessions as session_count,
        now.conversions as converted_session_count,
        now.orders as order_count,
        now.revenue as revenue_net,
        now.conversion as conversion_share,
        now.conversion_lower,
        now.conversion_upper,
        earlier.conversion as previous_conversion_share,
        now.bounces / now.sessions as bounce_share,
        cast(now.revenue as double) / now.sessions as revenue_per_session,
        cast(now.revenue as double) / nullif(now.orders, 0) as order_value_mean,
        now.duration_mean_s,
        now.pages_per_session,
        abs(now.conversion - earlier.conversion)
        > sqrt(now.squared_half_width + earlier.squared_half_width) as is_change_proven,
        run.as_of_date as event_date
    from segments as now
    cross join run
    left join segments as earlier
        on
            now.segment_kind = earlier.segment_kind
            and now.segment = earlier.segment
            and earlier.period = 'previous'
            and run.has_window_before
    where now.period = 'current'
)

select * from final
