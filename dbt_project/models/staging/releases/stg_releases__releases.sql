with

releases as (

    -- A release of the service `all` is one of all services, as is one that names none.
    select * replace ({{ own_name('release') }} as release)
    from {{ source('raw_releases', 'releases') }}

),

newest as (

    select
        release,
        coalesce(nullif(service, ''), 'all') as service,
        commit,
        is_rollback,
        event_date,
        deployed_at
    from releases
    qualify row_number() over (
        partition by release, coalesce(nullif(service, ''), 'all')
        order by _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
