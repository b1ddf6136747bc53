with

sessions as (

    select * from {{ source('raw_sessions', 'sessions') }}

)

select * from sessions
