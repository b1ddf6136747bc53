with

windows as (

    select * replace ({{ own_name('service') }} as service)
    from {{ source('raw_maintenance', 'windows') }}

),

newest as (

    select *
    from windows
    qualify row_number() over (
        partition by service, starts_at
        order by _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
