with

services as (

    select * from {{ source('config', 'services') }}

),

locations as (

    select
        service,
        count(*) as location_count
    from {{ source('config', 'service_locations') }}
    group by service

),

final as (

    select
        services.service,
        services.owner,
        services.probe_interval_s,
        coalesce(locations.location_count, 0) as location_count,
        services.is_critical
    from services
    left join locations on services.service = locations.service

)

select * from final
order by service
