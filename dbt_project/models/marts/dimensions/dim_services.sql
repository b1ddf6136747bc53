with

services as (

    select * from {{ source('config', 'services') }}

),

locations as (

    select * from {{ source('config', 'service_locations') }}

),

final as (

    select
        services.service,
        services.owner,
        services.probe_interval_s,
        (select count(*) from locations where locations.service = services.service) as location_count,
        services.is_critical
    from services

)

select * from final
order by service
