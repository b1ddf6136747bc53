select
    cast(null as varchar) as service,
    cast(null as varchar) as owner,
    cast(null as integer) as probe_interval_s,
    cast(null as bigint) as location_count,
    cast(null as boolean) as is_critical
where false
