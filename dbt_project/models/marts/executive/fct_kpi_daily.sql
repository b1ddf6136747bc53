select
    cast(null as varchar) as kpi,
    cast(null as double) as value,
    cast(null as double) as value_lower,
    cast(null as double) as value_upper,
    cast(null as bigint) as sample_count,
    cast(null as varchar) as unit,
    cast(null as date) as event_date
where false
