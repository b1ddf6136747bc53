with

errors as (

    select * from {{ source('raw_web_errors', 'errors') }}

)

select * from errors
