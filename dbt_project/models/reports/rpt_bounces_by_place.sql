with

run as (

    select as_of_date from {{ source('pipeline', 'run') }}

),

sessions as (

    select * from {{ ref('fct_sessions') }}
    where event_date > (select as_of_date - 28 from run) and event_date <= (select as_of_date from run)

),

-- A session is where its page views are.
regions as (

    select
        session_id,
        arg_min(region, started_at) as region
    from {{ ref('fct_page_views') }}
    where event_date > (select as_of_date - 28 from run) and region is not null and session_id is not null
    group by session_id

),

placed as (

    select
        sessions.country,
        coalesce(regions.region, 'unknown') as region,
        sessions.weight,
        sessions.is_bounce
    from sessions
    left join regions using (session_id)

),

final as (

    select
        country,
        coalesce(region, 'all') as region,
        count(*) as session_count,
        cast(sum(weight) filter (where is_bounce) / sum(weight) as double) as bounce_share
    from placed
    group by grouping sets ((country), (country, region))

)

select * from final
