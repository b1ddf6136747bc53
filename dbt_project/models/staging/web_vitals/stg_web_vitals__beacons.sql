with

beacons as (

    select * from {{ source('raw_web_vitals', 'beacons') }}

)

select * from beacons
