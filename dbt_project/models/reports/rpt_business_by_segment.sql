with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

business as (
    select
        business_days.*,
        if(business_days.event_date > run.as_of_date - 28, 'current', 'previous') as period,
    from {{ ref('fct_business_daily') }} as business_days
    inner join run on business_days.event_date between run.as_of_date - 55 and run.as_of_date
),

segments as (
    select
        period,
        case
            when grouping(device) = 0 then 'device' when grouping(country) = 0 then 'country' else 'all'
        end as segment_kind,
        case segment_kind when 'device' then device when 'country' then country else 'all' end as segment,
        sum(session_count)::double as sessions,
        sum(converted_session_count)::double as conversions,
        sum(bounce_count)::double as bounces,
        sum(order_count)::bigint as orders,
        sum(revenue_net) as revenue,
        conversions / nullif(sessions, 0) as conversion,
        -- Wilson, 95 %: 1.96² = 3.8416
        (conversion + 1.9208 / sessions) / (1 + 3.8416 / sessions) as centre,
        1.96 * sqrt(conversion * (1 - conversion) / sessions + 0.9604 / power(sessions, 2))
        / (1 + 3.8416 / sessions) as half_width,
    from business
    group by grouping sets ((period), (period, device), (period, country))
    having sum(session_count) > 0
),

final as (
    select
        now.segment_kind,
        now.segment,
        now.sessions::bigint as session_count,
        now.conversions::bigint as converted_session_count,
        now.orders as order_count,
        now.revenue as revenue_net,
        now.conversion as conversion_share,
        now.centre - now.half_width as conversion_lower,
        now.centre + now.half_width as conversion_upper,
        earlier.conversion as previous_conversion_share,
        now.bounces / now.sessions as bounce_share,
        now.revenue::double / now.sessions as revenue_per_session,
        abs(now.centre - earlier.centre)
        > sqrt(power(now.half_width, 2) + power(earlier.half_width, 2)) as is_change_proven,
        run.as_of_date as event_date,
    from segments as now
    cross join run
    left join segments as earlier
        on now.segment_kind = earlier.segment_kind and now.segment = earlier.segment and earlier.period = 'previous'
    where now.period = 'current'
)

select * from final
