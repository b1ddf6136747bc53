select
    cast(null as varchar) as page_group,
    cast(null as varchar) as device,
    cast(null as varchar) as country,
    cast(null as varchar) as metric,
    cast(null as varchar) as rating,
    cast(null as bigint) as page_view_count,
    cast(null as decimal(38, 6)) as weight_sum,
    cast(null as decimal(38, 12)) as weight_square_sum,
    cast(null as double) as p75_value,
    cast(null as double) as p75_lower,
    cast(null as double) as p75_upper,
    cast(null as double) as good_share,
    cast(null as double) as needs_improvement_share,
    cast(null as double) as poor_share,
    cast(null as boolean) as passes_core_web_vitals,
    cast(null as date) as event_date
where false
