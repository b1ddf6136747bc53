with

run as (

    select as_of_date from {{ source('pipeline', 'run') }}

),

final as (

    select
        places.country,
        places.region,
        cast(sum(places.sample_count) as bigint) as session_count,
        cast(sum(places.bounce_count) / sum(places.session_count) as double) as bounce_share
    from {{ ref('fct_business_roll_ups_daily') }} as places
    inner join run on places.event_date between run.as_of_date - 27 and run.as_of_date
    where places.roll_up in ('country', 'country, region')
    group by places.country, places.region
    having sum(places.sample_count) > 0

)

select * from final
