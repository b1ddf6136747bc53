with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

services as (select * from {{ source('config', 'services') }}),

availability as (
    select
        availability_days.*,
        run.as_of_date
    from {{ ref('fct_availability_daily') }} as availability_days
    inner join run on availability_days.event_date between run.as_of_date - 89 and run.as_of_date
    where availability_days.is_contractual
),

health as (
    select * from {{ ref('fct_health_changes') }}
    where subject_kind = 'service' and ended_at is null
),

last_checks as (
    select
        checks.service,
        max(checks.last_checked_at) as last_checked_at
    from {{ ref('fct_checks_daily') }} as checks
    inner join run on checks.event_date between run.as_of_date - 7 and run.as_of_date
    group by checks.service
),

objectives as (
    select
        slo_days.service,
        arg_min(slo_days.objective, slo_days.budget_remaining_share) as worst_objective,
        min(slo_days.budget_remaining_share) as budget_remaining_share
    from {{ ref('fct_slo_daily') }} as slo_days
    inner join run on slo_days.event_date = run.as_of_date
    group by slo_days.service
),

windows as (
    select
        {%- for days in (1, 7, 28, 90) %}
            {%- set within = 'filter (event_date > as_of_date - ' ~ days ~ ')' %}
            sum(good_amount) {{ within }} / nullif(sum(total_amount) {{ within }}, 0) as availability_share_{{ days }}d,
            avg(coverage_share) {{ within }} as coverage_share_{{ days }}d,
            sum(down_s) {{ within }} as down_s_{{ days }}d,
            cast(sum(outage_count) {{ within }} as bigint) as outage_count_{{ days }}d,
        {%- endfor %}
        service
    from availability
    group by service
),

final as (
    select
        services.service,
        services.owner,
        health.health as status,
        health.reason,
        objectives.worst_objective,
        objectives.budget_remaining_share,
        windows.* exclude (service),  -- noqa: RF02
        services.is_critical,
        health.since_at,
        last_checks.last_checked_at,
        run.as_of_date as event_date
    from services
    cross join run
    inner join health on services.service = health.subject
    left join objectives on services.service = objectives.service
    left join last_checks on services.service = last_checks.service
    left join windows on services.service = windows.service
)

select * from final
