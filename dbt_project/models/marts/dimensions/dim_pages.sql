select
    cast(null as varchar) as page_path,
    cast(null as varchar) as page_group,
    cast(null as bigint) as page_view_count
where false
