with

releases as (

    select * from {{ source('raw_releases', 'releases') }}

),

newest as (

    select *
    from releases
    qualify row_number() over (
        partition by release, service
        order by _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
