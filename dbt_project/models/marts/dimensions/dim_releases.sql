with

releases as (

    select * from {{ ref('stg_releases__releases') }}

),

final as (

    select
        release,
        service,
        commit,
        is_rollback,
        deployed_at
    from releases
    where event_date <= {{ as_of() }}

)

select * from final
order by deployed_at, release, service
