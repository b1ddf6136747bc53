with

experience as (

    select * from {{ ref('int_experience_kpis_derived') }}

),

business as (

    select * from {{ ref('int_business_kpis_derived') }}

),

reliability as (

    select * from {{ ref('int_reliability_kpis_derived') }}

),

final as (

    select * from experience
    union all by name
    select * from business
    union all by name
    select * from reliability

)

select * from final
order by event_date, kpi
