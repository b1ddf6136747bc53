with

beacons as not materialized (

    select
        *,
        -- Safari of an iPad says that it is one of a Mac. No Mac has a touch screen.
        case
            when ua like '%Macintosh%' and device is null
                then try(try_cast(coalesce(_extra ->> '$.max_touch_points', _extra ->> '$.maxTouchPoints') as integer))
        end as touch_points
    from {{ source('raw_web_vitals', 'beacons') }}

),

zones as (

    select * from {{ ref('time_zone_countries') }}

),

{{ read_beacons(is_late='beacons._export_date > beacons.event_date') }}

select * from renamed
