{{ config(materialized='ephemeral') }}

with

boomerang as (

    select * from {{ ref('stg_boomerang__beacons') }}

),

faro as (

    select * from {{ ref('stg_faro__signals') }}
    where name is not null

),

ga4 as (

    select * from {{ ref('stg_ga4__events') }}
    where name is not null

),

opentelemetry as (

    select * from {{ ref('stg_opentelemetry__log_records') }}
    where name is not null

),

access_log as (

    select * from {{ ref('stg_access_log__requests') }}
    where name is not null

),

beacons as (

    select
        *,
        cast(null as integer) as touch_points
    from access_log
    union all by name
    select * from boomerang
    union all by name
    select * exclude (kind, type, message, stack, _source_line) from faro
    union all by name
    select * from ga4
    union all by name
    select * exclude (event_name, exception_type, exception_message, exception_stack, _source_line) from opentelemetry

),

zones as (

    select * from {{ ref('time_zone_countries') }}

),

{{ read_beacons(place='_place') }}

select * from renamed
