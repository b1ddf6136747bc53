{{ config(materialized='table') }}

with
incidents as (select * from {{ ref('int_incidents_measured') }})

select * exclude (last_down_at) from incidents
