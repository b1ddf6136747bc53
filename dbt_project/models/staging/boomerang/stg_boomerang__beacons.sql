{{ config(materialized='ephemeral') }}

with

reports as (

    {{ boomerang_reports(source('raw_boomerang', 'beacons')) }}

)

select * from reports
