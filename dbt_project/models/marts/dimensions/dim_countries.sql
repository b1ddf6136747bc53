with

countries as (

    select * from {{ ref('countries') }}

)

select
    country,
    name
from countries
order by country
