with

beacons as not materialized (

    select * from {{ source('raw_web_vitals', 'beacons') }}

),

zones as (

    select * from {{ ref('time_zone_countries') }}

),

{{ read_beacons(is_late='beacons._export_date > beacons.event_date') }}

select * from renamed
