{{ config(tags=['fast']) }}

with
windows as (select * from {{ ref('int_maintenance_windows_merged') }})

select
    service,
    starts_at,
    ends_at
from windows
where exclusion_reason = 'maintenance'
order by starts_at, service
