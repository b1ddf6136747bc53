select
    cast(null as varchar) as device,
    cast(null as varchar) as country,
    cast(null as bigint) as sample_count,
    cast(null as decimal(38, 6)) as session_count,
    cast(null as decimal(38, 12)) as session_square_sum,
    cast(null as decimal(38, 6)) as bounce_count,
    cast(null as decimal(38, 6)) as converted_session_count,
    cast(null as decimal(38, 6)) as page_view_count,
    cast(null as decimal(38, 6)) as duration_sum_s,
    cast(null as bigint) as order_count,
    cast(null as decimal(38, 4)) as revenue_net,
    cast(null as double) as conversion_share,
    cast(null as double) as bounce_share,
    cast(null as double) as duration_mean_s,
    cast(null as double) as pages_per_session,
    cast(null as date) as event_date
where false
