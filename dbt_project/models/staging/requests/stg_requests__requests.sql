with

requests as (

    select * from {{ source('raw_requests', 'requests') }}

)

select * from requests
