select
    cast(null as varchar) as release,
    cast(null as varchar) as service,
    cast(null as varchar) as commit,
    cast(null as boolean) as is_rollback,
    cast(null as timestamp) as deployed_at
where false
