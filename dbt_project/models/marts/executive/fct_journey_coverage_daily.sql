select
    cast(null as varchar) as journey,
    cast(null as varchar) as step,
    cast(null as varchar) as page_group,
    cast(null as varchar) as service,
    cast(null as varchar) as objective,
    cast(null as varchar) as missing,
    cast(null as bigint) as page_view_count,
    cast(null as bigint) as check_count,
    cast(null as boolean) as has_page_views,
    cast(null as boolean) as has_probe,
    cast(null as boolean) as has_objective,
    cast(null as boolean) as is_covered,
    cast(null as boolean) as is_critical,
    cast(null as date) as event_date
where false
