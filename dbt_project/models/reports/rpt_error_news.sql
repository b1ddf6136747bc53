{# The messages of alerts read it: it is built before them, not with the other reports. #}
{{ config(tags=['after_checks']) }}
{# Fewer page views, sessions or users than this are no news, whatever the state of a group. #}
{% set fewest_met = 10 %}
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

groups as (
    select
        error_groups.*,
        greatest(page_view_count_28d, session_count_28d, user_count_28d) as met_count,
        run.as_of_date
    from {{ ref('fct_error_groups') }} as error_groups
    cross join run
    where not is_ignored
),

-- One kind for each group: gone before new, or a group that came and went within a week would be called new.
final as (
    select
        * exclude (as_of_date),
        case
            when resolved_date > as_of_date - 7 then 'gone'
            when first_seen_date > as_of_date - 7 then 'new'
            when escalated_date > as_of_date - 7 then 'worse'
            when regressed_date > as_of_date - 7 then 'back'
        end as kind,
        as_of_date as event_date
    from groups
)

select * from final
where kind is not null and greatest(met_count, if(kind = 'gone', error_count, 0)) >= {{ fewest_met }}
