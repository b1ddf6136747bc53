with

checks as (

    select * from {{ source('raw_probes', 'checks') }}

)

select * from checks
