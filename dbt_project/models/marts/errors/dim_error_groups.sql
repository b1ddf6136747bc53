{{ config(materialized='table') }}

with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

days as (
    select * from {{ ref('int_error_days_traced') }}
    where event_date <= (select as_of_date from run)
),

errors as (select * from {{ ref('fct_errors_daily') }}),

groups as (
    select
        error_group_id,
        arg_max(state, event_date) as last_state,
        arg_max(event_date, (error_count, event_date)) as busiest_date,
        sum(error_count)::bigint as error_count,
        count(*) as day_count,
        min(event_date) as first_seen_date,
        max(event_date) as last_seen_date
    from days
    group by error_group_id
),

firsts as (
    select
        groups.error_group_id,
        nullif(min(errors.release), 'unknown') as first_release
    from groups
    inner join errors on groups.error_group_id = errors.error_group_id and groups.first_seen_date = errors.event_date
    group by groups.error_group_id
),

lasts as (
    select
        groups.error_group_id,
        max(errors.fingerprint_version) as fingerprint_version,
        nullif(max(errors.release), 'unknown') as last_release
    from groups
    inner join errors on groups.error_group_id = errors.error_group_id and groups.last_seen_date = errors.event_date
    group by groups.error_group_id
),

-- All rows of a group on one day carry the same label.
labels as (
    select
        groups.error_group_id,
        any_value(errors.category) as category,
        any_value(errors.type) as type,
        any_value(errors.message) as message
    from groups
    inner join errors on groups.error_group_id = errors.error_group_id and groups.busiest_date = errors.event_date
    group by groups.error_group_id
),

final as (
    select
        groups.error_group_id,
        labels.category,
        labels.type,
        labels.message,
        if(groups.last_seen_date < run.as_of_date - 14, 'resolved', groups.last_state) as state,
        firsts.first_release,
        lasts.last_release,
        lasts.fingerprint_version,
        groups.error_count,
        groups.day_count,
        groups.first_seen_date,
        groups.last_seen_date
    from groups
    inner join firsts using (error_group_id)
    inner join lasts using (error_group_id)
    inner join labels using (error_group_id)
    cross join run
)

select * from final
order by error_group_id
