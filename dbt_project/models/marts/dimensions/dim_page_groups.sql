with

page_groups as (

    select * from {{ source('config', 'page_groups') }}

)

select * from page_groups
