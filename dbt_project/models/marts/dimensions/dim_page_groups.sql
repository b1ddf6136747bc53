select
    cast(null as varchar) as page_group,
    cast(null as varchar) as pattern,
    cast(null as integer) as position
where false
