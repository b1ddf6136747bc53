{{ config(materialized='ephemeral') }}

-- One row per incident for each cell that it counts in: its service and severity, and 'all' for either or both; once in
-- its month and once in the lifetime of the service, which is the month before all months.
with
services as (select * from {{ ref('int_incidents_measured') }}),

-- For the site an incident of three services is one incident, over when the last of them is.
site as (
    select
        incident_id,
        'all' as service,
        any_value(severity) as severity,
        any_value(exclusion_reason) as exclusion_reason,
        bool_and(is_excluded) as is_excluded,
        bool_or(is_open) as is_open,
        any_value(started_at) as started_at,
        max(mttd_s) as mttd_s,
        max(mtta_s) as mtta_s,
        if(count(restore_s) = count(*), max(restore_s), null) as restore_s,
        max(resolve_s) as resolve_s,
        max(last_down_at) as last_down_at
    from services
    group by incident_id
),

incidents as (
    select
        incident_id,
        service,
        severity,
        exclusion_reason,
        is_excluded,
        is_open,
        started_at,
        mttd_s,
        mtta_s,
        restore_s,
        resolve_s,
        last_down_at
    from services
    union all
    select * from site
),

expanded as (
    select
        * exclude (severity),
        unnest([severity, 'all']) as severity,
        (epoch_us(last_down_at) - epoch_us(started_at)) / 1e6 as lasted_s,
        date_trunc('month', started_at)::date as started_month
    from incidents
),

months as (
    select
        * exclude (started_month),
        unnest([started_month, {{ lifetime() }}]) as month
    from expanded
)

select * from months
