with
run as (
    select
        as_of_date,
        (as_of_date + 1)::timestamp as as_of_instant
    from {{ source('pipeline', 'run') }}
),

services as (select * from {{ source('config', 'services') }}),

availability as (
    select
        availability_days.*,
        run.as_of_date
    from {{ ref('fct_availability_daily') }} as availability_days
    inner join run on availability_days.event_date between run.as_of_date - 89 and run.as_of_date
    where availability_days.is_contractual
),

last_checks as (
    select
        checks.service,
        max(checks.last_checked_at) as last_checked_at,
        arg_max(checks.last_status, checks.last_checked_at) as last_status
    from {{ ref('fct_checks_daily') }} as checks
    inner join run on checks.event_date between run.as_of_date - 7 and run.as_of_date
    group by checks.service
),

open_outages as (
    select
        service,
        count(*) as open_outage_count,
        min(started_at) as open_since_at
    from {{ ref('fct_outages') }}
    where is_open and not is_in_maintenance
    group by service
),

objectives as (
    select
        slo_days.service,
        arg_min(slo_days.slo, slo_days.budget_remaining_share) as worst_slo,
        min(slo_days.budget_remaining_share) as budget_remaining_share,
        bool_or(slo_days.state = 'breached') as has_breached_slo,
        bool_or(slo_days.state = 'warning') as has_warning_slo
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
        case
            when open_outages.open_outage_count > 0 then 'critical'
            when objectives.has_breached_slo or objectives.has_warning_slo or last_checks.last_status = 'degraded'
                then 'degraded'
            when
                last_checks.last_checked_at is null
                or last_checks.last_checked_at < run.as_of_instant - to_seconds(2 * services.probe_interval_s)
                then 'unknown'
            else 'healthy'
        end as status,
        case
            when open_outages.open_outage_count > 0
                then 'confirmed outage open since ' || strftime(open_outages.open_since_at, '%Y-%m-%d %H:%M UTC')
            when objectives.has_breached_slo then 'error budget of ' || objectives.worst_slo || ' is spent'
            when objectives.has_warning_slo then 'error budget of ' || objectives.worst_slo || ' is running low'
            when last_checks.last_status = 'degraded' then 'the newest check says degraded'
            when last_checks.last_checked_at is null then 'no check in 7 days'
            when
                status = 'unknown'
                then 'no check since ' || strftime(last_checks.last_checked_at, '%Y-%m-%d %H:%M UTC')
            else 'checks answer and budgets hold'
        end as reason,
        objectives.worst_slo,
        objectives.budget_remaining_share,
        windows.* exclude (service),  -- noqa: RF02
        services.is_critical,
        last_checks.last_checked_at,
        run.as_of_date as event_date
    from services
    cross join run
    left join open_outages on services.service = open_outages.service
    left join objectives on services.service = objectives.service
    left join last_checks on services.service = last_checks.service
    left join windows on services.service = windows.service
)

select * from final
