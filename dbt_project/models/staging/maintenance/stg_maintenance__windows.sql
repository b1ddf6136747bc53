with

windows as (

    select * from {{ source('raw_maintenance', 'windows') }}

)

select * from windows
