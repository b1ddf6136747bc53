with

requests as (

    select * replace ({{ own_name('service') }} as service)
    from {{ source('raw_requests', 'requests') }}

),

newest as (

    select *
    from requests
    qualify row_number() over (
        partition by service, minute, event_date
        order by _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
