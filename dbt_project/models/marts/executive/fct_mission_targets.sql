select
    cast(null as varchar) as target,
    cast(null as double) as value,
    cast(null as double) as value_lower,
    cast(null as double) as value_upper,
    cast(null as double) as goal,
    cast(null as varchar) as comparison,
    cast(null as varchar) as unit,
    cast(null as bigint) as sample_count,
    cast(null as varchar) as verdict,
    cast(null as varchar) as reason,
    cast(null as date) as event_date
where false
