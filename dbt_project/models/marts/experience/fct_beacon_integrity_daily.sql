select
    cast(null as varchar) as metric,
    cast(null as bigint) as report_count,
    cast(null as bigint) as used_count,
    cast(null as bigint) as duplicate_count,
    cast(null as bigint) as invalid_negative_count,
    cast(null as bigint) as invalid_too_large_count,
    cast(null as bigint) as invalid_missing_count,
    cast(null as bigint) as bot_count,
    cast(null as bigint) as orphan_count,
    cast(null as bigint) as broken_chain_count,
    cast(null as bigint) as clock_skew_count,
    cast(null as date) as event_date
where false
